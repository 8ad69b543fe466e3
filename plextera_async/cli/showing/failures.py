"""Errors as people read them on a terminal: one line that says what to do, and the exit code."""

import re
from collections.abc import Callable
from typing import Any, TypeGuard

from plextera_async import errors
from plextera_async.cli.showing.text import clean

__all__ = [
    "INTERRUPTED",
    "as_met",
    "code_of",
    "exit_code",
    "explain",
    "message_of",
    "pick_up",
    "stops_everything",
]

INTERRUPTED = 130
"""Exit code after Ctrl-C, as of a shell: 128 and the number of SIGINT."""

_CONFIGURATION = (errors.ConfigurationError, errors.AuthenticationError)
_SAME_FOR_ALL = (
    errors.AuthenticationError,
    errors.PermissionDeniedError,
    errors.ConnectError,
    errors.RedirectError,
)
_SECRET = re.compile(r"(?i)\bapi-key[\s:=]+\S+")
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")

_KEY_HINT = "check PLEXTERA_API_KEY or --api-key-file"
_ADDRESS_HINT = "check the network, and --base-url or PLEXTERA_BASE_URL"
_NAMING_NOTHING = ("uploadExtraction", "list", "createEventSubscription")
_KINDS = {"WorkflowRun": "run", "ExtractJob": "job"}
_HINTS: tuple[tuple[type[errors.PlexteraError], Callable[[Any], str | None]], ...] = (
    (errors.AuthenticationError, lambda _: f"the API key was refused: {_KEY_HINT}"),
    (errors.PermissionDeniedError, lambda _: "the API key is valid but not allowed to do this"),
    (errors.ConnectError, lambda _: f"the service cannot be reached: {_ADDRESS_HINT}"),
    (errors.RedirectError, lambda _: f"the service answered from elsewhere: {_ADDRESS_HINT}"),
    (errors.NotFoundError, lambda error: _not_there(error.operation)),
    (errors.AmbiguousCreateError, lambda error: _look_first(error.key)),
    (errors.WaitTimeoutError, lambda error: _goes_on(error.id, error.latest)),
)


def as_met(failure: errors.PlexteraError) -> errors.PlexteraError | OSError:
    """Give the failure of a disk where it is behind another."""
    cause = failure.__cause__
    return cause if isinstance(failure, errors.InvalidInputError) and isinstance(cause, OSError) else failure


def explain(failure: errors.PlexteraError | OSError) -> str:
    """Give one line: what to do, what happened, and what the server said."""
    if not isinstance(failure, errors.PlexteraError):
        return clean(message_of(failure))
    hint = next((hint(failure) for kind, hint in _HINTS if isinstance(failure, kind)), None)
    return clean("; ".join(part for part in (hint, str(failure), _said(failure)) if part))


def exit_code(failure: errors.PlexteraError | OSError) -> int:
    """Give 2 for what the user must set right first, else 1."""
    return 2 if isinstance(failure, _CONFIGURATION) else 1


def stops_everything(
    failure: errors.PlexteraError | OSError, *, names_something: bool
) -> TypeGuard[errors.PlexteraError]:
    """Say whether every other document would meet the same failure: a wrong key, host or address.

    Args:
        failure: What one document met.
        names_something: Whether it named what can be missing, its extraction or a file: then a 404 is its own.
    """
    if isinstance(failure, errors.NotFoundError):
        return not names_something
    return isinstance(failure, _SAME_FOR_ALL)


def pick_up(id: str, *, kind: str | None = None) -> str:
    """Say how a job is waited for that goes on; of extractions, the kind is None."""
    option = "" if kind is None else f" --kind {kind}"
    return f"pick it up with `plextera wait{option} {clean(id)}`"


def code_of(failure: errors.PlexteraError | OSError) -> str:
    """Give a stable code: the server's own, or else one made from the name of the error."""
    if not isinstance(failure, errors.PlexteraError):
        return "INVALID_INPUT"  # the source could not be read to its end
    own = failure.error if isinstance(failure, errors.JobFailedError) else failure
    given = getattr(own, "code", None)
    return str(given) if given else _WORD.sub("_", type(failure).__name__.removesuffix("Error")).upper()


def message_of(failure: errors.PlexteraError | OSError) -> str:
    """Give the server's words where there are any, else ours."""
    if isinstance(failure, errors.PlexteraError):
        return _said(failure) or str(failure)
    return f"the file cannot be read: {failure.strerror or type(failure).__name__}"


def _said(failure: errors.PlexteraError) -> str | None:
    if isinstance(failure, errors.AuthenticationError):
        return None  # it may quote the key
    own = failure.error if isinstance(failure, errors.JobFailedError) else failure
    said = getattr(own, "message", None)
    return _SECRET.sub("api-key ****", str(said)) if said else None


def _not_there(operation: str | None) -> str | None:
    """Tell a wrong address: uploads and lists name nothing that could be missing."""
    names_nothing = operation is not None and operation.startswith(_NAMING_NOTHING)
    return f"there is no such service: {_ADDRESS_HINT}" if names_nothing else None


def _goes_on(id: str, latest: object) -> str:
    if latest is None:
        return f"nothing was seen of it: {_ADDRESS_HINT}"
    return f"it goes on: {pick_up(id, kind=_KINDS.get(type(latest).__name__))}"


def _look_first(key: str | None) -> str:
    what = f"the tag plexteraClientKey={key}" if key else "it"
    return f"it may have been submitted: look for {what} before sending it again"
