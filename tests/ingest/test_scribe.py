"""The ledger's thread: order, durability, failures, ends."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from plextera_async._sansio.ledger_states import State
from plextera_async.errors import LedgerError
from plextera_async.ingest import scribe as scribe_module
from plextera_async.ingest.ledger import Ledger
from plextera_async.ingest.records import Records
from plextera_async.ingest.rows import Counts, Entry
from plextera_async.ingest.scribe import Scribe


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
async def scribe(path: Path) -> AsyncIterator[Scribe]:
    opened = await Scribe.open(path)
    yield opened
    if opened._failure is None:
        await opened.aclose()


def entering(name: str) -> Any:
    return lambda records: records.enter(Entry(identity=name.encode(), key=name, source=None), run=1)


def names(path: Path) -> list[str]:
    with Ledger(path, create=False) as ledger:
        return [row.key for row in ledger.records.in_state(State.FOUND)]


def failing(_: Records) -> None:
    raise OSError(28, "No space left on device")


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


async def test_orders_are_carried_out_one_after_the_other_as_they_were_given(scribe: Scribe, path: Path):
    expected = [f"{number}" for number in range(1200)]
    for name in expected[:-1]:
        scribe.post(entering(name))
    row = await scribe.do(entering(expected[-1]))
    await scribe.aclose()

    assert row.key == expected[-1]
    assert names(path) == expected


async def test_what_came_meanwhile_is_one_commit(scribe: Scribe):
    commits: list[None] = []
    gate = threading.Event()
    scribe.before_commit = lambda _: commits.append(None)
    first = asyncio.ensure_future(scribe.do(lambda _: gate.wait(10)))
    rest = [asyncio.ensure_future(scribe.do(entering(f"{number}"))) for number in range(50)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *rest)

    assert len(commits) <= 2  # one, if the thread had not begun when the last was given


async def test_nobody_hears_of_it_before_it_is_committed(scribe: Scribe):
    heard: list[str] = []
    scribe.before_commit = lambda _: heard.append("commit")
    await scribe.do(entering("a"))
    heard.append("told")

    assert heard == ["commit", "told"]


async def test_the_thread_does_not_outlive_the_scribe(path: Path):
    scribe = await Scribe.open(path)
    assert "plextera-ledger" in threads()
    await scribe.aclose()
    await scribe.aclose()

    assert "plextera-ledger" not in threads()
    Ledger(path, create=False).close()


async def test_a_ledger_that_cannot_be_opened_is_told_and_leaves_no_thread(tmp_path: Path):
    with pytest.raises(LedgerError, match="is a folder, not a ledger"):
        await Scribe.open(tmp_path)

    assert "plextera-ledger" not in threads()


async def test_cancelling_the_opening_leaves_no_thread_and_no_lock(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    gate = threading.Event()

    def slowly(*args: Any, **more: Any) -> Ledger:
        gate.wait(10)
        return Ledger(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(scribe_module, "Ledger", slowly)
        opening = asyncio.ensure_future(Scribe.open(path))
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.sleep(0)
        assert not opening.done()  # the thread is waited for, whatever it is doing
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await opening

    assert "plextera-ledger" not in threads()
    await (await Scribe.open(path)).aclose()


async def test_cancelling_who_waits_does_not_take_the_order_back(scribe: Scribe, path: Path):
    gate = threading.Event()
    scribe.post(lambda _: gate.wait(10))
    waiting = asyncio.ensure_future(scribe.do(entering("a")))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.set()
    await scribe.aclose()

    assert names(path) == ["a"]


async def test_closing_does_what_was_ordered_although_it_is_cancelled(path: Path):
    scribe = await Scribe.open(path)
    gate = threading.Event()
    scribe.post(lambda _: gate.wait(10))
    scribe.post(entering("a"))
    closing = asyncio.ensure_future(scribe.aclose())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.sleep(0)
    assert not closing.done()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await closing

    assert "plextera-ledger" not in threads()
    assert names(path) == ["a"]


async def test_an_order_that_fails_ends_everything_and_takes_its_commit_with_it(path: Path):
    scribe = await Scribe.open(path)
    await scribe.do(entering("before"))
    gate = threading.Event()
    scribe.post(lambda _: gate.wait(10))
    await asyncio.sleep(0)
    with_it = asyncio.ensure_future(scribe.do(entering("with it")))
    failed = asyncio.ensure_future(scribe.do(failing))
    await asyncio.sleep(0)
    gate.set()
    told = await asyncio.gather(with_it, failed, return_exceptions=True)

    assert [str(each) for each in told] == ["the ledger cannot go on: No space left on device"] * 2
    assert all(isinstance(each, LedgerError) for each in told)
    assert told[0] is not told[1]
    with pytest.raises(LedgerError):
        scribe.check()
    with pytest.raises(LedgerError):
        scribe.post(entering("after"))
    with pytest.raises(LedgerError):
        await scribe.do(entering("after"))
    with pytest.raises(LedgerError):
        await scribe.aclose()
    assert "plextera-ledger" not in threads()
    assert names(path) == ["before"]


async def test_a_failure_that_nobody_waited_for_is_told_at_the_end(path: Path):
    scribe = await Scribe.open(path)
    scribe.post(failing)
    with pytest.raises(LedgerError, match="No space left on device"):
        await scribe.aclose()


async def test_what_must_be_on_the_disk_before_and_is_not_takes_the_commit_back(path: Path):
    scribe = await Scribe.open(path)
    scribe.before_commit = failing
    with pytest.raises(LedgerError):
        await scribe.do(entering("a"))
    with pytest.raises(LedgerError):
        await scribe.aclose()

    with Ledger(path, create=False) as ledger:
        assert ledger.records.counts() == Counts({}, 0)


async def test_nothing_is_taken_after_the_end(path: Path):
    scribe = await Scribe.open(path)
    await scribe.aclose()

    with pytest.raises(LedgerError, match="the ledger is closed"):
        scribe.post(entering("a"))


def test_a_loop_that_has_ended_does_not_trouble_the_thread(path: Path):
    async def leave() -> Scribe:
        scribe = await Scribe.open(path)
        scribe.post(entering("a"))
        return scribe

    scribe = asyncio.run(leave())
    scribe._orders.put(None)
    assert scribe._thread is not None
    scribe._thread.join(10)

    assert names(path) == ["a"]
