"""What became of one document, as one JSON line and as one row of a table."""

import json
import re
from typing import Any

import attrs

from plextera_async import errors
from plextera_async._sansio.codec import plain
from plextera_async.cli.showing.failures import as_met, code_of, message_of
from plextera_async.cli.showing.text import clean
from plextera_async.client.documents import Outcome
from plextera_async.client.handles import ExtractionHandle
from plextera_async.models import Extraction

__all__ = ["COMPLETED", "TABLE_HEAD", "TIMEOUT", "Line", "failed", "interrupted", "of", "to_json"]

COMPLETED = "COMPLETED"
TIMEOUT = "TIMEOUT"
TABLE_HEAD = f"{'STATUS':<11}  {'FIELDS':>6}  {'ID':<24}  SOURCE"

_INTERRUPTED = "INTERRUPTED"
_LONGEST_MESSAGE = 1000
# JSON lets these stand as they are, but a terminal may obey them and other tools take some for line ends.
_NOT_FOR_TERMINALS = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@attrs.frozen(kw_only=True)
class Line:
    """What became of one document.

    `status` is the extraction's own (COMPLETED, FAILED, REJECTED, or one that this release does not know) or, when it
    has not come to an end: ERROR (it was refused, or never left), AMBIGUOUS (it may have been submitted), TIMEOUT and
    INTERRUPTED (it was submitted and goes on).
    """

    source: str
    status: str
    id: str | None = None
    file_id: str | None = None
    request_id: str | None = None
    key: str | None = None
    """Value of the tag to look for, when it is not known whether there is an extraction."""
    fields: list[dict[str, Any]] | None = attrs.field(default=None, repr=False)
    error: dict[str, str | None] | None = attrs.field(default=None, repr=False)

    @property
    def is_completed(self) -> bool:
        """Whether there is a result."""
        return self.status == COMPLETED

    @property
    def is_interrupted(self) -> bool:
        """Whether it was given up on the way."""
        return self.error is not None and self.error["code"] == _INTERRUPTED

    def to_json(self) -> str:
        """Give the JSON line, without its end."""
        line = {
            "source": self.source,
            "status": self.status,
            "id": self.id,
            "fileId": self.file_id,
            "requestId": self.request_id,
        }
        optional = {"key": self.key, "fields": self.fields, "error": self.error}
        return to_json({**line, **{name: value for name, value in optional.items() if value is not None}})

    def to_row(self) -> str:
        """Give the row below `TABLE_HEAD`."""
        count = "-" if self.fields is None else str(len(self.fields))
        return f"{clean(self.status):<11}  {count:>6}  {clean(self.id or '-'):<24}  {clean(self.source)}"

    def trouble(self) -> str:
        """Say in one line what went wrong, and each id once."""
        error = self.error or {}
        message = str(error.get("message"))
        ids = {"extraction": self.id, "key": self.key, "request": error.get("requestId")}
        known = ", ".join(f"{name} {value}" for name, value in ids.items() if value and value not in message)
        tail = f" ({known})" if known else ""
        return clean(f"{self.status} {self.source}: {error.get('code')}: {message}{tail}")


def to_json(value: Any) -> str:
    """Give JSON text that is valid Unicode and harmless on a terminal."""
    text = json.dumps(value, ensure_ascii=False)
    return _NOT_FOR_TERMINALS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def of(shown: str, outcome: Outcome, *, key: str | None = None, request_id: str | None = None) -> Line:
    """Make the line of an outcome.

    Args:
        shown: Name of the document.
        outcome: What became of it.
        key: The key it was sent with; shown only if it may have been submitted.
        request_id: Of the answer that told of its extraction.
    """
    ids = _ids(outcome.id, outcome.extraction, request_id)
    if outcome.error is not None:
        return attrs.evolve(failed(shown, as_met(outcome.error), key=key), **ids)
    output = None if outcome.extraction is None else outcome.extraction.output
    fields = [] if output is None else [plain(field) for field in output.fields or []]
    status = COMPLETED if outcome.extraction is None else str(outcome.extraction.status)
    return Line(source=shown, status=status, fields=fields, **ids)


def failed(source: str, failure: errors.PlexteraError | OSError, *, key: str | None = None) -> Line:
    """Make the line of a document that met a failure before it had an extraction.

    Args:
        source: Its name.
        failure: What it met.
        key: The key it was sent with; shown only if it may have been submitted.
    """
    is_ambiguous = isinstance(failure, errors.AmbiguousCreateError)
    request_id = getattr(failure, "request_id", None)
    return Line(
        source=source,
        status=_status(failure),
        key=key if is_ambiguous else None,
        error=_error(type(failure).__name__, code_of(failure), message_of(failure), request_id),
    )


def interrupted(source: str, *, handle: ExtractionHandle | None, key: str | None) -> Line:
    """Make the line of a document that was given up on the way, because the command was stopped."""
    if handle is not None:
        message = "submitted, and not waited for to the end"
        error = _error("Interrupted", _INTERRUPTED, message, handle.request_id)
        ids = _ids(handle.id, handle.latest, handle.request_id)
        return Line(source=source, status=_INTERRUPTED, error=error, **ids)
    message = "given up while it was being submitted: it may exist"
    error = _error("Interrupted", _INTERRUPTED, message, None)
    return Line(source=source, status="AMBIGUOUS", key=key, error=error)


def _status(failure: errors.PlexteraError | OSError) -> str:
    if isinstance(failure, errors.JobFailedError):
        return str(failure.job.status)
    kinds = ((errors.AmbiguousCreateError, "AMBIGUOUS"), (errors.WaitTimeoutError, TIMEOUT))
    return next((status for kind, status in kinds if isinstance(failure, kind)), "ERROR")


def _error(kind: str, code: str, message: str, request_id: str | None) -> dict[str, str | None]:
    return {"type": kind, "code": code, "message": message[:_LONGEST_MESSAGE], "requestId": request_id}


def _ids(id: str | None, extraction: Extraction | None, request_id: str | None) -> dict[str, Any]:
    document = None if extraction is None else extraction.document
    return {
        "id": id,
        "file_id": None if document is None else document.file_id,
        "request_id": request_id,
    }
