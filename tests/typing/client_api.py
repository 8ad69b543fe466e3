"""What type checkers are to see in the public API. Never run: mypy and pyright read it."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, assert_type

import aiohttp
import anyio

from plextera_async import (
    DEFAULT,
    AsyncPlextera,
    ClientOptions,
    Document,
    ExtractionHandle,
    ExtractJobHandle,
    FormFile,
    Handle,
    Limits,
    Outcome,
    Pace,
    Paces,
    Page,
    Pages,
    PlexteraError,
    PollPolicy,
    RetryPolicy,
    RunHandle,
    Timeouts,
    models,
)
from plextera_async.webhooks import WebhookReceiver


def making(session: aiohttp.ClientSession, receiver: WebhookReceiver) -> None:
    options = ClientOptions(
        timeouts=Timeouts(connect=1, read=2.5, total=None),
        retry=RetryPolicy(max_attempts=3, first_delay=1, max_delay=10, max_retry_after=60),
        polling=PollPolicy(first_delay=1, max_delay=10, wait_timeout=None),
        limits=Limits(concurrency=10),
        reconcile=False,
        retry_uploads=False,
    )
    client = AsyncPlextera("key", base_url="https://x.example", options=options, session=session)
    assert_type(client.base_url, str)
    assert_type(client.with_options(retry=RetryPolicy()), AsyncPlextera)
    assert_type(client.pace, Paces)
    assert_type(client.pace.uploads, Pace)
    assert_type(client.pace.reads.per_second, float | None)
    assert_type(client.pace.creates.paused_for, float)
    assert_type(client.pace.creates.in_flight, int)
    assert_type(AsyncPlextera(), AsyncPlextera)
    assert_type(AsyncPlextera("key", events=receiver), AsyncPlextera)


async def opening() -> None:
    async with AsyncPlextera() as client:
        assert_type(client, AsyncPlextera)
        assert_type(await client.aclose(), None)
        assert_type(await client.request("GET", "/x", query={"a": 1}, json=[None]), Any)


async def pieces() -> AsyncIterator[bytes]:
    yield b""


async def files(client: AsyncPlextera) -> None:
    file = await client.files.upload("path.pdf", name="a.pdf", content_type="application/pdf")
    assert_type(file, models.File)
    assert_type(file.id, str)
    assert_type(await client.files.get("id"), models.File)
    assert_type(await client.files.read("id"), bytes)
    assert_type(await client.files.download("id", "to.pdf", overwrite=True), Path)
    assert_type(await client.files.download("id", Path("to.pdf")), Path)
    async with client.files.stream("id") as chunks:
        assert_type(chunks, AsyncIterator[bytes])
        async for chunk in chunks:
            assert_type(chunk, bytes)


async def sources(client: AsyncPlextera, request: aiohttp.StreamReader, file: BinaryIO) -> None:
    upload = client.files.upload
    await upload(Path("a"))
    await upload(b"x")
    await upload(bytearray(b"x"))
    await upload(memoryview(b"x"))
    await upload(BytesIO(b"x"))
    await upload(file)
    async with await anyio.open_file("a", "rb") as async_file:
        await upload(async_file)
    await upload(request)
    await upload(pieces())
    await upload(pieces)
    await upload(lambda: Path("a"))
    await upload(lambda: BytesIO(b"x"))
    await upload(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await upload(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def extractions(client: AsyncPlextera) -> None:
    handle = await client.extractions.create(file_id="f", tags={"a": "b"}, key="k")
    assert_type(handle, ExtractionHandle)
    assert_type(handle.id, str)
    assert_type(handle.latest, models.Extraction | None)
    assert_type(handle.status, str | None)
    assert_type(handle.request_id, str | None)
    assert_type(await handle.wait(), models.Extraction)
    assert_type(await handle.wait(timeout=5, check=False), models.Extraction)
    assert_type(await handle.wait(timeout=None), models.Extraction)
    assert_type(await handle.wait(timeout=DEFAULT), models.Extraction)
    assert_type(await handle.result(timeout=5), models.ExtractionOutput)
    assert_type(await handle.refresh(), models.Extraction)
    async for snapshot in handle.watch():
        assert_type(snapshot, models.Extraction)
    assert_type(await client.extractions.upload(b"x", tags=None), ExtractionHandle)
    assert_type(client.extractions.handle("id"), ExtractionHandle)
    assert_type(await client.extractions.find("k", since=datetime.now(UTC)), ExtractionHandle | None)
    assert_type(handle.also_created, tuple[str, ...])
    assert_type(await client.extractions.get("id"), models.Extraction)
    feedback = await client.extractions.feedback("id", "text", type=models.FeedbackType.INFO, field_id="f")
    assert_type(feedback, models.ExtractionFeedback)
    general: Handle[models.Extraction] = handle
    assert_type(general.id, str)


def few() -> Iterator[Document]:
    yield Document("a.pdf", name="b.pdf", content_type="application/pdf", tags={"a": "b"}, key="k")
    yield Document(url="https://x.example")
    yield Document(file_id="f")
    yield Document("a.pdf", "https://x.example")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def many(client: AsyncPlextera) -> None:
    async with client.extract_many(few(), concurrency=5, ordered=True) as outcomes:
        async for outcome in outcomes:
            assert_type(outcome, Outcome)
            assert_type(outcome.index, int)
            assert_type(outcome.document, Document)
            assert_type(outcome.id, str | None)
            assert_type(outcome.extraction, models.Extraction | None)
            assert_type(outcome.error, PlexteraError | None)
            assert_type(outcome.unwrap(), models.Extraction)
            assert_type(await outcome.ack(), None)
    client.extract_many(["a.pdf", Path("b.pdf"), b"c", Document(b"d")])
    client.extract_many(iter([Path("a.pdf")]))
    client.extract_many([pieces, BytesIO(b"x")])
    client.extract_many(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def fields(output: models.ExtractionOutput) -> None:
    for field in output.fields:
        assert_type(field, models.ExtractedField)
        assert_type(field.id, str | None)
        assert_type(field.value, Any)
        assert_type(field.confidence, float | None)


async def lists(client: AsyncPlextera) -> None:
    pages = client.extractions.list(status="FAILED", sort_by="createdAt", sort=models.SortOrder.ASC, size=10)
    assert_type(pages, Pages[models.Extraction])
    page = await pages
    assert_type(page, Page[models.Extraction])
    assert_type(page.items[0], models.Extraction)
    assert_type(page.page_info, models.PageInfo | None)
    async for item in pages:
        assert_type(item, models.Extraction)
    async for one in pages.by_page():
        assert_type(one, Page[models.Extraction])
    assert_type(pages.drift_detected, bool)
    assert_type(client.runs.list(status=models.RunStatus.CLOSED), Pages[models.WorkflowRun])
    assert_type(client.jobs.list(), Pages[models.ExtractJob])
    assert_type(client.event_subscriptions.list(event_type="x"), Pages[models.EventSubscription])


async def jobs(client: AsyncPlextera) -> None:
    handle = await client.jobs.extract(file_id="f", hub_id="h", metadata={"a": "b"})
    assert_type(handle, ExtractJobHandle)
    assert_type(await handle.wait(), models.ExtractJob)
    assert_type(await handle.result(), models.ExtractionOutput)
    assert_type(await client.jobs.get("id"), models.ExtractJob)
    assert_type(await client.jobs.feedback("id", "text", field_id="f"), models.ExtractJobFeedback)
    assert_type(client.jobs.handle("id"), ExtractJobHandle)


async def runs(client: AsyncPlextera) -> None:
    handle = await client.runs.start("daily", {"any": ["json", None]})
    assert_type(handle, RunHandle)
    assert_type(await handle.wait(), models.WorkflowRun)
    fields: dict[str, Any] = {"file": FormFile("a.pdf", name="b.pdf", content_type="application/pdf")}
    assert_type(await client.runs.start_form("daily", fields), RunHandle)
    assert_type(await client.runs.get("id"), models.WorkflowRun)
    assert_type(client.runs.handle("id"), RunHandle)


async def subscriptions(client: AsyncPlextera) -> None:
    calls = client.event_subscriptions
    made = await calls.create(
        endpoint_url="https://x.example",
        event_types=[models.EventType.WORKFLOW_RUN_COMPLETED, "new.type"],
        signing_secret="s",
        workflow_id="w",
    )
    assert_type(made, models.EventSubscription)
    assert_type(await calls.get("id"), models.EventSubscription)
    assert_type(await calls.update("id", status="paused"), models.EventSubscription)
    assert_type(await calls.pause("id"), models.EventSubscription)
    assert_type(await calls.resume("id"), models.EventSubscription)
    assert_type(await calls.rotate_secret("id", "s"), models.EventSubscription)
    assert_type(await calls.delete("id"), None)
