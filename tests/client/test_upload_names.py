"""File names and media types arrive as they are."""

import io
from pathlib import Path
from typing import Any

import pytest

from plextera_async import AsyncPlextera, FormFile
from plextera_async.sandbox import Sandbox
from tests.support.sources import UploadFile

NAMES = [
    "plain.pdf",
    "Befund Müller 検査.pdf",
    'with "quotes".pdf',
    "back\\slash.pdf",
    "per%22cent.txt",
    "semi;colon=1.csv",
    "'apostrophe'.html",
    "x" * 200 + ".pdf",
    "no ending",
]


@pytest.mark.parametrize("name", [n for n in NAMES if "%" not in n])
async def test_a_given_name_arrives(sandbox: Sandbox, client: AsyncPlextera, name: str) -> None:
    file = await client.files.upload(b"content", name=name)

    assert file.name == sandbox.requests[0].file_name == name


@pytest.mark.parametrize("name", [n for n in NAMES if "%" not in n])
async def test_the_name_of_a_path_arrives(
    sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"content")

    await client.extractions.upload(tmp_path / name)

    assert sandbox.requests[0].file_name == name


@pytest.mark.parametrize(
    "evil", ['a"\r\nX-Evil: 1\r\n\r\nbody', "a\nb", "a\rb", "a\x00b", "a\x7fb", "\r\n--"]
)
async def test_a_name_cannot_leave_its_line(sandbox: Sandbox, client: AsyncPlextera, evil: str) -> None:
    file = await client.files.upload(b"content", name=evil)

    assert file.size_bytes == len(b"content")
    assert await client.files.read(file.id) == b"content"
    assert sandbox.requests[0].file_content_type == "application/octet-stream"


async def test_a_name_that_is_no_unicode_is_replaced(sandbox: Sandbox, client: AsyncPlextera) -> None:
    await client.files.upload(b"content", name="a\udcff.txt")

    assert sandbox.requests[0].file_name == "a?.txt"


@pytest.mark.parametrize(
    ("source", "given", "expected"),
    [
        (b"x", {}, ("document", "application/octet-stream")),
        (b"x", {"name": "a.PDF"}, ("a.PDF", "application/pdf")),
        (b"x", {"name": "a.csv"}, ("a.csv", "text/csv")),
        (b"x", {"name": "a.pdf", "content_type": "image/png"}, ("a.pdf", "image/png")),
        (b"x", {"content_type": "text/plain; charset=utf-8"}, ("document", "text/plain; charset=utf-8")),
        (UploadFile(io.BytesIO(b"x"), "up.docx", "image/tiff"), {}, ("up.docx", "image/tiff")),
        (UploadFile(io.BytesIO(b"x"), "up.webp"), {}, ("up.webp", "image/webp")),
        (UploadFile(io.BytesIO(b"x")), {}, ("document", "application/octet-stream")),
        (UploadFile(io.BytesIO(b"x"), "up.pdf", "no type\r\nX: y"), {}, ("up.pdf", "application/pdf")),
        (UploadFile(io.BytesIO(b"x"), "/etc/up.txt"), {}, ("up.txt", "text/plain")),
    ],
)
async def test_name_and_type_have_an_order_of_sources(
    sandbox: Sandbox, client: AsyncPlextera, source: Any, given: dict[str, str], expected: tuple[str, str]
) -> None:
    await client.files.upload(source, **given)

    assert (sandbox.requests[0].file_name, sandbox.requests[0].file_content_type) == expected


async def test_an_open_file_has_its_own_name(sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path) -> None:
    (tmp_path / "own.html").write_bytes(b"<p>")
    with (tmp_path / "own.html").open("rb") as file:
        await client.files.upload(file)

    assert sandbox.requests[0].file_name == "own.html"
    assert sandbox.requests[0].file_content_type == "text/html"


async def test_a_form_has_text_json_and_several_files(
    sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path
) -> None:
    (tmp_path / "one.txt").write_bytes(b"one")
    (tmp_path / "two.txt").write_bytes(b"two")

    run = await client.runs.start_form(
        "daily",
        {
            'te"xt': "väl\r\nue",
            "json": {"a": [1, None, "ü"]},
            "numbers": [1, 2],
            "files": [tmp_path / "one.txt", FormFile(str(tmp_path / "two.txt"), name="zwei.txt")],
            "more": b"bytes",
        },
    )

    assert (await run.wait()).status == "COMPLETED"
    seen = sandbox.world.runs[run.id].input
    assert {
        name: value for name, value in seen.items() if not isinstance(value, list) or name == "numbers"
    } == {
        'te"xt': "väl\r\nue",
        "json": {"a": [1, None, "ü"]},
        "numbers": [1, 2],
    }
    assert [file["fileName"] for file in seen["files"]] == ["one.txt", "zwei.txt"]
    assert await client.files.read(seen["files"][1]["fileId"]) == b"two"
    assert await client.files.read(seen["more"][0]["fileId"]) == b"bytes"
    assert sandbox.requests[0].headers["content-type"].startswith("multipart/form-data; boundary=")
    assert int(sandbox.requests[0].headers["content-length"]) == sandbox.requests[0].body_length
