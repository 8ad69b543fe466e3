"""Finds `Label: value` in lines of text."""

import re
from collections.abc import Iterator

_MAX_LINE = 2000
_GAP = re.compile(r"\t+|\s{3,}")
# A label has up to 60 characters, begins with a letter or a digit, and holds no colon.
_LABEL = re.compile(r"([^\W_][^:]{0,59}?)\s?:")
# White space after the colon keeps times and URLs out.
_PAIR = re.compile(_LABEL.pattern + r"\s+(\S.*)", re.DOTALL)

Pair = tuple[str, str, int]
"""Label, value, and the index in the line at which the value begins."""


def pairs(line: str) -> Iterator[Pair]:
    """Find the labels and values in one line.

    Tabs and gaps of three or more spaces separate columns: a value ends there, or begins there behind a label.

    Yields:
        What was found; nothing from lines longer than 2000 characters, which are no lines of a form.
    """
    if ":" not in line or len(line) > _MAX_LINE:
        return
    label = ""
    for start, text in _columns(line):
        pair = _PAIR.fullmatch(text)
        alone = _LABEL.fullmatch(text)
        if pair is not None:
            yield pair[1], pair[2], start + pair.start(2)
        elif label and alone is None:
            yield label, text, start
        label = alone[1] if alone is not None else ""


def _columns(line: str) -> Iterator[tuple[int, str]]:
    """Split a line at its gaps; the texts have no white space around them."""
    start = 0
    for end, after in [*((gap.start(), gap.end()) for gap in _GAP.finditer(line)), (len(line), len(line))]:
        text = line[start:end]
        if stripped := text.strip():
            yield start + len(text) - len(text.lstrip()), stripped
        start = after
