"""Multipart bodies as pieces of bytes (RFC 7578): heads, tail, and what goes into a Content-Disposition."""

import mimetypes
import re
from functools import lru_cache

from plextera_async.errors import InvalidInputError

__all__ = [
    "FALLBACK_TYPE",
    "check_content_type",
    "guess_content_type",
    "is_content_type",
    "part_head",
    "tail",
]

FALLBACK_TYPE = "application/octet-stream"

_BUILT_IN = mimetypes.MimeTypes()  # not the module's functions: those read files that differ between machines
_DOCUMENTED = {
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+( *;[ \t\x21-\x7e]*)?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def guess_content_type(name: str) -> str:
    """Guess the media type from a file name's ending, the same on every machine."""
    return _type_of(name[name.rfind(".") :].lower() if "." in name else "")


@lru_cache(maxsize=64)
def _type_of(ending: str) -> str:
    return _DOCUMENTED.get(ending) or _BUILT_IN.guess_type(f"x{ending}")[0] or FALLBACK_TYPE


def is_content_type(value: object) -> bool:
    """Say whether a media type can stand in a header."""
    return isinstance(value, str) and _MEDIA_TYPE.fullmatch(value) is not None


def check_content_type(value: object) -> None:
    """Refuse what is no media type.

    Raises:
        InvalidInputError: If it is not of the form `type/subtype`.
    """
    if not is_content_type(value):
        raise InvalidInputError("content_type must look like application/pdf")


def part_head(
    boundary: str, name: str, content_type: str | None = None, file_name: str | None = None
) -> bytes:
    """Give everything of a part that stands before its content.

    Names travel as UTF-8, quotes and backslashes escaped (RFC 7578, 4.2; RFC 9110, 5.6.4); control characters, which
    could end the line, are percent-encoded.
    """
    disposition = f'form-data; name="{_quoted(name)}"'
    if file_name is not None:
        disposition += f'; filename="{_quoted(file_name)}"'
    kind = f"Content-Type: {content_type}\r\n" if content_type else ""
    head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n{kind}\r\n"
    return head.encode("utf-8", "replace")


def tail(boundary: str) -> bytes:
    """Give what closes a body."""
    return f"--{boundary}--\r\n".encode()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return _CONTROL.sub(lambda found: f"%{ord(found[0]):02X}", escaped)
