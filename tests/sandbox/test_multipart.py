"""Reading multipart/form-data piece by piece."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plextera_async.sandbox.wire.answers import RefusedError
from plextera_async.sandbox.wire.multipart import MultipartReader, PartHead, Read, boundary_of

BOUNDARY = b"bound"


def reading(body: bytes, size: int = 1 << 20) -> Read:
    """Give *body* in chunks of *size*."""
    chunks = [body[start : start + size] for start in range(0, len(body), size)]

    async def read() -> bytes:
        return chunks.pop(0) if chunks else b""

    return read


async def parts_of(body: bytes, size: int = 1 << 20) -> list[tuple[PartHead, bytes]]:
    reader = MultipartReader(reading(body, size), BOUNDARY)
    found = []
    while (head := await reader.next_part()) is not None:
        found.append((head, b"".join([chunk async for chunk in reader.chunks()])))
    return found


def part(disposition: str, content: bytes = b"x", more: str = "") -> bytes:
    head = f"--bound\r\nContent-Disposition: {disposition}\r\n{more}\r\n".encode()
    return head + content + b"\r\n--bound--\r\n"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.binary(max_size=60) | st.sampled_from([b"\r\n--boun", b"--bound", b"\r\n", b"\r\n\r\n--"]),
        max_size=5,
    ),
    st.integers(1, 40),
    st.sampled_from([b"", b"preamble\r\n", b"preamble --bound\r\n"]),
)
async def test_parts_come_out_as_they_went_in_however_the_body_is_cut(
    contents: list[bytes], size: int, preamble: bytes
) -> None:
    contents = [content for content in contents if b"\r\n--bound" not in b"\r\n" + content]
    body = preamble
    for number, content in enumerate(contents):
        head = f'--bound\r\nContent-Disposition: form-data; name="p{number}"\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    body += b"--bound--\r\nepilogue"

    assert await parts_of(body, size) == [
        (PartHead(f"p{number}", None, None), content) for number, content in enumerate(contents)
    ]


async def test_a_part_that_is_not_read_is_skipped() -> None:
    body = part('form-data; name="a"', b"one").replace(b"--bound--", part('form-data; name="b"', b"two"))
    reader = MultipartReader(reading(body, 7), BOUNDARY)

    heads = [await reader.next_part(), await reader.next_part(), await reader.next_part()]

    assert [head and head.name for head in heads] == ["a", "b", None]


@pytest.mark.parametrize(
    ("disposition", "name", "file_name"),
    [
        ('form-data; name="a"; filename="b.txt"', "a", "b.txt"),
        ("form-data; name=a; filename=b.txt", "a", "b.txt"),
        ('FORM-DATA;NAME="a";FILENAME=""', "a", ""),
        (r'form-data; name="a"; filename="q\"b\\c.txt"', "a", 'q"b\\c.txt'),
        (r'form-data; name="a"; filename="C:\dir\b.txt"', "a", r"C:\dir\b.txt"),
        ('form-data; name="a"; filename="%22b%22%0D%0A%41.txt"', "a", '"b"\r\n%41.txt'),
        ('form-data; name="a"; filename="r\u00e9sum\u00e9;\u5c65.txt"', "a", "r\u00e9sum\u00e9;\u5c65.txt"),
        ('form-data; name="a"; filename="x"; filename*=UTF-8\'\'r%C3%A9.txt', "a", "r\u00e9.txt"),
        ('form-data; name="a"; filename="x"; filename*=latin-1\'\'r%E9.txt', "a", "x"),
    ],
)
async def test_names_are_read_however_they_are_escaped(disposition: str, name: str, file_name: str) -> None:
    [(head, content)] = await parts_of(part(disposition, more="Content-Type: text/plain\r\n"))

    assert head == PartHead(name, file_name, "text/plain")
    assert content == b"x"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no boundary at all",
        b"--bound",
        b"--bound\r\n",
        b"--bound\r\nContent-Disposition: form-data; name=a\r\n\r\nno end",
        b"--bound\r\n\r\nno headers\r\n--bound--\r\n",
        b"--bound nonsense\r\n\r\n",
        b"--bound" + b" " * 20_000,
        b"--bound\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        part("attachment; name=a"),
        part("form-data; filename=a"),
        part('form-data; name="a"', more="Content-Transfer-Encoding: base64\r\n"),
        part('form-data; name="a"', more="no colon\r\n"),
        part('form-data; name="a"').replace(b"--bound--", b"") * 1001,
    ],
)
async def test_what_breaks_the_format_is_refused(body: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        await parts_of(body, 1000)

    assert caught.value.status == 400


async def test_blanks_behind_a_boundary_are_fine() -> None:
    body = part('form-data; name="a"').replace(b"--bound\r\n", b"--bound \t\r\n")

    assert len(await parts_of(body)) == 1


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('multipart/form-data; charset=utf-8; BOUNDARY="a b"; x=y', b"a b"),
        ("multipart/form-data; boundary=abc; x=y", b"abc"),
    ],
)
def test_the_boundary_is_taken_from_the_content_type(content_type: str, boundary: bytes) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "rest", ["", "; boundary=", '; boundary=""', "; boundary=" + "x" * 71, "; boundary=\u00e9"]
)
def test_a_form_without_a_usable_boundary_is_refused(rest: str) -> None:
    with pytest.raises(RefusedError):
        boundary_of("multipart/form-data" + rest)
