"""Paths and queries, and what a request is."""

import enum
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async._generated import operations
from plextera_async._sansio.message import Request, Response, check_path, fill, query_string
from plextera_async.errors import InvalidInputError


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("file_1", "file_1"),
        ("a/b", "a%2Fb"),
        ("a?b", "a%3Fb"),
        ("a#b", "a%23b"),
        ("a%2Fb", "a%252Fb"),
        ("a b", "a%20b"),
        ("a\\b", "a%5Cb"),
        ("a\r\nb", "a%0D%0Ab"),
        ("a\x00b", "a%00b"),
        ("a;b=c&d+e", "a%3Bb%3Dc%26d%2Be"),
        ("{fileId}", "%7BfileId%7D"),
        ("ü日", "%C3%BC%E6%97%A5"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("...", "..."),
        ("../..", "..%2F.."),
        (" ", "%20"),
    ],
)
def test_an_id_is_one_segment_of_the_path(value: str, segment: str):
    assert fill(operations.DOWNLOAD_FILE, fileId=value) == f"/files/{segment}/download"


@given(st.text(min_size=1, max_size=30))
def test_every_id_comes_back_from_its_segment(value: str):
    path = fill(operations.GET_FILE, fileId=value)

    assert path.count("/") == 2
    assert unquote(path.removeprefix("/files/")) == value
    assert path.isascii()
    assert not {"?", "#", " "} & set(path)
    assert path.rsplit("/", 1)[1] not in {"", ".", ".."}


@pytest.mark.parametrize("value", ["", None, 5, b"f", ["f"], "a\ud800b"])
def test_what_is_no_id_is_refused(value: object):
    with pytest.raises(InvalidInputError, match=r"^fileId "):
        fill(operations.GET_FILE, fileId=value)


def test_a_path_without_parameters_stays():
    assert fill(operations.UPLOAD_FILE) == "/files"


@pytest.mark.parametrize(
    "path", ["/", "/a", "/a/", "/a//b", "/a/%20b", "/a/.b/..c/...", "/~!$&'()*+,;=:@-._"]
)
def test_paths_below_the_base_url_pass(path: str):
    assert check_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a",
        "//evil.example/a",
        "https://evil.example/a",
        "/a?b",
        "/a#b",
        "/a b",
        "/ä",
        "/a%",
        "/a%2",
        "/a%zz",
        "/a\\b",
        "/a\n",
        "/a\x00",
        "/.",
        "/..",
        "/a/../b",
        "/a/./b",
        "/a/%2e%2E/b",
        "/a/.%2e",
        "/a/%2E",
        None,
        5,
        b"/a",
    ],
)
def test_paths_that_could_lead_elsewhere_are_refused(path: object):
    with pytest.raises(InvalidInputError, match=r"^path must"):
        check_path(path)


def test_a_long_path_is_checked_in_no_time():
    with pytest.raises(InvalidInputError, match="path must"):
        check_path("/a" * 50_000 + " ")


class Colour(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("parameters", "query"),
    [
        ({}, ""),
        ({"a": None}, ""),
        ({"a": "b"}, "a=b"),
        ({"a": ""}, "a="),
        ({"a": 1, "b": 2.5, "c": -3}, "a=1&b=2.5&c=-3"),
        ({"a": True, "b": False}, "a=true&b=false"),
        ({"a": ["x", None, "y"], "b": ("z",)}, "a=x&a=y&b=z"),
        ({"a": []}, ""),
        ({"a b&c": "d e&f=g+h/ü"}, "a%20b%26c=d%20e%26f%3Dg%2Bh%2F%C3%BC"),
        ({"a": enum.StrEnum("Kind", {"B": "b"}).B}, "a=b"),
    ],
)
def test_a_query_says_what_was_given(parameters: dict[str, object], query: str):
    assert query_string(parameters) == query


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=4))
def test_a_query_comes_back_from_its_encoding(parameters: dict[str, str]):
    query = query_string(parameters)

    assert dict(parse_qsl(query, strict_parsing=bool(query))) == parameters
    assert query.isascii()
    assert not {"#", " ", "?"} & set(query)


@pytest.mark.parametrize(
    "parameters",
    [
        {"a": {"MARK": 1}},
        {"a": b"MARK"},
        {"a": [["MARK"]]},
        {"a": object()},
        {"a": Colour.RED},
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": "MARK\ud800"},
        {"\ud800": "MARK"},
        {5: "MARK"},
        {("MARK",): "x"},
    ],
)
def test_what_a_query_cannot_say_is_refused_and_its_value_not_quoted(parameters: dict[str, object]):
    with pytest.raises(InvalidInputError) as caught:
        query_string(parameters)

    assert "MARK" not in str(caught.value)


@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        (operations.GET_FILE, False),
        (operations.UPLOAD_FILE, True),
        (operations.UPDATE_EVENT_SUBSCRIPTION, True),
        (operations.DELETE_EVENT_SUBSCRIPTION, True),
    ],
)
def test_all_but_reading_changes_something(operation: operations.Operation, *, changes: bool):
    assert Request(operation=operation, path="/x").changes is changes


def test_neither_requests_nor_responses_show_what_they_carry():
    request = Request(operation=operations.GET_FILE, path="/x", query="q=MARK")
    response = Response(status=200, headers={"X": "MARK"}, content=b"MARK")

    assert "MARK" not in f"{request!r}{response!r}"
