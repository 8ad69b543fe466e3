"""Many documents at one time: one outcome for each, whatever happens to it."""

import asyncio
import gc
import io
import itertools
import weakref
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from plextera_async import AsyncPlextera, Document, Outcome, errors
from plextera_async.options import PollPolicy
from plextera_async.sandbox import Fault, Sandbox, Timing
from tests.support.clocks import FakeClock
from tests.support.many import outcomes_of, posts, text
from tests.support.waiting import until


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("concurrency", [None, 1, 7])
async def test_every_document_has_one_outcome(
    sandbox: Sandbox, client: AsyncPlextera, concurrency: int | None, *, ordered: bool
) -> None:
    outcomes = await outcomes_of(client, map(text, range(30)), concurrency=concurrency, ordered=ordered)

    if not ordered:
        outcomes.sort(key=lambda outcome: outcome.index)
    assert [outcome.index for outcome in outcomes] == list(range(30))
    for number, outcome in enumerate(outcomes):
        assert outcome.error is None
        assert outcome.document == Document(text(number))
        extraction = outcome.unwrap()
        assert extraction.id == outcome.id
        assert extraction.output is not None
        assert extraction.output.fields[0].value == number
        await outcome.ack()
    assert posts(sandbox) == len(sandbox.world.extractions) == 30


async def test_every_kind_of_document(sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path) -> None:
    path, other = tmp_path / "a.txt", tmp_path / "b.txt"
    path.write_bytes(text(1))
    other.write_bytes(text(7))
    file = await client.files.upload(text(2), name="b.txt")
    sandbox.add_url("https://x.example/c.txt", text(3))

    async def pieces() -> AsyncIterator[bytes]:
        yield text(4)

    async def documents() -> AsyncIterator[Any]:
        yield path
        yield str(other)
        yield Document(file_id=file.id, tags={"a": "b"}, key="two")
        yield Document(url="https://x.example/c.txt")
        yield pieces()
        yield lambda: io.BytesIO(text(5))
        yield Document(text(6), name="six.txt", content_type="text/plain", tags={"n": "6"}, key="six")

    outcomes = await outcomes_of(client, documents(), ordered=True)

    assert [outcome.error for outcome in outcomes] == [None] * 7
    made = list(sandbox.world.extractions.values())
    tags = {tuple(sorted((one.tags or {}).items())) for one in made}
    assert (("a", "b"), ("plexteraClientKey", "two")) in tags
    assert (("n", "6"), ("plexteraClientKey", "six")) in tags
    assert all("plexteraClientKey" in (one.tags or {}) for one in made)


async def test_each_end_has_its_error(sandbox: Sandbox, client: AsyncPlextera) -> None:
    documents = [
        text(1),
        text(1),  # rejected: the same again
        Document(url="https://x.example/unknown"),  # fails: there is nothing
        Document(file_id="missing"),
        text(2),
    ]

    outcomes = await outcomes_of(client, documents, ordered=True, concurrency=1)

    assert [type(outcome.error) for outcome in outcomes] == [
        type(None),
        errors.ExtractionRejectedError,
        errors.ExtractionFailedError,
        errors.NotFoundError,
        type(None),
    ]
    assert [outcome.id is None for outcome in outcomes] == [False, False, False, True, False]
    assert outcomes[1].extraction is not None
    assert outcomes[1].extraction.status == "REJECTED"
    with pytest.raises(errors.ExtractionFailedError):
        outcomes[2].unwrap()


async def test_an_end_that_this_release_does_not_know_is_an_error(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    sandbox.timing = Timing(queued=1e6)

    def end(_seconds: float) -> None:
        sandbox.force(next(iter(sandbox.world.extractions)), status="ARCHIVED", ended=True)

    clock.on_sleep = end
    (outcome,) = await outcomes_of(client, [text(1)])

    assert isinstance(outcome.error, errors.JobFailedError)


async def test_a_wait_that_runs_out_is_an_error_with_an_id(sandbox: Sandbox, client: AsyncPlextera) -> None:
    sandbox.timing = Timing(queued=1e6)
    view = client.with_options(polling=PollPolicy(wait_timeout=30))

    (outcome,) = await outcomes_of(view, [text(1)])

    assert isinstance(outcome.error, errors.WaitTimeoutError)
    assert outcome.id in sandbox.world.extractions
    assert outcome.extraction is not None


async def test_an_unknown_fate_is_that_outcome_s_error(sandbox: Sandbox, client: AsyncPlextera) -> None:
    sandbox.faults.add(Fault(method="POST", status=502))

    outcomes = await outcomes_of(client, [text(1), text(2)], concurrency=1, ordered=True)

    assert isinstance(outcomes[0].error, errors.AmbiguousCreateError)  # no list has shown tags so far
    assert outcomes[1].error is None
    assert posts(sandbox) == 2


async def test_lost_answers_cost_nothing_and_double_nothing(sandbox: Sandbox, client: AsyncPlextera) -> None:
    await client.extractions.upload(text(1000))
    for apply in (True, False):
        sandbox.faults.add(Fault(method="POST", drop="after_body", apply=apply, times=5))
        sandbox.faults.add(Fault(method="POST", status=500, apply=apply, times=5))

    outcomes = await outcomes_of(client, map(text, range(100)), concurrency=10)

    assert len(outcomes) == 100
    assert {type(outcome.error) for outcome in outcomes} <= {type(None), errors.AmbiguousCreateError}
    completed = [outcome for outcome in outcomes if outcome.error is None]
    assert len(completed) == len({outcome.id for outcome in completed}) >= 90
    assert len(sandbox.world.extractions) == 101 - (100 - len(completed))
    assert {one.status for one in sandbox.world.extractions.values()} == {"COMPLETED"}


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_refused_is_not_tried_again_and_again(
    sandbox: Sandbox, client: AsyncPlextera, status: int
) -> None:
    sandbox.faults.add(Fault(method="POST", status=status, times=None))

    outcomes = await outcomes_of(client, map(text, range(1000)), concurrency=5)

    assert len(outcomes) == 1000
    assert {getattr(outcome.error, "status", None) for outcome in outcomes} == {status}
    assert posts(sandbox) <= 5


async def test_a_key_that_is_refused_later_leaves_what_was_submitted_alone(
    sandbox: Sandbox, client: AsyncPlextera
) -> None:
    async def documents() -> AsyncIterator[bytes]:
        yield text(1)
        await until(lambda: sandbox.world.extractions)
        sandbox.faults.add(Fault(method="POST", status=401, times=None))
        for number in range(2, 50):
            yield text(number)

    outcomes = await outcomes_of(client, documents(), ordered=True, concurrency=3)

    assert outcomes[0].error is None
    assert all(isinstance(outcome.error, errors.AuthenticationError) for outcome in outcomes[1:])


class OddError(Exception):
    pass


async def test_a_failing_iteration_is_raised_after_what_was_begun(client: AsyncPlextera) -> None:
    taken: list[Outcome] = []

    def documents() -> Iterator[bytes]:
        yield text(1)
        yield text(2)
        raise OddError

    async def take() -> None:
        async with client.extract_many(documents()) as outcomes:
            async for outcome in outcomes:
                taken.append(outcome)  # noqa: PERF401 - what came before the error is what matters

    with pytest.raises(OddError):
        await take()
    assert [outcome.error for outcome in taken] == [None, None]


def ours() -> list[str]:
    """Name the tasks of pipelines; the sandbox has some of its own on this loop."""
    names = (getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
    return [name for name in names if name.startswith(("Fanout.", "_Pipeline."))]


async def test_leaving_early_stops_everything(client: AsyncPlextera) -> None:
    ended: list[bool] = []

    async def documents() -> AsyncIterator[bytes]:
        try:
            for number in itertools.count():
                yield text(number)
        finally:
            ended.append(True)

    async with client.extract_many(documents(), concurrency=4) as outcomes:
        async for outcome in outcomes:
            assert outcome.error is None
            break
        assert ours() != []

    assert ended == [True]
    assert ours() == []


async def test_the_source_is_pulled_no_further_than_there_is_room(
    sandbox: Sandbox, client: AsyncPlextera
) -> None:
    pulled: list[int] = []

    async def documents() -> AsyncIterator[bytes]:
        for number in itertools.count():
            pulled.append(number)
            yield text(number)

    async with client.extract_many(documents(), concurrency=4) as outcomes:
        for taken in range(1, 20):
            await anext(outcomes)
            await until(lambda: len(sandbox.world.extractions) >= len(pulled))
            assert len(pulled) <= taken + 4


async def test_outcomes_that_are_kept_keep_no_sources_alive_but_their_own(client: AsyncPlextera) -> None:
    class Content(bytes):
        pass

    alive: weakref.WeakSet[Any] = weakref.WeakSet()

    def make() -> io.BytesIO:
        file = io.BytesIO(b"")
        alive.add(file)
        return file

    kept = [outcome.error for outcome in await outcomes_of(client, [make for _ in range(20)])]
    gc.collect()

    assert len(kept) == 20
    assert all(isinstance(error, errors.InvalidInputError) and error.__traceback__ is None for error in kept)
    assert not alive
