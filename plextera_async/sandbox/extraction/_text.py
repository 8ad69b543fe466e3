"""Plain text: its encoding, and its `Label: value` lines."""

import codecs

from ._fields import Fields
from ._lines import pairs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(content: bytes) -> str:
    """Decode text: UTF-8, UTF-16 with a byte order mark, else Latin-1."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("latin-1")


def read_text(content: bytes, fields: Fields) -> None:
    """Read the fields of a plain text."""
    read_lines(decoded(content), fields)


def read_lines(text: str, fields: Fields) -> None:
    """Read the fields of text that is decoded already."""
    for line in text.splitlines():
        for label, value, _ in pairs(line):
            fields.add(label, value, "line")
