"""The receiver: who is called for what, what is answered, and what becomes of claims when things go wrong."""

import asyncio
import logging

import pytest

from plextera_async import models
from plextera_async.errors import ConfigurationError
from plextera_async.webhooks import (
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
from tests.webhooks.deliveries import SECRET, Noted, deliver, errors, extraction_event, signed

BODY = extraction_event()
UNKNOWN = BODY.replace(b"extraction.completed", b"extraction.mislaid")


@pytest.fixture
def seen():
    return InMemorySeenEvents()


@pytest.fixture
def receiver(seen):
    return WebhookReceiver(WebhookVerifier(SECRET), seen)


@pytest.fixture
def noted(receiver):
    return receiver.on_any(Noted())


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

    assert await deliver(receiver) == Reply(503, headers={"Retry-After": "5"})

    noted.gate.set()
    assert await first == Reply(200)
    assert len(noted.events) == 1


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
