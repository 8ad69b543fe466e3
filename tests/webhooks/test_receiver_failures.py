"""When handlers, the store or the caller go wrong: what is answered, and what becomes of the claim."""

import asyncio
import time

import pytest

from plextera_async.webhooks import (
    Claim,
    ExtractionEvent,
    InMemorySeenEvents,
    Reply,
    WebhookReceiver,
    WebhookVerifier,
)
from tests.webhooks.deliveries import SECRET, Noted, deliver, errors


@pytest.fixture
def seen():
    return InMemorySeenEvents()


@pytest.fixture
def receiver(seen):
    return WebhookReceiver(WebhookVerifier(SECRET), seen)


@pytest.fixture
def impatient(seen):
    """A receiver with the same store, for what is to take too long: nothing may be asked of it that is to be in time."""
    return WebhookReceiver(WebhookVerifier(SECRET), seen, 0.02)


@pytest.fixture
def noted(receiver):
    return receiver.on_any(Noted())


async def test_a_handler_that_fails_is_called_again_with_all_others_and_says_nothing_of_values(
    receiver, noted, caplog
):
    other = receiver.on(ExtractionEvent)(Noted())
    noted.failures = 1

    assert await deliver(receiver) == Reply(500)
    assert await deliver(receiver) == Reply(200)

    assert (len(noted.events), len(other.events)) == (2, 2)
    assert errors(caplog) == ["a handler failed: document-insights.extraction.completed evt_1: ValueError"]
    assert caplog.records[0].exc_info is None


async def test_a_sync_handler_that_fails_keeps_nobody_else_from_its_work(receiver, caplog):
    @receiver.on_any
    def fails(event):
        raise KeyError("SECRET")

    noted = receiver.on_any(Noted())

    assert await deliver(receiver) == Reply(500)
    assert len(noted.events) == 1
    assert "SECRET" not in caplog.text


async def hangs(event):
    await asyncio.Event().wait()


async def swallows_its_cancellation(event):
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return


def holds_the_event_loop(event):
    time.sleep(0.05)


async def holds_the_event_loop_too(event):
    time.sleep(0.05)  # noqa: ASYNC251 - that is what it does wrong


@pytest.mark.parametrize(
    "handler", [hangs, swallows_its_cancellation, holds_the_event_loop, holds_the_event_loop_too]
)
async def test_a_handler_that_outlasts_its_time_has_failed(impatient, receiver, noted, caplog, handler):
    impatient.on_any(handler)

    assert await deliver(impatient) == Reply(500)

    assert errors(caplog) == ["a handler failed: document-insights.extraction.completed evt_1: TimeoutError"]
    assert await deliver(receiver) == Reply(200)
    assert len(noted.events) == 1


class Unusual(BaseException):
    """What a framework of the user's may raise to end what runs."""


async def awaits_what_is_cancelled(event):
    work = asyncio.ensure_future(asyncio.Event().wait())
    work.cancel()
    await work


async def cancels_the_task_that_it_runs_in(event):
    asyncio.current_task().cancel()
    await asyncio.sleep(0)


async def raises_what_is_no_exception(event):
    raise Unusual


def raises_at_once_what_is_no_exception(event):
    raise Unusual


async def raises_a_group(event):
    raise BaseExceptionGroup("several", [Unusual(), ValueError()])


@pytest.mark.parametrize(
    "handler",
    [
        awaits_what_is_cancelled,
        cancels_the_task_that_it_runs_in,
        raises_what_is_no_exception,
        raises_at_once_what_is_no_exception,
        raises_a_group,
    ],
)
async def test_whatever_a_handler_does_the_others_end_and_the_event_comes_again(
    receiver, noted, seen, handler
):
    receiver.on_any(handler)

    assert await deliver(receiver) == Reply(500)

    assert len(noted.events) == 1
    assert noted.ended.is_set()
    assert await seen.claim("evt_1") is Claim.NEW


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_process_is_no_failure_of_a_handler(receiver, seen, end):
    @receiver.on_any
    def handler(event):
        raise end

    with pytest.raises(end):
        asyncio.run(deliver(receiver))

    assert asyncio.run(seen.claim("evt_1")) is Claim.NEW


async def test_a_cancelled_delivery_gives_its_claim_back(receiver, noted, seen):
    noted.gate.clear()
    delivery = asyncio.create_task(deliver(receiver))
    await noted.began.wait()

    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery

    assert await seen.claim("evt_1") is Claim.NEW


class Slow(InMemorySeenEvents):
    """A store that is waited for, as one on a network is."""

    def __init__(self) -> None:
        super().__init__()
        self.claiming = asyncio.Event()
        self.claimed = asyncio.Event()
        self.claimed.set()
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()
        self.told = asyncio.Event()

    async def claim(self, event_id, /):
        claim = await super().claim(event_id)  # it is taken, and the answer is still on its way
        self.claiming.set()
        await self.claimed.wait()
        return claim

    async def complete(self, event_id, /):
        self.asked.set()
        await self.go_on.wait()
        await super().complete(event_id)
        self.told.set()

    async def release(self, event_id, /):
        self.asked.set()
        await self.go_on.wait()
        await super().release(event_id)
        self.told.set()


@pytest.mark.parametrize(("fails", "then"), [(0, Claim.DONE), (1, Claim.NEW)])
async def test_cancelling_while_the_store_is_told_does_not_leave_the_claim_behind(fails, then):
    seen = Slow()
    receiver = WebhookReceiver(WebhookVerifier(SECRET), seen)
    noted = receiver.on_any(Noted())
    noted.failures = fails
    delivery = asyncio.create_task(deliver(receiver))
    await seen.asked.wait()

    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    assert await seen.claim("evt_1") is Claim.RUNNING
    seen.go_on.set()
    await seen.told.wait()

    assert await seen.claim("evt_1") is then


@pytest.mark.parametrize(("before", "then"), [(Claim.NEW, Claim.NEW), (Claim.DONE, Claim.DONE)])
async def test_cancelling_while_the_store_is_asked_gives_back_only_what_was_taken(before, then):
    seen = Slow()
    seen.go_on.set()
    if before is Claim.DONE:
        await seen.complete("evt_1")
    seen.claimed.clear()
    receiver = WebhookReceiver(WebhookVerifier(SECRET), seen)
    noted = receiver.on_any(Noted())
    delivery = asyncio.create_task(deliver(receiver))
    await seen.claiming.wait()

    delivery.cancel()
    with pytest.raises(asyncio.CancelledError):
        await delivery
    seen.claimed.set()
    while receiver._asking:
        await asyncio.sleep(0)

    assert await seen.claim("evt_1") is then
    assert noted.events == []


@pytest.mark.parametrize("error", [OSError, Unusual])
@pytest.mark.parametrize("call", ["claim", "complete", "release"])
async def test_a_store_that_fails_means_another_delivery(
    receiver, noted, seen, monkeypatch, caplog, call, error
):
    async def fail(event_id, /):
        raise error("SECRET: where the store is")

    monkeypatch.setattr(seen, call, fail)
    noted.failures = call == "release"

    assert await deliver(receiver) == Reply(500)
    what = f"document-insights.extraction.completed evt_1: {error.__name__}"
    assert f"the store of seen events failed: {what}" in errors(caplog)
    assert "SECRET" not in caplog.text


async def test_a_store_that_hangs_means_another_delivery(impatient, seen, monkeypatch):
    noted = impatient.on_any(Noted())
    monkeypatch.setattr(seen, "claim", lambda _: asyncio.Event().wait())

    assert await deliver(impatient) == Reply(500)
    assert noted.events == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [("new", 200), ("running", 503), ("done", 200), ("NEW", 500), (None, 500), (True, 500)],
)
async def test_a_store_may_answer_by_name_and_nothing_else(
    receiver, noted, seen, monkeypatch, answer, status
):
    async def claim(event_id, /):
        return answer

    monkeypatch.setattr(seen, "claim", claim)

    assert (await deliver(receiver)).status == status
    assert len(noted.events) == (answer == "new")
