"""Deliveries of Plextera: verified, read into typed events, handled once. Loads neither aiohttp nor anyio.

The two adapters, `aiohttp_web` and `asgi`, are modules of their own.
"""

from plextera_async._sansio.signing import sign
from plextera_async.webhooks.events import (
    ExtractionCompletedEvent,
    ExtractionEvent,
    ExtractionFailedEvent,
    ExtractionRejectedEvent,
    ExtractJobCompletedEvent,
    ExtractJobEvent,
    ExtractJobFailedEvent,
    ExtractJobRejectedEvent,
    RunCompletedEvent,
    RunEvent,
    RunFailedEvent,
    UnknownEvent,
    WebhookEvent,
)
from plextera_async.webhooks.receiver import WebhookReceiver
from plextera_async.webhooks.replies import Reply
from plextera_async.webhooks.seen import Claim, InMemorySeenEvents, SeenEvents
from plextera_async.webhooks.verifier import WebhookVerifier

__all__ = [
    "Claim",
    "ExtractJobCompletedEvent",
    "ExtractJobEvent",
    "ExtractJobFailedEvent",
    "ExtractJobRejectedEvent",
    "ExtractionCompletedEvent",
    "ExtractionEvent",
    "ExtractionFailedEvent",
    "ExtractionRejectedEvent",
    "InMemorySeenEvents",
    "Reply",
    "RunCompletedEvent",
    "RunEvent",
    "RunFailedEvent",
    "SeenEvents",
    "UnknownEvent",
    "WebhookEvent",
    "WebhookReceiver",
    "WebhookVerifier",
    "sign",
]
