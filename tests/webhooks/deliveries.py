"""Deliveries as Plextera sends them, servers that take them, and handlers that note what they were given."""

import asyncio
import json
import logging
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from aiohttp import web

from plextera_async.webhooks import Reply, WebhookEvent, WebhookReceiver, sign

SECRET = "whsec_of_a_test"


def extraction_event(event_id: str = "evt_1", end: str = "completed", **data: object) -> bytes:
    """Make the body of a delivery, with white space and letters that writing it anew would change."""
    whole = {
        "eventId": event_id,
        "eventType": f"document-insights.extraction.{end}",
        "occurredAt": "2026-01-02T03:04:05Z",
        "apiVersion": "v1",
        "data": {"extractionId": "an-id", "status": end.upper(), **data},
    }
    return json.dumps(whole, indent=3, ensure_ascii=False).encode() + b"\n"


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Make the header that a delivery of now carries."""
    return {"X-Plextera-Signature": sign(body, secret, int(time.time()))}


async def deliver(receiver: WebhookReceiver, body: bytes | None = None) -> Reply:
    """Hand over a delivery of now."""
    body = body or extraction_event()
    return await receiver.handle(body, signed(body))


class Noted:
    """A handler that notes events; it waits at its gate while that is closed, and fails as often as it is told."""

    def __init__(self) -> None:
        self.events: list[WebhookEvent] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.began = asyncio.Event()
        self.ended = asyncio.Event()
        self.failures = 0

    async def __call__(self, event: WebhookEvent) -> None:
        self.events.append(event)
        self.began.set()
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise ValueError("SECRET: what the event holds")
        self.ended.set()


@asynccontextmanager
async def serving(app: object, *, patience: int = 0) -> AsyncIterator[int]:
    """Serve an application of aiohttp.web, or else of ASGI under uvicorn, on a port of loopback.

    Args:
        app: What to serve.
        patience: Seconds that what is in flight at the end may take; 0 ends it at once.
    """
    serve = _aiohttp if isinstance(app, web.Application) else _uvicorn
    async with serve(app, patience) as port:
        yield port


@asynccontextmanager
async def _aiohttp(app: Any, patience: int) -> AsyncIterator[int]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=patience or 0.05)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _uvicorn(app: Any, patience: int) -> AsyncIterator[int]:
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        http="h11",
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=patience,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await server.startup(
            sockets=[listening]
        )  # without its main loop, which takes a tenth of a second to end
        try:
            yield listening.getsockname()[1]
        finally:
            await server.shutdown(sockets=[listening])


async def exchange(port: int, *pieces: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes as they are, and read one answer: status, headers by lower-case name, body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rest if row)
        }
        return (
            int(first.split()[1]),
            headers,
            await reader.readexactly(int(headers.get("content-length", "0"))),
        )
    finally:
        writer.close()
        await writer.wait_closed()


def errors(caplog) -> list[str]:
    """Give what was logged as an error, by anyone."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
