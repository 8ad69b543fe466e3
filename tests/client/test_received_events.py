"""Waits of a client whose events come through a receiver of webhooks, in this thread and in others."""

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from plextera_async import AsyncPlextera
from plextera_async.sandbox import Sandbox, Timing
from plextera_async.webhooks import WebhookReceiver, WebhookVerifier
from tests.support.waiting import until
from tests.webhooks.deliveries import SECRET, signed


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(timing=Timing(queued=0, processing=1000)) as running:
        yield running


@pytest.fixture
def receiver() -> WebhookReceiver:
    return WebhookReceiver(WebhookVerifier(SECRET))


def _completed(extraction: Any) -> bytes:
    moment = (extraction.updated_at + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    head = f'{{"eventId": "evt_{extraction.id}", "eventType": "document-insights.extraction.completed", '
    data = f'{{"extractionId": "{extraction.id}", "status": "COMPLETED", "output": {{"fields": [{{"id": "f"}}]}}}}'
    return (head + f'"occurredAt": "{moment}", "apiVersion": "v1", "data": {data}}}').encode()


async def test_a_delivery_ends_the_wait_of_a_client(sandbox: Sandbox, receiver: WebhookReceiver) -> None:
    async with AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url, events=receiver) as client:
        handles = [await client.extractions.upload(f"Total: {number}".encode()) for number in range(7)]
        waits = [asyncio.ensure_future(handle.result()) for handle in handles]
        await asyncio.sleep(0)
        for handle in handles:
            body = _completed(handle.latest)
            assert (await receiver.handle(body, signed(body))).status == 200
        outputs = await asyncio.gather(*waits)

    assert [[field.id for field in output.fields] for output in outputs] == [["f"]] * 7
    assert len(sandbox.requests) == 7
    assert not receiver._listeners


async def test_events_come_from_another_thread(sandbox: Sandbox, receiver: WebhookReceiver) -> None:
    async with AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url, events=receiver) as client:
        handle = await client.extractions.upload(b"Total: 1")
        wait = asyncio.ensure_future(handle.result())
        await until(lambda: any(client._watchers._by_loop.values()))
        body = _completed(handle.latest)
        event = WebhookVerifier(SECRET).verify(body, signed(body))
        thread = threading.Thread(target=receiver.publish, args=(event,))
        thread.start()

        assert [field.id for field in (await wait).fields] == ["f"]
        thread.join()


async def test_two_loops_hear_of_the_same_event(sandbox: Sandbox, receiver: WebhookReceiver) -> None:
    client = AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url, events=receiver)
    handle = await client.extractions.upload(b"Total: 1")

    def elsewhere() -> Any:
        async def wait() -> Any:
            other = type(handle)(handle.id, handle._reader)
            other.latest = handle.latest
            try:
                return await other.result()
            finally:
                await client.aclose()

        return asyncio.run(wait())

    waits = [asyncio.ensure_future(asyncio.to_thread(elsewhere)), asyncio.ensure_future(handle.result())]
    await until(lambda: sum(map(bool, list(client._watchers._by_loop.values()))) == 2)
    body = _completed(handle.latest)
    await receiver.handle(body, signed(body))

    assert [[field.id for field in output.fields] for output in await asyncio.gather(*waits)] == [
        ["f"],
        ["f"],
    ]
    await client.aclose()
    assert not receiver._listeners
