import inspect
import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from plextera_async.cli.ingesting.walk import walk


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def make(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)


def paths(*names: str, leave_out: tuple[str, ...] = ()) -> list[str]:
    return [found.path.as_posix() for found in walk(names, leave_out=leave_out) if found.problem is None]


def problems(*names: str) -> list[tuple[str, str]]:
    return [(found.path.as_posix(), found.problem) for found in walk(names) if found.problem is not None]


def test_a_folder_stands_for_all_files_below_it_in_the_order_of_their_names() -> None:
    make("in/b.txt", "in/a/z.txt", "in/a/deep/er/y.txt", "in/c/x.txt", "in/a.txt")

    assert paths("in") == ["in/a/deep/er/y.txt", "in/a/z.txt", "in/a.txt", "in/b.txt", "in/c/x.txt"]


def test_hidden_files_and_folders_are_passed_over_unless_they_are_named() -> None:
    make("in/.hidden", "in/.git/config", "in/seen", ".own/.x", ".own/y")

    assert paths("in") == ["in/seen"]
    assert paths("in/.hidden", ".own") == ["in/.hidden", ".own/y"]


def test_names_keep_the_order_in_which_they_are_given() -> None:
    make("b", "a", "c")

    assert paths("c", "a", "b") == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("in", "in/a"), ["in/a", "in/b"]),
        (("in/b", "in"), ["in/b", "in/a"]),
        (("in", "./in", "in/../in"), ["in/a", "in/b"]),
        (("in/a", "in/*"), ["in/a", "in/b"]),
        (("link", "in/a"), ["link"]),
    ],
)
def test_a_document_that_is_named_twice_is_taken_once(names: tuple[str, ...], expected: list[str]) -> None:
    make("in/a", "in/b")
    Path("link").symlink_to("in/a")

    assert paths(*names) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("in/*.pdf", ["in/a.pdf", "in/b.pdf"]),
        ("in/[b-z].pdf", ["in/b.pdf"]),
        ("in/?.txt", ["in/c.txt"]),
        ("*/a.pdf", ["in/a.pdf"]),
        ("**/*.pdf", ["in/a.pdf", "in/b.pdf", "in/sub/d.pdf"]),
        ("in/**/d.pdf", ["in/sub/d.pdf"]),
        ("in/**", ["in/a.pdf", "in/b.pdf", "in/c.txt", "in/sub/d.pdf"]),
        ("**/sub/**/*.pdf", ["in/sub/d.pdf"]),
        ("i*/s*", ["in/sub/d.pdf"]),
        ("in/.h*", ["in/.hidden.pdf"]),
        ("in/*/../c.txt", ["in/sub/../c.txt"]),
    ],
)
def test_a_pattern_stands_for_what_it_matches(pattern: str, expected: list[str]) -> None:
    make("in/a.pdf", "in/b.pdf", "in/c.txt", "in/sub/d.pdf", "in/.hidden.pdf", "in/.git/e.pdf")

    assert paths(pattern) == expected


def test_a_pattern_may_be_absolute(tmp_path: Path) -> None:
    make("in/a.pdf")

    assert paths(f"{tmp_path}/i?/*.pdf") == [f"{tmp_path.as_posix()}/in/a.pdf"]


def test_a_file_whose_name_looks_like_a_pattern_is_itself() -> None:
    make("in/[a].txt", "in/a.txt")

    assert paths("in/[a].txt") == ["in/[a].txt"]


def test_a_pattern_without_a_match_is_told() -> None:
    assert problems("*.pdf", "a/**/b") == [
        ("*.pdf", "nothing matches this pattern"),
        ("a/**/b", "nothing matches this pattern"),
    ]


def test_what_is_not_there_is_given_for_the_upload_to_refuse() -> None:
    assert paths("nowhere.pdf") == ["nowhere.pdf"]


def test_links_to_files_are_followed_and_links_to_folders_are_not() -> None:
    make("other/x.txt", "in/a.txt")
    Path("in/file-link").symlink_to("../other/x.txt")
    Path("in/folder-link").symlink_to("../other")
    Path("in/loop").symlink_to(".")
    Path("in/broken").symlink_to("nowhere")
    Path("named").symlink_to("in")

    assert paths("in") == ["in/a.txt", "in/broken", "in/file-link"]
    assert paths("named") == ["named/a.txt", "named/broken", "named/file-link"]


def test_the_file_that_results_are_written_to_is_no_document() -> None:
    make("in/a.txt", "in/results.jsonl")

    assert paths("in", leave_out=("in/../in/results.jsonl",)) == ["in/a.txt"]


def test_a_folder_that_cannot_be_listed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    make("in/a.txt", "in/closed/b.txt", "in/z.txt")
    scan = os.scandir

    def refusing(folder: Path) -> Iterator[os.DirEntry[str]]:
        if folder.name == "closed":  # permissions do not stop root, whom tests may run as
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", refusing)

    assert paths("in") == ["in/a.txt", "in/z.txt"]
    assert problems("in") == [("in/closed", "the folder cannot be read: Permission denied")]
    assert paths("in/closed/*", "in/**/*.txt") == ["in/a.txt", "in/z.txt"]


def test_a_tree_may_be_deeper_than_recursion_could_go() -> None:
    deep = "/".join(["d"] * 300)
    make(f"{deep}/end.txt")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 60)
    try:
        found = [*walk(["d"]), *walk(["**/*.txt"])]
    finally:
        sys.setrecursionlimit(limit)

    assert [each.path.as_posix() for each in found] == [f"{deep}/end.txt"] * 2


def test_no_more_is_looked_at_than_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    make("in/a/1.txt", "in/b/2.txt", "in/c/3.txt")
    scanned: list[str] = []
    scan = os.scandir

    def noting(folder: Path) -> Iterator[os.DirEntry[str]]:
        scanned.append(folder.name)
        return scan(folder)

    monkeypatch.setattr(os, "scandir", noting)
    first = [found.path.name for found in islice(walk(["in"]), 1)]

    assert first == ["1.txt"]
    assert scanned == ["in", "a"]
