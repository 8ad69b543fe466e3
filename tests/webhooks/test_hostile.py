"""Whatever strangers send, the verifier raises nothing but its own error, and the receiver answers."""

import asyncio
import json

from hypothesis import HealthCheck, given, settings

from plextera_async.errors import WebhookVerificationError
from plextera_async.webhooks import UnknownEvent, WebhookEvent, WebhookReceiver, WebhookVerifier
from tests.webhooks.deliveries import SECRET
from tests.webhooks.hostile import NOW, deliveries

BUDGET = settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
VERIFIER = WebhookVerifier("another", SECRET, clock=lambda: NOW)


@BUDGET
@given(delivery=deliveries())
def test_the_verifier_raises_nothing_but_its_own_error(delivery):
    raw, body, headers, _ = delivery
    try:
        event = VERIFIER.verify(body, headers)
    except WebhookVerificationError:
        return
    assert isinstance(event, WebhookEvent)
    assert event.event_id == json.loads(raw)["eventId"]
    assert isinstance(event, UnknownEvent) or next(
        job.id for name in ("extraction", "run", "job") if (job := getattr(event, name, None))
    )
    assert SECRET not in repr(event)


@BUDGET
@given(delivery=deliveries())
def test_the_receiver_gives_nothing_but_a_reply(delivery):
    _, body, headers, is_signed = delivery
    receiver = WebhookReceiver(VERIFIER)
    received: list[WebhookEvent] = []
    receiver.on_any(received.append)

    first = asyncio.run(receiver.handle(body, headers))

    assert first.status in {200, 400}
    assert (first.body, dict(first.headers)) == (b"", {})
    assert len(received) == (first.status == 200)
    if is_signed:  # a plain mapping can be handed over again
        assert asyncio.run(receiver.handle(body, headers)) == first
        assert len(received) == (first.status == 200)
