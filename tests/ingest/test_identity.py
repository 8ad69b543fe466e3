"""What the ledger knows a document again by."""

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import pytest

from plextera_async import Document
from plextera_async._aio.parts import MAX_BYTES
from plextera_async._sansio.inputs import KEY_TAG
from plextera_async.errors import InvalidInputError
from plextera_async.ingest.identity import content_hash, identify, without_query
from plextera_async.ingest.rows import Entry


async def known(document: Document, new_key: str = "made") -> Entry:
    return await identify(document, lambda: new_key)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "a.txt"
    made.write_text("Total: 1\n")
    return made


def change(path: Path, content: str) -> None:
    path.write_text(content)


async def test_a_path_is_known_again_however_it_is_written(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(path.parent)
    first = await known(Document(path))

    assert (first.key, first.source) == ("made", str(path))
    for same in ("a.txt", Path("a.txt"), f"./../{path.parent.name}/a.txt"):
        assert (await known(Document(same), "another")).identity == first.identity


async def test_a_file_that_has_changed_is_another_document(path: Path):
    first = await known(Document(path))
    change(path, "Total: 22\n")
    longer = await known(Document(path))
    os.utime(path, ns=(1, 1))
    older = await known(Document(path))

    assert len({first.identity, longer.identity, older.identity}) == 3


async def test_name_type_and_tags_make_no_other_document(path: Path):
    plain = await known(Document(path))
    full = await known(Document(path, name="b.txt", content_type="text/plain", tags={"a": "b"}))

    assert plain.identity == full.identity


async def test_a_path_that_cannot_be_looked_at_is_a_document_too(path: Path):
    missing = await known(Document(path.with_name("nowhere")))
    with_null = await known(Document("a\0b"))

    assert missing.source == str(path.with_name("nowhere"))
    assert missing.identity != with_null.identity


async def test_a_name_that_is_no_text_is_shown_as_text(tmp_path: Path):
    entry = await known(Document(os.fsdecode(bytes(tmp_path) + b"/caf\xe9.txt")))

    assert entry.source == f"{tmp_path}/caf\\xe9.txt"


async def test_addresses_and_ids_are_known_again_and_told_apart():
    documents = [
        Document(url="https://example.com/a.pdf?x=1"),
        Document(url="https://example.com/a.pdf?x=2"),
        Document(file_id="https://example.com/a.pdf?x=1"),
        Document(Path("/a.pdf"), key="https://example.com/a.pdf?x=1"),
        Document("https://example.com/a.pdf?x=1"),
    ]
    entries = [await known(document) for document in documents]

    assert len({entry.identity for entry in entries}) == len(documents)
    assert [(await known(document)).identity for document in documents] == [e.identity for e in entries]
    assert "x=1" not in str(entries[0].source)


@pytest.mark.parametrize("source", [b"x", bytearray(b"x"), io.BytesIO(b"x"), lambda: b"x"])
async def test_what_would_not_be_known_again_needs_a_key(source: Any):
    with pytest.raises(InvalidInputError, match="the ledger would not know it again: give it a key"):
        await known(Document(source))
    with_key = await known(Document(source, key="mine"))
    with_tag = await known(Document(source, tags={KEY_TAG: "mine"}))

    assert (with_key.key, with_key.source) == ("mine", None)
    assert with_tag == with_key


async def test_a_key_is_the_whole_identity(path: Path):
    first = await known(Document(path, key="mine"))
    change(path, "something else")

    assert (await known(Document(path, key="mine"))).identity == first.identity
    assert first.source == str(path)
    assert (await known(Document(url="https://example.com/a?x=1", key="mine"))).identity == first.identity


async def test_a_key_that_is_no_text_is_refused():
    wrong: Any = 5
    with pytest.raises(InvalidInputError, match="key must be text, not int"):
        await known(Document(b"x", key=wrong))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com/a/b.pdf?signature=secret#part", "https://example.com/a/b.pdf"),
        ("https://user:password@example.com/a", "https://example.com/a"),
        ("https://[broken", "an address that cannot be read"),
        ("nonsense", "an address that cannot be read"),
        ("user:password@example.com/a", "an address that cannot be read"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(url: str, shown: str):
    assert without_query(url) == shown


async def test_bytes_and_paths_are_hashed_by_their_content(path: Path):
    expected = hashlib.sha256(b"Total: 1\n").digest()

    assert await content_hash(Document(path)) == expected
    for source in (b"Total: 1\n", bytearray(b"Total: 1\n"), memoryview(b"Total: 1\n")):
        assert await content_hash(Document(source)) == expected


async def test_what_cannot_be_read_ahead_has_no_hash(path: Path, tmp_path: Path):
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    os.mkfifo(tmp_path / "pipe")
    sources: list[Any] = [
        io.BytesIO(b"x"),
        lambda: b"x",
        huge,
        tmp_path / "pipe",
        tmp_path,
        "nowhere",
        "a\0b",
    ]

    assert [await content_hash(Document(source)) for source in sources] == [None] * len(sources)
    assert await content_hash(Document(file_id="file_1")) is None
