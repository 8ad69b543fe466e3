"""Manifests: CSV and JSON lines, row by row; a bad row is a problem of its own."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from plextera_async.cli.ingesting.inputs import Listed, Problem
from plextera_async.cli.ingesting.manifest import read_manifest
from plextera_async.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(content: str | bytes, **tags: str) -> list[Any]:
    Path("m").write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_manifest("m", tags))


def listed(content: str | bytes, **tags: str) -> list[Listed]:
    found = read(content, **tags)
    assert [each for each in found if isinstance(each, Problem)] == []
    return found


def problem(content: str | bytes) -> tuple[str, str]:
    (found,) = [each for each in read(content) if isinstance(each, Problem)]
    return found.shown, found.why


def test_csv_names_its_columns_and_each_other_column_is_a_tag() -> None:
    one, two = listed('path,docType,tag:batch,tags\na.pdf,memo,7,\nb.pdf,,,"{""x"": ""y""}"\n')

    assert (one.source, dict(one.tags or {}), one.shown) == (
        "a.pdf",
        {"docType": "memo", "batch": "7"},
        "a.pdf",
    )
    assert (two.source, dict(two.tags or {})) == ("b.pdf", {"x": "y"})


def test_csv_takes_addresses_ids_keys_and_names() -> None:
    one, two, three = listed(
        "path,url,fileId,key,name\n,https://example.com/a.pdf?s=1,,k1,\n,,file_1,,\nc.pdf,,,k3,d.pdf\n"
    )

    assert (one.url, one.key, one.shown) == (
        "https://example.com/a.pdf?s=1",
        "k1",
        "https://example.com/a.pdf",
    )
    assert (two.file_id, two.key, two.shown) == ("file_1", None, "file_1")
    assert (three.source, three.name, three.key) == ("c.pdf", "d.pdf", "k3")


def test_json_lines_take_the_same() -> None:
    rows = [
        {"path": "a.pdf", "tags": {"docType": "memo"}, "key": "k1", "name": "n.pdf"},
        {"url": "https://example.com/a.pdf", "tags": None},
        {"fileId": "file_1"},
        "b.pdf",
    ]
    found = listed("\n\n".join(map(json.dumps, rows)))

    assert [each.source for each in found] == ["a.pdf", None, None, "b.pdf"]
    assert (found[0].tags, found[0].key, found[0].name) == ({"docType": "memo"}, "k1", "n.pdf")
    assert found[1].url == "https://example.com/a.pdf"
    assert found[2].file_id == "file_1"


def test_tags_of_all_are_joined_and_a_rows_own_win() -> None:
    one, two = listed('{"path": "a", "tags": {"x": "own"}}\n{"path": "b"}\n', x="all", y="all")

    assert (one.tags, two.tags) == ({"x": "own", "y": "all"}, {"x": "all", "y": "all"})


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffpath\na.pdf\n",
        "path\r\na.pdf\r\n",
        "path\n\na.pdf",
        '"path"\n"a.pdf"\n',
        " path ,x\na.pdf\n",
        '\ufeff{"path": "a.pdf"}\n',
        '"a.pdf"',
    ],
)
def test_what_editors_and_spreadsheets_make_of_it_is_read(content: str) -> None:
    assert [each.source for each in listed(content)] == ["a.pdf"]


def test_names_that_are_no_text_are_read_as_the_file_system_has_them() -> None:
    (found,) = listed(b"path\ncaf\xe9.txt\n")

    assert found.source == "caf\udce9.txt"
    assert found.shown == "caf\\xe9.txt"


def test_a_cell_may_hold_line_ends_and_rows_are_numbered_by_their_first_line() -> None:
    found = read('path,x\n"a\nb.pdf",1\n,2\n')

    assert found[0].source == "a\nb.pdf"
    assert found[1].shown == "m:4"


@pytest.mark.parametrize(
    ("content", "shown", "why"),
    [
        ("path,x\n,1\n", "m:2", "the row needs exactly one of 'path', 'url' and 'fileId'"),
        ("path,url\na,https://b\n", "m:2", "the row needs exactly one of"),
        ("path\na,b\n", "m:2", "the row has 2 cells, and there are 1 columns"),
        ("path,tags\na,{\n", "m:2", "the cell of 'tags' is no JSON object"),
        ("path,tags\na,5\n", "m:2", "the cell of 'tags' is no JSON object"),
        ("path,plexteraClientKey\na,5\n", "m:2", "is set by the command itself: use 'key'"),
        ("url\nhttp://a\n", "m:2", "'url' must begin with https://"),
        ("url\nuser:password@host/a\n", "m:2", "'url' must begin with https://"),
        ('path\n"a\n' + "b\n" * 100_000, "m:2", "no CSV, up to line 65538: is a quote not closed? ("),
        ("url,name\nhttps://a,b\n", "m:2", "name= and content_type= go with a source only"),
        ('{"path": "a"}\n{"path": \n', "m:2", "the row is no JSON"),
        ('{"path": "a"}\n' + "[" * 100_000, "m:2", "the row is no JSON"),
        ('{"path": "a"}\n[1]\n', "m:2", "the row is neither a JSON object nor a path"),
        ('{"path": "a"}\n{"path": 5}\n', "m:2", "'path' must be a text that is not empty"),
        ('{"path": "a"}\n{"path": ""}\n', "m:2", "'path' must be a text that is not empty"),
        ('{"path": "a"}\n{"path": "b", "tags": []}\n', "m:2", "'tags' is no JSON object"),
        (
            '{"path": "a"}\n{"path": "b", "docType": "x"}\n',
            "m:2",
            "the row has an unknown property 'docType': tags go into 'tags'",
        ),
    ],
)
def test_a_bad_row_is_told_with_its_number(content: str, shown: str, why: str) -> None:
    told = problem(content)

    assert told[0] == shown
    assert why in told[1]


def test_the_rest_goes_on_after_a_bad_row() -> None:
    huge = "x" * 200_000
    found = read(f'path\na\n"{huge}"\nb\n')

    assert [type(each) for each in found] == [Listed, Problem, Listed]
    assert found[1].shown == "m:3"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "has no column 'path', 'url' or 'fileId': its first line must name its columns"),
        ("a.pdf\nb.pdf\n", "with commas between them, or each line be a JSON object"),
        ("path,path\na,b\n", "has two columns of one name"),
        ("fileId,file_id\na,b\n", "has two columns of one name"),
        (f'"{"x" * 200_000}",b', "cannot be read: line 1"),
        (b"\xff\xfep\0a\0t\0h\0\n\0", "has no column"),
    ],
)
def test_a_manifest_that_is_none_is_refused(content: str | bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match="the manifest m") as caught:
        read(content)
    assert said in str(caught.value)


@pytest.mark.parametrize("path", ["nowhere.csv", "."])
def test_a_manifest_that_cannot_be_read_is_refused(path: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        list(read_manifest(path, {}))


def test_a_manifest_is_never_loaded_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """One without an end is read as far as it is asked for."""

    class Endless:
        def __init__(self) -> None:
            self.lines: Iterator[str] = itertools.chain(["path,x\n"], itertools.repeat("a.pdf,1\n"))

        def readline(self, _size: int) -> str:
            return next(self.lines)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(Path, "open", lambda *_args, **_more: Endless())
    found = list(itertools.islice(read_manifest("m", {}), 1000))

    assert [each.shown for each in found] == ["a.pdf"] * 1000
