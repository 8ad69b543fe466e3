"""What type checkers are to see of ingestion. Never run: mypy and pyright read it."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import assert_type

from plextera_async import AsyncPlextera, Document, Outcome, models
from plextera_async.ingest import Counts, Figures, Ingest, IngestRun


async def source() -> AsyncIterator[Document]:
    yield Document("a.pdf")


async def ingesting(client: AsyncPlextera) -> None:
    ingest = Ingest(
        client, ledger=Path("ingest.sqlite"), on_ambiguous="hold", content_hash=True, concurrency=10
    )
    async with ingest.run(["a.pdf", Path("b.pdf"), Document(b"x", key="mine")]) as outcomes:
        assert_type(outcomes, IngestRun)
        async for outcome in outcomes:
            assert_type(outcome, Outcome)
            assert_type(outcome.unwrap(), models.Extraction)
            assert_type(await outcome.ack(), None)
        assert_type(outcomes.figures, Figures)
        assert_type(outcomes.figures.waiting, int)
        assert_type(await outcomes.counts(), Counts)
        assert_type(outcomes.stop(), None)
    counts: Mapping[str, int] = (await outcomes.counts()).by_state  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    assert_type(counts, Mapping[str, int])
    Ingest(client, ledger="ingest.sqlite").run(source())
    Ingest(client, ledger="ingest.sqlite", on_ambiguous="ask")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Ingest(client)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
