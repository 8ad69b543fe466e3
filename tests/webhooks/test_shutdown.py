"""A server that ends while a delivery is in flight: it is answered, or its event is left to the next one."""

import asyncio
from contextlib import suppress

import pytest
from aiohttp import web

from plextera_async.webhooks import InMemorySeenEvents, WebhookReceiver, WebhookVerifier, aiohttp_web
from plextera_async.webhooks.asgi import WebhookApp
from tests.webhooks.deliveries import SECRET, Noted, exchange, extraction_event, serving, signed

BODY = extraction_event()


def aiohttp_app(receiver):
    app = web.Application()
    app.router.add_post("/hook", aiohttp_web.handler(receiver))
    return app


class InFlight:
    """A receiver whose handler waits, and a delivery that it has begun."""

    def __init__(self):
        self.seen = InMemorySeenEvents()
        self.receiver = WebhookReceiver(WebhookVerifier(SECRET), self.seen, 30)
        self.noted = self.receiver.on_any(Noted())
        self.noted.gate.clear()

    async def deliver(self, port):
        lines = {"Host": "localhost", "Content-Length": len(BODY), **signed(BODY)}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        status, _, _ = await exchange(port, f"POST /hook HTTP/1.1\r\n{head}\r\n".encode(), BODY)
        return status


@pytest.fixture
def in_flight():
    return InFlight()


@pytest.mark.parametrize("make", [aiohttp_app, WebhookApp])
async def test_a_server_that_waits_for_handlers_answers_what_is_in_flight(in_flight, make):
    async with serving(make(in_flight.receiver), patience=30) as port:
        delivery = asyncio.create_task(in_flight.deliver(port))
        await in_flight.noted.began.wait()
        asyncio.get_running_loop().call_later(0.02, in_flight.noted.gate.set)

    assert await delivery == 200
    assert repr(in_flight.seen) == "<InMemorySeenEvents 1 done 0 claimed>"


@pytest.mark.parametrize("make", [aiohttp_app, WebhookApp])
async def test_a_server_that_does_not_wait_leaves_no_claim_behind(in_flight, make):
    async with serving(make(in_flight.receiver)) as port:
        delivery = asyncio.create_task(in_flight.deliver(port))
        await in_flight.noted.began.wait()

    with suppress(OSError, EOFError):  # as servers differ
        assert await delivery >= 500
    while len(in_flight.seen):
        await asyncio.sleep(0)
    assert not in_flight.noted.ended.is_set()
