"""Deliveries of Plextera: verified, and read into typed events. No I/O; neither aiohttp nor anyio is imported."""

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
from plextera_async.webhooks.verifier import WebhookVerifier

__all__ = [
    "ExtractJobCompletedEvent",
    "ExtractJobEvent",
    "ExtractJobFailedEvent",
    "ExtractJobRejectedEvent",
    "ExtractionCompletedEvent",
    "ExtractionEvent",
    "ExtractionFailedEvent",
    "ExtractionRejectedEvent",
    "RunCompletedEvent",
    "RunEvent",
    "RunFailedEvent",
    "UnknownEvent",
    "WebhookEvent",
    "WebhookVerifier",
    "sign",
]
