"""The door to the generated models: every model, enum and union of the API, and `UNSET`."""

from plextera_async._generated.models import *  # noqa: F403 - the generated module's `__all__` says what is public
from plextera_async._generated.models import __all__ as __all__  # noqa: PLC0414 - so that type checkers re-export it
