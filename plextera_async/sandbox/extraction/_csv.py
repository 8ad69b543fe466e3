"""CSV: each column becomes one field."""

import csv
import io

from ._fields import Fields
from ._text import decoded

_DELIMITERS = ",;\t|"
_SAMPLE = 4096


def read_csv(content: bytes, fields: Fields) -> None:
    """Read the fields of a CSV file, whose first row names the columns."""
    text = decoded(content)
    # csv.Sniffer guesses badly on short files; the delimiter that the first line has most of is right more often.
    first = text[:_SAMPLE].partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    if rows:
        read_rows(rows, fields)


def read_rows(rows: list[list[str]], fields: Fields) -> None:
    """Read a table with a header row: one field per column, its value the list of the cells below."""
    header, *body = rows
    width = max(map(len, rows))
    for place in range(width):
        name = header[place].strip() if place < len(header) else ""
        cells = [row[place].strip() if place < len(row) else "" for row in body]
        fields.add_column(name or f"Column {place + 1}", cells)
