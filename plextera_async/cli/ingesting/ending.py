"""Why an ingestion ended."""

import attrs

from plextera_async.errors import PlexteraError
from plextera_async.ingest import Counts

__all__ = ["Ending"]


@attrs.define
class Ending:
    """Why an ingestion ended; with nothing set, because everything was done."""

    stopped_by: PlexteraError | None = None
    """What every other document would have met as well."""
    output_failure: OSError | None = None
    """Why a line could not be written."""
    counts: Counts | None = None
    """What the ledger holds in the end; None without one."""
