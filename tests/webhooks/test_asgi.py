"""The ASGI application message by message: what servers say that is awkward to have one say."""

import pytest

from plextera_async.webhooks import WebhookReceiver, WebhookVerifier
from plextera_async.webhooks.asgi import WebhookApp
from tests.webhooks.deliveries import SECRET, Noted, extraction_event, signed

BODY = extraction_event()


@pytest.fixture
def receiver():
    return WebhookReceiver(WebhookVerifier(SECRET, max_bytes=len(BODY)))


async def talk(receiver, scope, messages):
    """Serve one scope; gives what was sent, and what was left to be received."""
    sent, left = [], list(messages)

    async def receive():
        return left.pop(0)

    async def send(message):
        sent.append(message)

    await WebhookApp(receiver)(scope, receive, send)
    return sent, left


def post(version="1.1", **headers):
    lines = [(name.encode(), str(value).encode()) for name, value in headers.items()]
    return {"type": "http", "method": "POST", "http_version": version, "headers": lines}


def piece(body, more_body):
    return {"type": "http.request", "body": body, "more_body": more_body}


async def test_it_lives_with_its_server(receiver):
    sent, left = await talk(
        receiver, {"type": "lifespan"}, [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    )

    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
    assert left == []


async def test_a_websocket_is_refused(receiver):
    sent, _ = await talk(receiver, {"type": "websocket"}, [])

    assert sent == [{"type": "websocket.close", "code": 1000}]


async def test_an_unheard_of_scope_is_refused(receiver):
    with pytest.raises(NotImplementedError, match="telepathy"):
        await talk(receiver, {"type": "telepathy"}, [])


async def test_pieces_may_be_empty_and_defaults_left_out(receiver):
    noted = receiver.on_any(Noted())
    messages = [piece(b"", True), piece(BODY[:9], True), {"type": "http.request", "more_body": True}]
    last = {"type": "http.request", "body": bytearray(BODY[9:])}

    sent, _ = await talk(receiver, post(**signed(BODY)), [*messages, last])

    assert sent[0] == {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
    assert len(noted.events) == 1


async def test_half_a_body_is_refused_for_the_sake_of_middlewares_that_expect_an_answer(receiver):
    noted = receiver.on_any(Noted())

    sent, _ = await talk(receiver, post(**signed(BODY)), [piece(BODY, True), {"type": "http.disconnect"}])

    assert (sent[0]["status"], noted.events) == (400, [])


@pytest.mark.parametrize(("version", "closes"), [("1.0", True), ("1.1", True), ("2", False), ("3", False)])
@pytest.mark.parametrize("headers", [{"content-length": len(BODY) + 1}, {}])
async def test_too_large_a_body_is_read_no_further_and_closes_the_connections_that_know_closing(
    receiver, version, closes, headers
):
    messages = [piece(b" " * len(BODY), True), piece(b" ", True), piece(b" ", False)]

    sent, left = await talk(receiver, post(version, **headers), messages)

    assert sent[0]["status"] == 413
    assert ((b"connection", b"close") in sent[0]["headers"]) is closes
    assert len(left) == (3 if headers else 1)


async def test_a_content_length_that_is_no_number_is_the_servers_business(receiver):
    sent, _ = await talk(receiver, post(**{"content-length": "many"}, **signed(BODY)), [piece(BODY, False)])

    assert sent[0]["status"] == 200


async def test_a_sender_that_is_gone_when_the_answer_comes_is_no_failure(receiver):
    async def receive():
        return piece(BODY, False)

    async def send(message):
        raise ConnectionResetError

    noted = receiver.on_any(Noted())
    await WebhookApp(receiver)(post(**signed(BODY)), receive, send)

    assert len(noted.events) == 1
