"""Chooses the reader for a document and says how reading ended."""

import csv
import threading
from collections.abc import Callable
from typing import Any

import attrs

from ._csv import read_csv
from ._fields import Fields
from ._html import read_html
from ._pdf import MissingExtraError, PdfBrokenError, PdfLockedError, read_pdf
from ._text import read_text

_READERS: dict[str, Callable[[bytes, Fields], None]] = {
    "text/plain": read_text,
    "text/csv": read_csv,
    "text/html": read_html,
}
_NO_FIELDS = ("image/", "audio/", "video/", "application/vnd.openxmlformats-officedocument.")
_ARCHIVES = frozenset(
    {
        "application/zip",
        "application/gzip",
        "application/x-7z-compressed",
        "application/vnd.rar",
        "application/x-bzip2",
        "application/x-xz",
        "application/x-tar",
    }
)
_BAD_ENDS: dict[type[Exception], tuple[str, str, str]] = {
    PdfLockedError: ("FAILED", "DOCUMENT_LOCKED", "The document is protected with a password."),
    csv.Error: ("REJECTED", "BROKEN_DOCUMENT", "The document is broken: it is no readable CSV."),
    PdfBrokenError: ("REJECTED", "BROKEN_DOCUMENT", "The document is broken and cannot be opened."),
    MissingExtraError: (
        "FAILED",
        "PROCESSING_FAILED",
        "Reading a PDF needs pypdfium2: install the extra with: pip install 'plextera-async[cli]'",
    ),
}


@attrs.frozen
class Reading:
    """How reading a document ended."""

    status: str
    fields: list[dict[str, Any]] = attrs.field(factory=list[dict[str, Any]], repr=False)
    error: tuple[str, str] | None = None
    """Code and message, unless it completed."""


def read_document(read: Callable[[], bytes], mime_type: str, *, stopping: threading.Event) -> Reading:
    """Read the fields of a document; blocks, so it runs in a worker thread.

    Args:
        read: Gives the content.
        mime_type: As detected; decides how the content is read.
        stopping: Once it is set, reading a long document is given up.

    Returns:
        COMPLETED with fields, or FAILED or REJECTED with an error.
    """
    fields = Fields()
    try:
        if mime_type in _READERS:
            _READERS[mime_type](read(), fields)
        elif mime_type == "application/pdf":
            read_pdf(read(), fields, stopping)
        elif not (mime_type.startswith(_NO_FIELDS) or mime_type in _ARCHIVES):
            return Reading(
                "REJECTED", error=("UNSUPPORTED_DOCUMENT", "Documents of this type cannot be read.")
            )
    except tuple(_BAD_ENDS) as error:
        status, code, message = _BAD_ENDS[type(error)]
        return Reading(status, error=(code, message))
    return Reading("COMPLETED", fields.found)
