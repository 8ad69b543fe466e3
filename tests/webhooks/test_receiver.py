"""The receiver: who is called for what, what is answered, and what becomes of claims when things go wrong."""

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async import models
from plextera_async.errors import ConfigurationError
from plextera_async.webhooks import (
    Claim,
    ExtractionCompletedEvent,
    ExtractionEvent,
    ExtractionFailedEvent,
    ExtractionRejectedEvent,
    InMemorySeenEvents,
    Reply,
    RunEvent,
    WebhookEvent,
    WebhookReceiver,
    WebhookVerifier,
)
from tests.webhooks.deliveries import SECRET, Noted, errors, extraction_event, signed

BODY = extraction_event()
UNKNOWN = BODY.replace(b"extraction.completed", b"extraction.mislaid")


@pytest.fixture
def seen():
    return InMemorySeenEvents()


@pytest.fixture
def receiver(seen):
    return WebhookReceiver(WebhookVerifier(SECRET), seen, 0.02)


@pytest.fixture
def noted(receiver):
    return receiver.on_any(Noted())


async def deliver(receiver, body=BODY):
    return await receiver.handle(body, signed(body))


@pytest.mark.parametrize(
    ("kinds", "called"),
    [
        ([ExtractionCompletedEvent], True),
        ([ExtractionEvent], True),
        ([WebhookEvent], True),
        ([RunEvent, ExtractionCompletedEvent], True),
        ([ExtractionFailedEvent, ExtractionRejectedEvent], False),
        ([RunEvent], False),
    ],
)
@pytest.mark.parametrize("is_async", [True, False])
async def test_a_handler_is_called_for_its_kinds_and_what_derives_from_them(
    receiver, kinds, called, is_async
):
    events = []

    if is_async:

        @receiver.on(*kinds)
        async def handler(event):
            await asyncio.sleep(0)
            events.append(event)

    else:

        @receiver.on(*kinds)
        def handler(event):
            events.append(event)

    assert await deliver(receiver) == Reply(200)
    assert [type(event) for event in events] == [ExtractionCompletedEvent] * called
    assert callable(handler)
    assert repr(receiver) == "<WebhookReceiver with 1 handlers>"


async def test_an_event_without_handlers_is_accepted_and_an_unknown_one_reaches_on_any(receiver):
    assert await deliver(receiver, UNKNOWN) == Reply(200)
    noted = receiver.on_any(Noted())
    body = UNKNOWN.replace(b"evt_1", b"evt_2")
    assert await deliver(receiver, body) == Reply(200)
    assert [event.event_type for event in noted.events] == ["document-insights.extraction.mislaid"]


@pytest.mark.parametrize(
    "kinds", [[], [models.ExtractionCompletedEvent], [ExtractionEvent, print], [lambda event: event]]
)
def test_what_is_no_kind_of_event_is_refused_at_once(receiver, kinds):
    with pytest.raises(ConfigurationError, match="name event classes"):
        receiver.on(*kinds)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_that_cannot_work_is_refused(timeout):
    with pytest.raises(ConfigurationError):
        WebhookReceiver(WebhookVerifier(SECRET), handler_timeout=timeout)


async def test_a_repeated_delivery_is_done_without_calling_anyone(receiver, noted):
    assert [await deliver(receiver) for _ in range(3)] == [Reply(200)] * 3
    assert len(noted.events) == 1


async def test_a_second_delivery_meanwhile_is_told_to_come_again(receiver, noted):
    noted.gate.clear()
    first = asyncio.create_task(deliver(receiver))
    await noted.began.wait()

    assert await deliver(receiver) == Reply(503, headers={"Retry-After": "1"})

    noted.gate.set()
    assert await first == Reply(200)
    assert len(noted.events) == 1


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


async def test_a_handler_that_outlasts_its_time_fails(receiver, noted, caplog):
    noted.gate.clear()

    assert await deliver(receiver) == Reply(500)

    noted.gate.set()
    assert await deliver(receiver) == Reply(200)
    assert "TimeoutError" in caplog.text


async def test_a_handler_that_swallows_its_cancellation_has_still_failed(receiver):
    @receiver.on_any
    async def stubborn(event):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    assert await deliver(receiver) == Reply(500)


async def test_a_handler_whose_own_work_was_cancelled_has_failed(receiver, caplog):
    @receiver.on_any
    async def awaits_what_is_cancelled(event):
        work = asyncio.ensure_future(asyncio.Event().wait())
        work.cancel()
        await work

    assert await deliver(receiver) == Reply(500)
    assert "CancelledError" in caplog.text


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
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()
        self.told = asyncio.Event()

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


@pytest.mark.parametrize("call", ["claim", "complete", "release"])
async def test_a_store_that_fails_means_another_delivery(receiver, noted, seen, monkeypatch, caplog, call):
    async def fail(event_id, /):
        raise OSError("SECRET: where the store is")

    monkeypatch.setattr(seen, call, fail)
    noted.failures = call == "release"

    assert await deliver(receiver) == Reply(500)
    assert "the store of seen events failed: document-insights.extraction.completed evt_1: OSError" in errors(
        caplog
    )
    assert "SECRET" not in caplog.text


async def test_a_store_that_hangs_means_another_delivery(receiver, noted, seen, monkeypatch):
    monkeypatch.setattr(seen, "claim", lambda _: asyncio.Event().wait())

    assert await deliver(receiver) == Reply(500)
    assert noted.events == []


async def test_a_refused_delivery_is_answered_without_a_reason_which_is_logged(receiver, noted, caplog):
    caplog.set_level(logging.INFO, "plextera_async.webhooks")

    assert await receiver.handle(BODY, signed(BODY, "another")) == Reply(400)

    assert caplog.messages == [
        "a delivery was refused: the signature does not match: wrong secret, or the body is not the raw one"
    ]
    assert noted.events == []


async def test_listeners_are_told_of_new_events_before_the_handlers(receiver, noted):
    order = []
    end = receiver.subscribe(
        lambda job: order.append((job.kind, job.id, job.model.status, len(noted.events)))
    )

    await deliver(receiver)
    await deliver(receiver)
    await deliver(receiver, UNKNOWN.replace(b"evt_1", b"evt_2"))

    assert order == [("extraction", "an-id", "COMPLETED", 0)]
    end()
    end()
    await deliver(receiver, extraction_event("evt_3"))
    assert len(order) == 1


async def test_a_listener_that_fails_breaks_nothing(receiver, noted, caplog):
    told = []

    def fails(job):
        raise ValueError("SECRET")

    receiver.subscribe(fails)
    receiver.subscribe(told.append)

    assert await deliver(receiver) == Reply(200)
    assert (len(told), len(noted.events)) == (1, 1)
    assert errors(caplog) == ["a listener failed: document-insights.extraction.completed evt_1: ValueError"]


@pytest.mark.parametrize(
    ("kind", "event_type", "id_name"),
    [
        ("extraction", "document-insights.extraction.completed", "extractionId"),
        ("run", "workflow.run.completed", "runId"),
        ("job", "document-insights.job.completed", "jobId"),
    ],
)
async def test_an_event_of_another_process_reaches_listeners_only(receiver, noted, kind, event_type, id_name):
    body = BODY.replace(b"document-insights.extraction.completed", event_type.encode())
    body = body.replace(b"extractionId", id_name.encode()).replace(b"}", b', "output": {"v": "SECRET"}}', 1)
    event = WebhookVerifier(SECRET).verify(body, signed(body))
    told = []
    receiver.subscribe(told.append)

    receiver.publish(event)

    (job,) = told
    assert (job.kind, job.id, job.occurred_at) == (kind, "an-id", event.occurred_at)
    assert job.model is getattr(event, kind)
    assert "SECRET" not in repr(job)
    assert noted.events == []


HEADERS = st.dictionaries(
    st.one_of(st.text(), st.binary(), st.sampled_from(["X-Plextera-Signature", b"x-plextera-signature"])),
    st.one_of(st.text(), st.binary(), st.integers(), st.from_regex(r"t=\d{1,12},v1=[0-9a-f]{64}")),
)
BODIES = st.one_of(st.binary(), st.sampled_from([BODY, UNKNOWN, b"", b"{}", b"null", BODY[:-20], BODY * 2]))


@given(body=BODIES, headers=HEADERS, is_signed=st.booleans())
def test_whatever_comes_in_is_accepted_or_refused(body, headers, is_signed):
    receiver = WebhookReceiver(WebhookVerifier(SECRET))
    received = []
    receiver.on_any(received.append)

    reply = asyncio.run(receiver.handle(body, headers | signed(body) if is_signed else headers))

    assert reply.status in ({200, 400} if is_signed else {400})
    assert reply.body == b""
    assert len(received) == (reply.status == 200)
