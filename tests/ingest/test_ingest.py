"""Ingest against the sandbox: what is given, what is taken, what the next run does."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plextera_async import AsyncPlextera, Document, Outcome, PollPolicy, errors
from plextera_async._sansio.inputs import KEY_TAG
from plextera_async._sansio.ledger_states import State
from plextera_async.ingest import Ingest, IngestRun
from plextera_async.ingest.ledger import Ledger
from plextera_async.ingest.records import Records
from plextera_async.ingest.rows import Row
from plextera_async.sandbox import Fault, Sandbox, Timing
from tests.support.clocks import FakeClock
from tests.support.raw_server import RawServer, always, answer, says_nothing
from tests.support.waiting import until

UPLOAD = "uploadExtraction"
LIST = "listExtractions"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def docs(count: int, start: int = 0) -> list[Document]:
    return [
        Document(f"Number: {n}\n".encode(), name="n.txt", key=f"k{n}") for n in range(start, start + count)
    ]


async def ingest(client: AsyncPlextera, ledger: Path, documents: Any, **options: Any) -> list[Outcome]:
    async with Ingest(client, ledger=ledger, **options).run(documents) as outcomes:
        return [outcome async for outcome in outcomes]


async def gathered(client: AsyncPlextera, ledger: Path, documents: Any, given: list[Outcome]) -> None:
    """Put what is given into a list, which is there when it ends in an error as well."""
    async with Ingest(client, ledger=ledger, concurrency=3).run(documents) as outcomes:
        async for outcome in outcomes:
            given.append(outcome)  # noqa: PERF401 - one by one, so that none is lost with an error


def keys_of(outcomes: list[Outcome]) -> list[str]:
    return sorted(str(outcome.document.key) for outcome in outcomes)


def rows(ledger: Path) -> dict[str, Row]:
    with Ledger(ledger, create=False) as opened:
        return {row.key: row for row in opened.records.in_state(*State)}


def states(ledger: Path) -> dict[str, State]:
    return {key: row.state for key, row in rows(ledger).items()}


def creates(sandbox: Sandbox) -> int:
    return sum(request.method == "POST" for request in sandbox.requests)


async def test_each_document_gives_one_outcome_and_the_next_run_none(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    first = await ingest(client, ledger, docs(30))
    second = await ingest(client, ledger, docs(32))

    assert keys_of(first) == sorted(f"k{n}" for n in range(30))
    assert {outcome.index for outcome in first} == set(range(30))
    assert all(outcome.unwrap().output is not None for outcome in first)
    assert keys_of(second) == ["k30", "k31"]
    assert creates(sandbox) == len(sandbox.world.extractions) == 32
    assert set(states(ledger).values()) == {State.COMPLETED}
    assert all(row.is_taken for row in rows(ledger).values())


async def test_paths_are_known_again_and_a_file_that_changed_is_new(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path, tmp_path: Path
):
    paths = [tmp_path / f"{n}.txt" for n in range(3)]
    for path in paths:
        path.write_text(f"Name: {path.name}\n")
    assert len(await ingest(client, ledger, paths)) == 3
    paths[1].write_text("Name: something else\n")
    (outcome,) = await ingest(client, ledger, map(str, paths))

    assert outcome.document.source == str(paths[1])
    assert creates(sandbox) == 4


async def test_addresses_and_files_on_the_server_are_known_again(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    file = await client.files.upload(b"Total: 1\n", name="a.txt")
    sandbox.add_url("https://example.com/b.txt", b"Total: 2\n")
    documents = [Document(file_id=file.id), Document(url="https://example.com/b.txt")]
    first = await ingest(client, ledger, documents)

    assert [outcome.error for outcome in first] == [None, None]
    assert await ingest(client, ledger, documents) == []
    assert len(sandbox.world.extractions) == 2


async def test_a_document_that_comes_twice_is_dealt_with_once(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    async with Ingest(client, ledger=ledger).run([*docs(3), *docs(3)]) as outcomes:
        given = [outcome async for outcome in outcomes]

    assert keys_of(given) == ["k0", "k1", "k2"]
    assert outcomes.figures.skipped == 3
    assert creates(sandbox) == 3


async def test_the_key_travels_and_one_is_made_where_there_is_none(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path, tmp_path: Path
):
    (tmp_path / "a.txt").write_text("Total: 1\n")
    await ingest(client, ledger, [tmp_path / "a.txt", Document(b"Total: 2\n", key="mine", tags={"a": "b"})])
    tags = [dict(extraction.tags or {}) for extraction in sandbox.world.extractions.values()]

    assert {tag[KEY_TAG] for tag in tags} == set(rows(ledger))
    assert {"a": "b", KEY_TAG: "mine"} in tags


async def test_a_document_that_would_not_be_known_again_is_refused_and_the_rest_goes_on(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    given = await ingest(client, ledger, [b"Total: 1\n", *docs(2), lambda: b"Total: 2\n", None])
    refused = [outcome for outcome in given if outcome.error is not None]

    assert [outcome.index for outcome in refused] == [0, 3, 4]
    assert all(isinstance(outcome.error, errors.InvalidInputError) for outcome in refused)
    assert len(given) == 5
    assert creates(sandbox) == 2


async def test_an_outcome_is_taken_when_the_next_is_asked_for(client: AsyncPlextera, ledger: Path):
    async with Ingest(client, ledger=ledger).run(docs(5)) as outcomes:
        first = await anext(outcomes)
        second = await anext(outcomes)
    again = await ingest(client, ledger, docs(5))

    assert first.document.key not in keys_of(again)
    assert second.document.key in keys_of(again)
    assert len(again) == 4
    assert all(outcome.unwrap().output is not None for outcome in again)


async def test_an_outcome_is_taken_when_it_is_acknowledged(client: AsyncPlextera, ledger: Path):
    async with Ingest(client, ledger=ledger).run(docs(1)) as outcomes:
        outcome = await anext(outcomes)
        await outcome.ack()
        await outcome.ack()
        assert await ingest_is_refused(client, ledger)

    assert await ingest(client, ledger, docs(1)) == []


async def ingest_is_refused(client: AsyncPlextera, ledger: Path) -> bool:
    with pytest.raises(errors.LedgerError, match="is in use by another process"):
        await ingest(client, ledger, [])
    return True


async def test_leaving_the_block_leaves_nothing_behind(client: AsyncPlextera, sandbox: Sandbox, ledger: Path):
    sandbox.timing = Timing(queued=600, processing=600)
    async with Ingest(client, ledger=ledger, concurrency=4).run(docs(10)) as outcomes:
        asking = asyncio.ensure_future(anext(outcomes))
        await until(lambda: len(sandbox.world.extractions) == 4)
        asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert "plextera-ledger" not in {thread.name for thread in threading.enumerate()}
    assert not [task for task in asyncio.all_tasks() if "Fanout" in repr(task)]
    assert set(states(ledger).values()) <= {State.FOUND, State.SUBMITTING, State.SUBMITTED}


async def test_the_next_run_waits_for_what_was_submitted_and_submits_nothing_twice(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    sandbox.timing = Timing(queued=600, processing=600)
    patient = client.with_options(polling=PollPolicy(wait_timeout=1.0))
    waiting = await ingest(patient, ledger, docs(5))
    assert [type(outcome.error) for outcome in waiting] == [errors.WaitTimeoutError] * 5
    assert set(states(ledger).values()) == {State.SUBMITTED}
    for id in list(sandbox.world.extractions):
        sandbox.force(id, status="COMPLETED", output={"fields": []})
    given = await ingest(client, ledger, docs(5))

    assert keys_of(given) == [f"k{n}" for n in range(5)]
    assert [outcome.error for outcome in given] == [None] * 5
    assert creates(sandbox) == 5


async def test_what_is_not_handed_in_again_is_waited_for_as_well(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path, tmp_path: Path
):
    path = tmp_path / "a.txt"
    path.write_text("Total: 1\n")
    sandbox.timing = Timing(queued=600, processing=600)
    patient = client.with_options(polling=PollPolicy(wait_timeout=1.0))
    await ingest(patient, ledger, [*docs(2), path])
    for id in list(sandbox.world.extractions):
        sandbox.force(id, status="COMPLETED", output={"fields": []})
    given = await ingest(client, ledger, [])

    assert sorted(str(o.document.name) for o in given) == sorted(["None", "None", str(path)])
    assert {outcome.document.key for outcome in given} == set(rows(ledger))
    assert await ingest(client, ledger, [path]) == []
    assert creates(sandbox) == 3


async def test_ends_that_are_no_success_are_given_and_are_final(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    documents = [
        Document(b"%PDF-1.4 and no more", name="broken.pdf", key="rejected"),
        Document(b"#!/bin/sh\n", name="run.sh", key="refused"),
        Document(b"", key="empty"),
        Document(b"x", key="tags", tags={"": "x"}),
        Document(url="https://example.com/nowhere", key="failed"),
    ]
    given = {outcome.document.key: outcome for outcome in await ingest(client, ledger, documents)}

    assert {key: type(outcome.error) for key, outcome in given.items()} == {
        "rejected": errors.ExtractionRejectedError,
        "refused": errors.UnsupportedMediaTypeError,
        "empty": errors.InvalidInputError,
        "tags": errors.InvalidInputError,
        "failed": errors.ExtractionFailedError,
    }
    assert states(ledger) == {
        "rejected": State.REJECTED,
        "refused": State.FAILED,
        "empty": State.FAILED,
        "tags": State.FAILED,
        "failed": State.FAILED,
    }
    assert rows(ledger)["refused"].error == "UNSUPPORTED_MEDIA_TYPE"
    assert rows(ledger)["rejected"].error == "BROKEN_DOCUMENT"
    assert await ingest(client, ledger, documents) == []


async def test_a_refusal_that_nobody_took_is_given_again(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    documents = [Document(b"#!/bin/sh\n", name="run.sh", key="refused")]
    async with Ingest(client, ledger=ledger).run(documents) as outcomes:
        await anext(outcomes)
    (again,) = await ingest(client, ledger, documents)

    assert isinstance(again.error, errors.UnsupportedMediaTypeError)
    assert await ingest(client, ledger, documents) == []


LOST = {
    "after the answer was cut": Fault(path=UPLOAD, drop="mid_response", apply=True),
    "after the server failed": Fault(path=UPLOAD, status=502, apply=True),
}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
async def test_what_was_submitted_without_an_answer_is_found(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path, fault: Fault
):
    sandbox.faults.add(fault)
    (outcome,) = await ingest(client, ledger, docs(1))

    assert outcome.error is None
    assert creates(sandbox) == len(sandbox.world.extractions) == 1


async def test_what_was_lost_is_sent_again_once_that_is_proven(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path, clock: FakeClock
):
    await ingest(client, ledger, docs(1))
    sandbox.faults.add(Fault(path=UPLOAD, status=500))
    (outcome,) = await ingest(client, ledger, docs(1, start=1))

    assert outcome.error is None
    assert 10.0 in clock.sleeps
    assert rows(ledger)["k1"].sends == 2
    assert len(sandbox.world.extractions) == 2


async def test_one_run_sends_a_document_three_times_at_most(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    await ingest(client, ledger, docs(1))
    sandbox.faults.add(Fault(path=UPLOAD, status=500, times=None))
    (outcome,) = await ingest(client, ledger, docs(1, start=1))
    assert isinstance(outcome.error, errors.AmbiguousCreateError)
    assert states(ledger)["k1"] is State.UNDECIDED
    sent = rows(ledger)["k1"].sends
    sandbox.faults.clear()
    (outcome,) = await ingest(client, ledger, docs(1, start=1))

    assert sent <= 6  # three when it came, and three at the end of the run
    assert outcome.error is None
    assert len(sandbox.world.extractions) == 2


async def test_hold_sends_nothing_again_and_never_reports_an_end(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    await ingest(client, ledger, docs(1))
    sandbox.faults.add(Fault(path=UPLOAD, status=500))
    for _ in range(2):
        async with Ingest(client, ledger=ledger, on_ambiguous="hold").run(docs(2)) as outcomes:
            (outcome,) = [outcome async for outcome in outcomes]
            await outcome.ack()
        assert isinstance(outcome.error, errors.AmbiguousCreateError)
        assert outcome.error.key == "k1"
        assert states(ledger)["k1"] is State.UNDECIDED
        assert not rows(ledger)["k1"].is_taken

    assert len(sandbox.world.extractions) == 1
    assert rows(ledger)["k1"].sends == 1


async def test_what_cannot_be_looked_up_is_undecided_and_looked_up_at_the_next_start(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    sandbox.faults.add(Fault(path=UPLOAD, status=502, apply=True))
    sandbox.faults.add(Fault(path=LIST, status=403, times=None))
    (outcome,) = await ingest(client, ledger, docs(1))
    assert isinstance(outcome.error, errors.AmbiguousCreateError)
    assert isinstance(outcome.error.cause, errors.PermissionDeniedError)
    assert outcome.id is None
    assert states(ledger) == {"k0": State.UNDECIDED}
    sandbox.faults.clear()
    (outcome,) = await ingest(client, ledger, [])

    assert outcome.error is None
    assert states(ledger) == {"k0": State.COMPLETED}
    assert creates(sandbox) == 1


async def test_what_stayed_unknown_is_asked_for_once_more_at_the_end(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    """In an empty workspace nothing proves that lists show tags; when the rest is submitted, it does."""
    sandbox.faults.add(Fault(path=UPLOAD, status=500))
    given = await ingest(client, ledger, docs(3), concurrency=1)

    assert [outcome.error for outcome in given] == [None] * 3
    assert keys_of(given) == ["k0", "k1", "k2"]
    assert len(sandbox.world.extractions) == 3


async def test_a_refused_key_ends_nothing_for_good_and_stops_the_sending(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    sandbox.faults.add(Fault(path=UPLOAD, status=401, times=None))
    given = await ingest(client, ledger, docs(20), concurrency=2)
    assert {type(outcome.error) for outcome in given} == {errors.AuthenticationError}
    assert len(given) == 20
    assert creates(sandbox) <= 2
    assert set(states(ledger).values()) == {State.FOUND}
    sandbox.faults.clear()

    assert len(await ingest(client, ledger, docs(20))) == 20
    assert {row.sends for row in rows(ledger).values()} == {1}


async def test_after_a_refused_key_a_rejected_document_has_no_twin_to_look_for(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    torn = Document(b"%PDF-1.4 torn", name="a.pdf", key="k1")
    sandbox.faults.add(Fault(path=UPLOAD, status=401))
    await ingest(client, ledger, [torn])
    sandbox.requests.clear()

    (given,) = await ingest(client, ledger, [torn])

    assert isinstance(given.error, errors.ExtractionRejectedError)
    assert not [
        each for each in sandbox.requests if each.method == "GET" and each.path.endswith("/extractions")
    ]


async def test_a_document_that_is_needed_again_and_not_handed_in_is_counted(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    sandbox.faults.add(Fault(path=UPLOAD, status=401, times=None))
    await ingest(client, ledger, docs(3))
    async with Ingest(client, ledger=ledger).run([]) as outcomes:
        assert [outcome async for outcome in outcomes] == []

    assert outcomes.figures.not_handed_in == 3
    assert set(states(ledger).values()) == {State.FOUND}


async def test_the_same_bytes_are_submitted_once(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path, tmp_path: Path
):
    same = tmp_path / "same.txt"
    same.write_bytes(b"Number: 0\n")
    documents = [*docs(2), same, Document(b"Number: 0\n", key="again")]
    given = await ingest(client, ledger, documents, content_hash=True)
    ids = {outcome.index: outcome.id for outcome in given}

    assert [outcome.error for outcome in given] == [None] * 4
    assert ids[0] == ids[2] == ids[3] != ids[1]
    assert creates(sandbox) == 2
    assert set(states(ledger).values()) == {State.COMPLETED}
    (later,) = await ingest(client, ledger, [Document(b"Number: 1\n", key="later")], content_hash=True)
    assert later.id == ids[1]
    assert creates(sandbox) == 2


async def test_the_same_bytes_wait_until_the_fate_of_the_first_is_known(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    sandbox.faults.add(Fault(path=UPLOAD, status=401))
    twins = [Document(b"Number: 0\n", key="a"), Document(b"Number: 0\n", key="b")]
    refused, stopped = await ingest(client, ledger, twins, content_hash=True)
    assert {type(refused.error), type(stopped.error)} == {errors.AuthenticationError}
    given = await ingest(client, ledger, twins, content_hash=True)

    assert given[0].id == given[1].id
    assert len(sandbox.world.extractions) == 1


async def test_the_same_bytes_are_held_while_the_fate_of_the_first_is_unknown(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    sandbox.faults.add(Fault(path=UPLOAD, status=500))
    twins = [Document(b"Number: 0\n", key="a"), Document(b"Number: 0\n", key="b")]
    given = await ingest(client, ledger, twins, content_hash=True, on_ambiguous="hold", concurrency=1)

    assert [type(outcome.error) for outcome in given] == [errors.AmbiguousCreateError] * 2
    assert states(ledger) == {"a": State.UNDECIDED, "b": State.FOUND}
    assert creates(sandbox) == 1


async def test_a_second_send_that_is_a_duplicate_moves_to_the_first(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    await ingest(client, ledger, docs(1))
    handle = await client.extractions.upload(b"Number: 1\n", key="k1")
    await handle.wait()
    twin = await client.extractions.upload(b"%PDF-1.4 torn", name="a.pdf", key="k1")

    def lost_and_sent_again(records: Records) -> None:
        row = records.with_key("k1")
        assert row is not None
        records._update(row.id, {"sends": 2, "state": "submitted", "extraction_id": twin.id})

    sandbox.faults.add(Fault(path=UPLOAD, status=401))
    await ingest(client, ledger, docs(1, start=1))
    with Ledger(ledger, create=False) as opened, opened.transaction():
        opened.records._update(2, {"began": "2020-01-01T00:00:00+00:00"})
        lost_and_sent_again(opened.records)
    (outcome,) = await ingest(client, ledger, docs(1, start=1))

    assert outcome.error is None
    assert outcome.id == handle.id
    assert rows(ledger)["k1"].extraction_id == handle.id


async def test_the_sources_own_error_comes_after_what_was_begun(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    def broken() -> Iterator[Document]:
        yield from docs(3)
        raise RuntimeError("the source broke")

    given: list[Outcome] = []
    with pytest.raises(RuntimeError, match="the source broke"):
        await gathered(client, ledger, broken(), given)

    assert keys_of(given) == ["k0", "k1", "k2"]


async def test_async_sources_are_pulled_no_faster_than_outcomes_are_taken(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    pulled = 0

    async def source() -> AsyncIterator[Document]:
        nonlocal pulled
        for document in docs(50):
            pulled += 1
            yield document

    async with Ingest(client, ledger=ledger, concurrency=2).run(source()) as outcomes:
        for taken in range(1, 10):
            await anext(outcomes)
            await asyncio.sleep(0.01)
            assert pulled <= taken + 3


def failing(monkeypatch: pytest.MonkeyPatch, name: str, after: int) -> None:
    """Let a call of the ledger fail as on a full disk, after so many that work."""
    real: Callable[..., Any] = getattr(Records, name)
    calls = 0

    def full(self: Records, *args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(28, "No space left on device")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Records, name, full)


@pytest.mark.parametrize("name", ["enter", "send", "move", "take", "left_over", "begin_run"])
async def test_a_ledger_that_fails_on_the_way_stops_the_run_and_loses_nothing(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path, monkeypatch: pytest.MonkeyPatch, name: str
):
    given: list[Outcome] = []
    with monkeypatch.context() as patch:
        failing(patch, name, after=0 if name in {"left_over", "begin_run"} else 7)
        with pytest.raises(errors.LedgerError, match="No space left on device"):
            await gathered(client, ledger, docs(20), given)
    taken = {key for key, row in rows(ledger).items() if row.is_taken}
    rest = await ingest(client, ledger, docs(20))

    assert set(keys_of(given)) | set(keys_of(rest)) == {f"k{n}" for n in range(20)}
    assert not taken & set(keys_of(rest))
    assert creates(sandbox) == len(sandbox.world.extractions) == 20
    assert set(states(ledger).values()) == {State.COMPLETED}


async def test_an_error_of_the_block_is_not_hidden_by_one_of_the_ledger(
    client: AsyncPlextera, ledger: Path, monkeypatch: pytest.MonkeyPatch
):
    async def fail() -> None:
        async with Ingest(client, ledger=ledger).run(docs(3)) as outcomes:
            await anext(outcomes)
            failing(monkeypatch, "take", after=0)
            outcomes._take_given()
            raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        await fail()


async def _stopped(client: AsyncPlextera, ledger: Path, when: Callable[[], object]) -> set[tuple[State, int]]:
    """Stop a run of three documents at a moment; give their states, and how often they count as sent."""
    task = asyncio.ensure_future(ingest(client, ledger, docs(3)))
    await until(when)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return {(row.state, row.sends) for row in rows(ledger).values()}


async def test_what_was_stopped_between_attempts_that_never_left_is_not_submitted(
    ledger: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", "plextera_async.requests")
    async with AsyncPlextera("key", base_url="http://127.0.0.1:1") as client:
        found = await _stopped(client, ledger, lambda: caplog.text.count("next attempt in") == 3)

    assert found == {(State.FOUND, 0)}


async def test_what_was_stopped_while_it_waited_for_its_turn_is_not_submitted(ledger: Path):
    refuses = always(answer(status="429 Too Many Requests", headers="Retry-After: 30\r\n"))
    async with RawServer(refuses) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        first = asyncio.ensure_future(client.extractions.upload(b"x"))
        await until(lambda: client.pace.uploads.paused_for > 0)
        found = await _stopped(client, ledger, lambda: client.pace.uploads.waiting >= 3)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)

    assert found == {(State.FOUND, 0)}


async def test_what_was_stopped_while_it_was_sent_may_be_submitted(ledger: Path):
    async with RawServer(says_nothing) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        found = await _stopped(client, ledger, lambda: server.connections == 3)

    assert found == {(State.SUBMITTING, 1)}


async def test_stop_ends_the_waits_and_lets_what_is_being_sent_come_to_its_end(
    client: AsyncPlextera, sandbox: Sandbox, ledger: Path
):
    sandbox.timing = Timing(queued=600, processing=600)
    async with Ingest(client, ledger=ledger, concurrency=4).run(docs(10)) as outcomes:
        asking = asyncio.ensure_future(_all(outcomes))
        await until(lambda: outcomes.figures.waiting == 4)
        outcomes.stop()
        assert await asking == []

    assert creates(sandbox) == 4
    assert sorted(states(ledger).values()) == sorted([State.SUBMITTED] * 4)


async def _all(outcomes: IngestRun) -> list[Outcome]:
    return [outcome async for outcome in outcomes]


async def test_lines_and_takings_are_written_together(client: AsyncPlextera, ledger: Path, tmp_path: Path):
    out = tmp_path / "out"
    async with Ingest(client, ledger=ledger).run(docs(200)) as outcomes:
        await outcomes.open_out(str(out), overwrite=False)
        async for outcome in outcomes:
            await outcomes.write(f"{outcome.document.key}\n".encode())
    async with Ingest(client, ledger=ledger).run(docs(201)) as outcomes:
        assert await outcomes.out_path() == str(out)
        await outcomes.open_out(str(out), overwrite=False)
        async for outcome in outcomes:
            await outcomes.write(f"{outcome.document.key}\n".encode())

    assert sorted(out.read_text().split()) == sorted(f"k{n}" for n in range(201))
    assert all(row.is_taken for row in rows(ledger).values())


@pytest.mark.parametrize(
    "options", [{"on_ambiguous": "ask"}, {"concurrency": 0}, {"concurrency": True}, {"concurrency": 1.5}]
)
def test_options_that_can_never_work_are_refused(client: AsyncPlextera, ledger: Path, options: Any):
    with pytest.raises(errors.InvalidInputError):
        Ingest(client, ledger=ledger, **options)


@pytest.mark.parametrize("wrong", [None, 5, b"ledger"])
def test_a_ledger_is_a_path(client: AsyncPlextera, wrong: Any):
    with pytest.raises(errors.InvalidInputError, match="ledger must be the path of a file"):
        Ingest(client, ledger=wrong)


@pytest.mark.parametrize("documents", ["a.pdf", b"x", Path("a"), Document(b"x"), 5, None])
def test_documents_must_be_several(client: AsyncPlextera, ledger: Path, documents: Any):
    with pytest.raises(errors.InvalidInputError, match="documents must be an iterable"):
        Ingest(client, ledger=ledger).run(documents)


async def test_a_ledger_that_cannot_be_used_is_told_before_anything_is_sent(
    client: AsyncPlextera, sandbox: Sandbox, tmp_path: Path
):
    with pytest.raises(errors.LedgerError, match="is a folder"):
        await ingest(client, tmp_path, docs(3))

    assert not sandbox.requests
