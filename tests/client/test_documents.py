"""Documents and their outcomes as values."""

import pickle
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from plextera_async import Document, Outcome, errors, models
from plextera_async.client.documents import as_document

DONE = models.Extraction(id="e1", status=models.ExtractionStatus.COMPLETED)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"source": b"x", "url": "https://x.example"},
        {"source": "a.pdf", "file_id": "f"},
        {"url": "https://x.example", "file_id": "f"},
        {"url": "https://x.example", "name": "a.pdf"},
        {"file_id": "f", "content_type": "application/pdf"},
    ],
)
def test_what_can_be_no_document_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidInputError):
        Document(**given)


@pytest.mark.parametrize(
    ("document", "shown"),
    [
        (Document("secret.pdf", name="secret", tags={"secret": "secret"}, key="secret"), "<Document source>"),
        (Document(b"secret"), "<Document source>"),
        (Document(url="https://secret.example/"), "<Document url>"),
        (Document(file_id="f_1"), "<Document file f_1>"),
    ],
)
def test_a_document_shows_nothing_private(document: Document, shown: str) -> None:
    assert repr(document) == str(document) == shown


def test_a_document_is_a_value() -> None:
    tags = {"a": "b"}
    document = Document("a.pdf", tags=tags)
    tags["a"] = "c"

    assert document.tags == {"a": "b"}
    assert document == Document("a.pdf", tags={"a": "b"})
    assert hash(document) == hash(Document("b.pdf"))
    assert document != Document("a.pdf")
    assert pickle.loads(pickle.dumps(document)) == document  # noqa: S301 - our own
    with pytest.raises(AttributeError):
        document.key = "k"  # type: ignore[misc]


async def pieces() -> AsyncIterator[bytes]:
    yield b""


@pytest.mark.parametrize("source", ["a.pdf", Path("a.pdf"), b"x", pieces, pieces()])
def test_a_plain_source_becomes_a_document(source: Any) -> None:
    assert as_document(source).source is source


def test_a_document_stays_what_it_is() -> None:
    document = Document(b"x")
    assert as_document(document) is document


def test_an_outcome_gives_the_extraction_or_raises() -> None:
    error = errors.ExtractionRejectedError(DONE)

    assert Outcome(0, Document(b"x"), "e1", DONE).unwrap() is DONE
    with pytest.raises(errors.ExtractionRejectedError) as caught:
        Outcome(0, Document(b"x"), "e1", DONE, error).unwrap()
    assert caught.value is error


async def test_an_outcome_is_acknowledged_where_there_is_a_journal() -> None:
    calls: list[int] = []

    async def note() -> None:
        calls.append(1)

    assert await Outcome(0, Document(b"x")).ack() is None
    await Outcome(0, Document(b"x"), on_ack=note).ack()
    assert calls == [1]


def test_an_outcome_shows_nothing_private() -> None:
    document = Document("secret.pdf", tags={"secret": "secret"})
    error = errors.InvalidInputError("secret")

    assert repr(Outcome(3, document, "e1", DONE)) == "<Outcome 3 e1 COMPLETED>"
    assert repr(Outcome(4, document, error=error)) == "<Outcome 4 not submitted InvalidInputError>"
