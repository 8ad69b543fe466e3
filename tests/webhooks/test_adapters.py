"""Both adapters in real applications under real servers, with whole, broken, repeated and oversized deliveries."""

import asyncio

import pytest
from aiohttp import web
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Mount, Route

from plextera_async.webhooks import (
    Claim,
    ExtractionCompletedEvent,
    InMemorySeenEvents,
    WebhookReceiver,
    WebhookVerifier,
    requests,
)
from plextera_async.webhooks import aiohttp_web as adapter
from plextera_async.webhooks.asgi import WebhookApp
from tests.webhooks.deliveries import SECRET, Noted, errors, exchange, extraction_event, serving, signed

PATH = "/webhooks/plextera"
MAX_BYTES = 3 * 1024 * 1024
BODY = extraction_event(output={"fields": [{"id": "name", "value": "Zoë"}]})


def aiohttp_web(receiver):
    app = web.Application()
    app.router.add_route("*", PATH, adapter.handler(receiver))
    return app


def starlette_route(receiver):
    return Starlette(routes=[Route(PATH, WebhookApp(receiver))])


def starlette_mount_behind_a_middleware(receiver):
    async def pass_on(request, call_next):
        return await call_next(request)

    app = Starlette(routes=[Mount("/webhooks", WebhookApp(receiver))])
    app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)
    return app


def fastapi_mount(receiver):
    app = FastAPI()
    app.mount("/webhooks", WebhookApp(receiver))
    return app


APPLICATIONS = [
    aiohttp_web,
    starlette_route,
    starlette_mount_behind_a_middleware,
    fastapi_mount,
    WebhookApp,
]


class Endpoint:
    """A served receiver, and what its one handler was given."""

    def __init__(self, port, noted):
        self.port = port
        self.noted = noted

    async def send(self, *pieces):
        return await exchange(self.port, *pieces)

    async def deliver(self, body=BODY, **headers):
        status, _, answer = await self.send(
            head(**{"Content-Length": len(body), **signed(body), **headers}), body
        )
        assert answer == b""
        return status


@pytest.fixture(params=APPLICATIONS, ids=lambda make: make.__name__)
async def endpoint(request):
    receiver = WebhookReceiver(WebhookVerifier(SECRET, max_bytes=MAX_BYTES), handler_timeout=29.5)
    noted = receiver.on(ExtractionCompletedEvent)(Noted())
    async with serving(request.param(receiver)) as port:
        yield Endpoint(port, noted)


def head(*lines, method="POST", **headers):
    rows = [f"{method} {PATH} HTTP/1.1", "Host: localhost", *lines]
    rows += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*rows, "", ""]).encode()


def chunked(*pieces):
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


async def test_a_signed_delivery_reaches_the_handler_as_it_was_sent(endpoint):
    assert await endpoint.deliver() == 200

    (event,) = endpoint.noted.events
    assert (event.event_id, event.extraction.output.fields[0].value) == ("evt_1", "Zoë")


@pytest.mark.parametrize("name", ["x-plextera-signature", "X-PLEXTERA-SIGNATURE", "x-PlExTeRa-sIgNaTuRe"])
async def test_header_names_are_of_any_case(endpoint, name):
    line = f"{name}: {signed(BODY)['X-Plextera-Signature']}"
    status, _, _ = await endpoint.send(head(line, **{"Content-Length": len(BODY)}), BODY)

    assert status == 200


async def test_a_chunked_body_is_put_together(endpoint):
    pieces = chunked(BODY[:1], BODY[1:100], BODY[100:], b"")
    status, _, _ = await endpoint.send(head(**signed(BODY), **{"Transfer-Encoding": "chunked"}), pieces)

    assert (status, len(endpoint.noted.events)) == (200, 1)


@pytest.mark.parametrize(
    "headers",
    [
        signed(BODY, "another"),
        signed(BODY + b" "),
        {"X-Plextera-Signature": ""},
        {"X-Plextera-Signature": "\xff"},
    ],
)
async def test_what_cannot_be_trusted_gets_400_and_no_reason(endpoint, headers):
    assert await endpoint.deliver(**headers) == 400
    assert endpoint.noted.events == []


async def test_a_delivery_without_body_or_signature_gets_400(endpoint):
    status, _, answer = await endpoint.send(head(**{"Content-Length": 0}))

    assert (status, answer) == (400, b"")


@pytest.mark.parametrize("secrets", [(SECRET, "x"), ("x", SECRET)])
async def test_two_signatures_in_two_lines_are_refused_even_if_one_is_right(endpoint, secrets):
    lines = [f"X-Plextera-Signature: {signed(BODY, secret)['X-Plextera-Signature']}" for secret in secrets]
    status, _, _ = await endpoint.send(head(*lines, **{"Content-Length": len(BODY)}), BODY)

    assert status == 400


async def test_a_repeated_delivery_is_accepted_without_calling_anyone(endpoint):
    assert [await endpoint.deliver() for _ in range(3)] == [200, 200, 200]
    assert len(endpoint.noted.events) == 1


async def test_a_second_delivery_meanwhile_gets_503(endpoint):
    endpoint.noted.gate.clear()
    first = asyncio.create_task(endpoint.deliver())
    await endpoint.noted.began.wait()

    pieces = head(**{"Content-Length": len(BODY), **signed(BODY)}), BODY
    status, headers, _ = await endpoint.send(*pieces)

    assert (status, headers["retry-after"]) == (503, "30")
    endpoint.noted.gate.set()
    assert await first == 200
    assert len(endpoint.noted.events) == 1


async def test_a_handler_that_fails_gets_the_event_again(endpoint):
    endpoint.noted.failures = 1

    assert [await endpoint.deliver() for _ in range(3)] == [500, 200, 200]
    assert len(endpoint.noted.events) == 2


@pytest.mark.parametrize("make", APPLICATIONS)
async def test_a_handler_that_is_slow_gets_the_event_again(make):
    seen = InMemorySeenEvents()
    receiver = WebhookReceiver(WebhookVerifier(SECRET), seen, handler_timeout=0.02)
    noted = receiver.on_any(Noted())
    noted.gate.clear()
    async with serving(make(receiver)) as port:
        assert await Endpoint(port, noted).deliver() == 500
    assert await seen.claim("evt_1") is Claim.NEW


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_get_405(endpoint, method):
    status, headers, _ = await endpoint.send(head(method=method))

    assert (status, headers["allow"]) == (405, "POST")


async def test_a_body_above_what_frameworks_allow_by_default_is_taken(endpoint):
    body = BODY + b" " * (2 * 1024 * 1024)

    assert await endpoint.deliver(body) == 200


async def test_a_body_that_is_announced_too_large_is_not_waited_for(endpoint):
    status, headers, _ = await endpoint.send(head(**{"Content-Length": MAX_BYTES + 1}))

    assert (status, headers["connection"].lower()) == (413, "close")


async def test_a_body_that_grows_too_large_is_not_read_to_its_end(endpoint):
    piece = chunked(b" " * 65536)
    status, headers, _ = await endpoint.send(
        head(**signed(BODY), **{"Transfer-Encoding": "chunked"}), *[piece] * (MAX_BYTES // 65536 + 1)
    )

    assert (status, headers["connection"].lower()) == (413, "close")
    assert endpoint.noted.events == []


@pytest.mark.parametrize(
    ("framing", "beginning"),
    [({"Content-Length": len(BODY)}, BODY[:50]), ({"Transfer-Encoding": "chunked"}, chunked(BODY[:50]))],
)
async def test_a_body_that_does_not_come_to_its_end_is_given_up(endpoint, monkeypatch, framing, beginning):
    monkeypatch.setattr(requests, "_BODY_SECONDS", 0.05)
    status, headers, _ = await endpoint.send(head(**signed(BODY), **framing), beginning)

    assert (status, headers["connection"].lower()) == (408, "close")
    assert endpoint.noted.events == []


async def test_a_body_that_comes_byte_by_byte_is_put_together(endpoint):
    pieces = [BODY[at : at + 1] for at in range(len(BODY))]
    status, _, _ = await endpoint.send(head(**{"Content-Length": len(BODY), **signed(BODY)}), *pieces)

    assert (status, len(endpoint.noted.events)) == (200, 1)


async def test_a_body_of_the_very_limit_is_taken(endpoint):
    assert await endpoint.deliver(BODY + b" " * (MAX_BYTES - len(BODY))) == 200


async def begin(port, *pieces):
    """Send the beginning of a request, and go away."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"".join(pieces))
    await writer.drain()
    await asyncio.sleep(0.01)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("framing", "beginning"),
    [
        ({"Content-Length": len(BODY)}, b""),
        ({"Content-Length": len(BODY)}, BODY[:50]),
        ({"Transfer-Encoding": "chunked"}, b""),
        ({"Transfer-Encoding": "chunked"}, chunked(BODY[:50])),
        ({"Transfer-Encoding": "chunked"}, chunked(BODY)),
    ],
    ids=["no body", "half a body", "no chunk", "half the chunks", "no last chunk"],
)
async def test_a_sender_that_goes_away_amid_the_body_disturbs_nobody(endpoint, caplog, framing, beginning):
    await begin(endpoint.port, head(**signed(BODY), **framing), beginning)

    assert await endpoint.deliver() == 200
    assert len(endpoint.noted.events) == 1
    assert errors(caplog) == []


async def test_chunks_that_are_none_are_refused_and_disturb_nobody(endpoint):
    status, _, _ = await endpoint.send(
        head(**signed(BODY), **{"Transfer-Encoding": "chunked"}), b"zz\r\nno chunk"
    )

    assert status == 400
    assert await endpoint.deliver() == 200


async def test_a_sender_that_goes_away_while_handlers_run_does_not_stop_them(endpoint, caplog):
    endpoint.noted.gate.clear()
    await begin(endpoint.port, head(**{"Content-Length": len(BODY), **signed(BODY)}), BODY)
    await endpoint.noted.began.wait()
    endpoint.noted.gate.set()

    await endpoint.noted.ended.wait()

    assert await endpoint.deliver() == 200
    assert len(endpoint.noted.events) == 1
    assert errors(caplog) == []


async def test_a_body_that_a_middleware_of_aiohttp_has_read_is_still_there():
    @web.middleware
    async def read_first(request, handler):
        await request.read()
        return await handler(request)

    receiver = WebhookReceiver(WebhookVerifier(SECRET))
    noted = receiver.on_any(Noted())
    app = web.Application(middlewares=[read_first])
    app.router.add_post(PATH, adapter.handler(receiver))
    async with serving(app) as port:
        assert await Endpoint(port, noted).deliver() == 200
    assert len(noted.events) == 1


async def test_a_body_in_a_coding_that_it_is_not_in_is_refused():
    receiver = WebhookReceiver(WebhookVerifier(SECRET))
    noted = receiver.on_any(Noted())
    async with serving(aiohttp_web(receiver)) as port:
        assert await Endpoint(port, noted).deliver(**{"Content-Encoding": "gzip"}) == 400
    assert noted.events == []
