"""What type checkers are to see of webhooks. Never run: mypy and pyright read it."""

from collections.abc import Awaitable, Callable
from typing import assert_type

from aiohttp import web

from plextera_async._sansio.events import EventSource, JobEvent
from plextera_async.webhooks import (
    Claim,
    ExtractionCompletedEvent,
    ExtractionEvent,
    ExtractionFailedEvent,
    InMemorySeenEvents,
    Reply,
    RunEvent,
    SeenEvents,
    WebhookEvent,
    WebhookReceiver,
    WebhookVerifier,
    sign,
)
from plextera_async.webhooks.aiohttp_web import handler
from plextera_async.webhooks.asgi import WebhookApp

receiver = WebhookReceiver(WebhookVerifier("secret"), InMemorySeenEvents(max_events=10), handler_timeout=1)
store: SeenEvents = InMemorySeenEvents()
source: EventSource = receiver


@receiver.on(ExtractionCompletedEvent)
async def one_kind(event: ExtractionCompletedEvent) -> None:
    assert_type(event.extraction.id, str)


@receiver.on(ExtractionCompletedEvent, ExtractionFailedEvent)
def several_kinds(event: ExtractionEvent) -> None:
    assert_type(event.event_id, str)


@receiver.on(ExtractionCompletedEvent, ExtractionFailedEvent)
def either_kind(event: ExtractionCompletedEvent | ExtractionFailedEvent) -> None:
    assert_type(event.event_id, str)


@receiver.on(ExtractionCompletedEvent, ExtractionFailedEvent, RunEvent)
async def any_of_three(event: ExtractionEvent | RunEvent) -> None:
    assert_type(event.event_id, str)


@receiver.on(RunEvent)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - a handler of something else
async def the_wrong_kind(event: ExtractionEvent) -> None:
    assert_type(event.event_id, str)


@receiver.on_any
async def every_kind(event: WebhookEvent) -> None:
    assert_type(event.event_type, str)


async def calls(event: WebhookEvent, told: list[JobEvent]) -> None:
    assert_type(await receiver.handle(b"", {b"name": "value"}), Reply)
    assert_type(WebhookVerifier("old", "new").verify(b"", [(b"name", b"value")]), WebhookEvent)
    assert_type(await store.claim("id"), Claim)
    assert_type(receiver.subscribe(told.append), Callable[[], None])
    assert_type(handler(receiver), Callable[[web.Request], Awaitable[web.StreamResponse]])
    assert_type(sign(b"", "secret", 1), str)
    WebhookApp(receiver)
    receiver.publish(event)
