"""Heads of parts, media types and file names."""

import re
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async._sansio.multipart import (
    FALLBACK_TYPE,
    check_content_type,
    guess_content_type,
    is_content_type,
    part_head,
    tail,
)
from plextera_async.errors import InvalidInputError


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.pdf", "application/pdf"),
        ("A.PDF", "application/pdf"),
        ("a.b.pdf", "application/pdf"),
        (".pdf", "application/pdf"),
        ("a.csv", "text/csv"),
        ("a.txt", "text/plain"),
        ("a.html", "text/html"),
        ("a.htm", "text/html"),
        ("a.jpg", "image/jpeg"),
        ("a.jpeg", "image/jpeg"),
        ("a.png", "image/png"),
        ("a.tif", "image/tiff"),
        ("a.tiff", "image/tiff"),
        ("a.webp", "image/webp"),
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("a.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
        ("a.zip", "application/zip"),
        ("a.mp3", "audio/mpeg"),
        ("a.mp4", "video/mp4"),
        ("a", FALLBACK_TYPE),
        ("", FALLBACK_TYPE),
        ("a.", FALLBACK_TYPE),
        ("a.nosuchending", FALLBACK_TYPE),
        ("a.txt.gz", FALLBACK_TYPE),
        ("a.pdf/b", FALLBACK_TYPE),
        ("data:text/html,x", FALLBACK_TYPE),
        ("a.p\ndf", FALLBACK_TYPE),
    ],
)
def test_the_ending_of_a_name_tells_the_media_type(name: str, kind: str):
    assert guess_content_type(name) == kind


@given(st.text(max_size=30))
def test_a_guess_is_always_a_media_type(name: str):
    assert is_content_type(guess_content_type(name))


@pytest.mark.parametrize(
    "value",
    ["text/plain", "application/vnd.a+json", "text/plain; charset=utf-8", 'text/plain ;a="b c"', "x/y;"],
)
def test_media_types_pass(value: str):
    check_content_type(value)

    assert is_content_type(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "pdf",
        "/pdf",
        "a/",
        "a/b/c",
        "a/b c",
        "a/b\r\nX-Evil: 1",
        "a/b; x\ny",
        "a/b; x\x00",
        "a/b\n",
        "ä/b",
        "a/b; ü",
        None,
        b"a/b",
        5,
    ],
)
def test_what_is_no_media_type_is_refused_and_not_quoted(value: object):
    with pytest.raises(InvalidInputError, match=r"^content_type must look like application/pdf$"):
        check_content_type(value)


@pytest.mark.parametrize(
    ("name", "content_type", "file_name", "head"),
    [
        ("tags", None, None, b'Content-Disposition: form-data; name="tags"\r\n'),
        (
            "file",
            "application/pdf",
            "a.pdf",
            b'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n',
        ),
        ("f", None, 'a"b\\c', b'Content-Disposition: form-data; name="f"; filename="a\\"b\\\\c"\r\n'),
        (
            "f",
            None,
            "a\r\nb\x00\x7f",
            b'Content-Disposition: form-data; name="f"; filename="a%0D%0Ab%00%7F"\r\n',
        ),
        (
            "ü",
            None,
            "日本 100%.pdf",
            'Content-Disposition: form-data; name="ü"; filename="日本 100%.pdf"\r\n'.encode(),
        ),
        ("f", None, "a\udcffb", b'Content-Disposition: form-data; name="f"; filename="a?b"\r\n'),
        ("f", None, "", b'Content-Disposition: form-data; name="f"; filename=""\r\n'),
    ],
)
def test_a_head_carries_names_as_they_are(
    name: str, content_type: str | None, file_name: str | None, head: bytes
):
    assert part_head("B", name, content_type, file_name) == b"--B\r\n" + head + b"\r\n"


@given(
    name=st.text(st.characters(exclude_categories=[])),
    file_name=st.text(st.characters(exclude_categories=[])),
)
def test_no_name_breaks_out_of_its_head(name: str, file_name: str):
    head = part_head("B", name, "text/plain", file_name)
    lines = head.split(b"\r\n")

    assert len(lines) == 5
    assert lines[3:] == [b"", b""]
    assert not re.search(rb"[\x00-\x1f\x7f]", b"".join(lines))
    assert re.fullmatch(rb'[^"]*"(?:[^"\\]|\\.)*"; filename="(?:[^"\\]|\\.)*"', lines[1])
    parsed = BytesParser().parsebytes(b"\r\n".join(lines[1:]))
    assert parsed.keys() == ["Content-Disposition", "Content-Type"]


def test_the_tail_closes_the_body():
    assert tail("B") == b"--B--\r\n"
