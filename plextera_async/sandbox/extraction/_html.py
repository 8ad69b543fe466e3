"""HTML: tables, definition lists, and `Label: value` lines in the text."""

from html.parser import HTMLParser

import attrs

from ._csv import read_rows
from ._fields import Fields, Rule
from ._text import decoded, read_lines

_SKIPPED = frozenset({"script", "style", "template", "noscript"})
_CELLS = frozenset({"td", "th"})
_INLINE = (
    "a abbr b bdi bdo cite code em font i img input kbd label mark q s small span strong sub sup u var wbr"
)
_INLINE_TAGS = frozenset(_INLINE.split())


@attrs.define
class _Cell:
    """One cell of a table."""

    is_header: bool
    text: list[str] = attrs.field(factory=list[str])


def read_html(content: bytes, fields: Fields) -> None:
    """Read the fields of an HTML page."""
    page = _Page(fields)
    page.feed(decoded(content))
    page.close()
    page.finish()


class _Page(HTMLParser):
    """Collects text where it belongs: the innermost cell, the definition, or the running text."""

    def __init__(self, fields: Fields) -> None:
        super().__init__(convert_charrefs=True)
        self._fields = fields
        self._skipping = 0
        self._tables: list[list[list[_Cell]]] = []
        self._text: list[str] = []
        self._sink = self._text
        self._term = ""
        self._definition: list[str] = []
        self._definition_tag: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 (its signature)
        if tag in _SKIPPED:
            self._skipping += 1
        elif tag == "table":
            self._tables.append([])
        elif tag == "tr" and self._tables:
            self._tables[-1].append([])
        elif tag in _CELLS and self._tables:
            self._open_cell(tag)
        elif tag in ("dt", "dd", "dl"):
            self._open_definition(tag)
        elif tag not in _INLINE_TAGS:
            self._sink.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipping = max(0, self._skipping - 1)
        elif tag == "table" and self._tables:
            self._close_table()
        elif tag in _CELLS:
            self._sink = self._text
        elif tag in ("dt", "dd", "dl"):
            self._close_definition()
        elif tag not in _INLINE_TAGS:
            self._sink.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            # Line breaks in the source are white space; lines come from the elements.
            self._sink.append(data.replace("\n", " ").replace("\r", " "))

    def finish(self) -> None:
        """Read what was left open, then the running text."""
        self._close_definition()
        while self._tables:
            self._close_table()
        lines = "".join(self._text).splitlines()
        read_lines("\n".join(" ".join(line.split()) for line in lines), self._fields)

    def _open_cell(self, tag: str) -> None:
        rows = self._tables[-1]
        if not rows:
            rows.append([])
        cell = _Cell(tag == "th")
        rows[-1].append(cell)
        self._sink = cell.text

    def _close_table(self) -> None:
        rows = [row for row in self._tables.pop() if any(_squeezed(cell.text) for cell in row)]
        # A table may stand in the cell of another one.
        outer = self._tables[-1][-1] if self._tables and self._tables[-1] else []
        self._sink = outer[-1].text if outer else self._text
        if len(rows) > 1 and all(cell.is_header for cell in rows[0]):
            read_rows([[_squeezed(cell.text) for cell in row] for row in rows], self._fields)
            return
        for row in rows:
            if len(row) == 2:  # noqa: PLR2004 (a label and its value)
                self._add(_squeezed(row[0].text), _squeezed(row[1].text), "table_row")

    def _open_definition(self, tag: str) -> None:
        self._close_definition()
        if tag != "dl":
            self._definition_tag = tag
            self._definition = []
            self._sink = self._definition

    def _close_definition(self) -> None:
        text = _squeezed(self._definition)
        if self._definition_tag == "dt":
            self._term = text
        elif self._definition_tag == "dd":
            self._add(self._term, text, "definition")
        self._definition_tag = None
        self._definition = []
        self._sink = self._text

    def _add(self, label: str, value: str, rule: Rule) -> None:
        label = label.rstrip(" :")
        if label and value:
            self._fields.add(label, value, rule)


def _squeezed(pieces: list[str]) -> str:
    return " ".join("".join(pieces).split())
