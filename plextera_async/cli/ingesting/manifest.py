"""A manifest: a file that lists documents with their tags, as CSV or as JSON lines, read row by row."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from plextera_async._sansio.codec import is_object
from plextera_async._sansio.inputs import KEY_TAG
from plextera_async.cli.ingesting.inputs import Input, Listed, Problem
from plextera_async.cli.showing.text import readable_path
from plextera_async.errors import ConfigurationError, InvalidInputError
from plextera_async.ingest.identity import without_query

__all__ = ["read_manifest"]

_LONGEST_ROW = 1024 * 1024  # characters: a file without line ends must not be loaded whole
_FIELDS = {
    "path": "path",
    "url": "url",
    "fileId": "file_id",
    "file_id": "file_id",
    "key": "key",
    "name": "name",
}
_SOURCES = ("path", "url", "file_id")
_TAGS = "tags"
_TAG_MARK = "tag:"

Row = dict[str, Any]


def read_manifest(path: str, tags: Mapping[str, str]) -> Iterator[Input]:
    """Give the documents that a manifest lists, in its order. A bad row is a problem of its own, with its number.

    A file whose first row is JSON holds JSON lines: an object with `path`, `url` or `fileId`,
    and perhaps `tags`, `key`, `name`; or only a path as a string. Any other is CSV with a row of names: the same
    columns, `tags` as a JSON object, and each other column as a tag of that name where it is not empty. Paths are
    relative to the current folder.

    Args:
        path: The manifest.
        tags: Labels for each document; the manifest's own win.

    Raises:
        ConfigurationError: When iterated, if it cannot be read, or its first row names no column with documents.

    No more than one row is held at a time.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = _rows(file, path)
            for place, read in rows:
                yield _input(f"{readable_path(path)}:{place}", read, tags)
    except OSError as failure:
        raise ConfigurationError(f"the manifest {path} cannot be read: {failure.strerror}") from failure


def _rows(file: TextIO, path: str) -> Iterator[tuple[int, Callable[[], Row]]]:
    """Give each row with the number of its line, to be read where its errors belong to it."""
    lines = _lines(file)
    first = next(lines, "")
    again = chain([first], lines)
    return _json_rows(again) if _is_json(first) else _csv_rows(again, path)


def _is_json(line: str) -> bool:
    """Tell a JSON row from the names of CSV columns, which may be in quotes as well."""
    if line.lstrip().startswith("{"):
        return True
    try:
        path = json.loads(line)
    except ValueError:
        return False
    return isinstance(path, str) and path not in _FIELDS


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(_LONGEST_ROW):
        yield line


def _json_rows(lines: Iterator[str]) -> Iterator[tuple[int, Callable[[], Row]]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, partial(_from_json, line)


def _from_json(line: str) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise InvalidInputError("the row is no JSON") from None
    if isinstance(row, str):
        return {"path": row}
    if not is_object(row):
        raise InvalidInputError("the row is neither a JSON object nor a path")
    if unknown := row.keys() - _FIELDS.keys() - {_TAGS}:
        raise InvalidInputError(f"the row has an unknown property {min(unknown)!r}: tags go into 'tags'")
    return {_FIELDS.get(name, name): value for name, value in row.items() if value is not None}


def _csv_rows(lines: Iterator[str], path: str) -> Iterator[tuple[int, Callable[[], Row]]]:
    reader = csv.reader(lines)
    try:
        head = [name.strip() for name in next(reader, list[str]())]
    except csv.Error as refused:
        raise ConfigurationError(f"the manifest {path} cannot be read: line 1: {refused}") from None
    columns = [_FIELDS.get(name, name) for name in head]
    if not set(columns) & set(_SOURCES):
        raise ConfigurationError(
            f"the manifest {path} has no column 'path', 'url' or 'fileId': its first line must name its columns, "
            "with commas between them, or each line be a JSON object"
        )
    if len(set(columns)) < len(columns):
        raise ConfigurationError(f"the manifest {path} has two columns of one name")
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as refused:
            yield number, partial(_refuse, _no_csv(refused, number, reader.line_num))
            continue
        if cells:
            yield number, partial(_from_cells, columns, cells)


def _no_csv(refused: csv.Error, first: int, last: int) -> str:
    """Say how far a row went that is none: a quote without its other one takes the rows behind it along."""
    through = f", up to line {last}: is a quote not closed?" if last > first else ""
    return f"the row is no CSV{through} ({refused})"


def _refuse(why: str) -> Row:
    raise InvalidInputError(why)


def _from_cells(columns: list[str], cells: list[str]) -> Row:
    if len(cells) > len(columns):
        raise InvalidInputError(f"the row has {len(cells)} cells, and there are {len(columns)} columns")
    row: Row = {}
    tags: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=False):
        if not cell:
            continue
        if column == _TAGS:
            tags = {**_tags_cell(cell), **tags}
        elif column in _FIELDS.values():
            row[column] = cell
        else:
            tags[column.removeprefix(_TAG_MARK)] = cell
    return {**row, _TAGS: tags}


def _tags_cell(cell: str) -> dict[str, Any]:
    try:
        tags = json.loads(cell)
    except (ValueError, RecursionError):
        tags = None
    if not is_object(tags):
        raise InvalidInputError("the cell of 'tags' is no JSON object")
    return tags


def _input(place: str, read: Callable[[], Row], tags: Mapping[str, str]) -> Input:
    try:
        return _listed(read(), tags)
    except InvalidInputError as refused:
        return Problem(place, str(refused))


def _listed(row: Row, tags: Mapping[str, str]) -> Listed:
    own: Any = row.pop(_TAGS, {})
    if not is_object(own):
        raise InvalidInputError("'tags' is no JSON object")
    if KEY_TAG in own:
        raise InvalidInputError(f"the tag {KEY_TAG!r} is set by the command itself: use 'key'")
    for name, value in row.items():
        if not isinstance(value, str) or not value:
            raise InvalidInputError(f"{name!r} must be a text that is not empty")
    named = [name for name in _SOURCES if name in row]
    if len(named) != 1:
        raise InvalidInputError("the row needs exactly one of 'path', 'url' and 'fileId'")
    path = row.pop("path", None)
    url = row.get("url")
    if url is not None and not url.startswith("https://"):
        raise InvalidInputError("'url' must begin with https://")
    shown = path or row.get("file_id") or "" if url is None else without_query(url)
    return Listed(path, tags={**tags, **own}, shown=readable_path(shown), **row)
