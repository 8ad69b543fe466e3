"""Waits that hear of events: whichever is first ends them, the event or the look."""

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import attrs
import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async.sandbox import Sandbox, Timing
from plextera_async.webhooks import WebhookReceiver, WebhookVerifier
from tests.support.pretend_api import Events, PretendApi, durations
from tests.support.virtual_time import run
from tests.support.waiting import until
from tests.webhooks.deliveries import SECRET, signed

KINDS = pytest.mark.parametrize("kind", ["extraction", "run", "job"])
CALLS = pytest.mark.parametrize(
    ("kind", "call"), [("extraction", "result"), ("job", "result"), ("run", "wait")]
)


def _api(kind: str = "extraction") -> PretendApi:
    return PretendApi(kind, events=Events())


async def _late(api: PretendApi, handle: Any, call: str = "wait") -> float:
    await getattr(handle, call)()
    return api.now - api.lives[handle.id].ends


@CALLS
@pytest.mark.parametrize("number", [1, 3, 20])
def test_an_event_ends_a_wait_without_a_look(kind: str, call: str, number: int) -> None:
    async def main() -> None:
        api = _api(kind)
        handles = [api.create(0.6) for _ in range(number)]
        for handle in handles:
            api.deliver(api.lives[handle.id])
        late = await asyncio.gather(*(_late(api, handle, call) for handle in handles))

        assert late == pytest.approx([0.15] * number)
        assert api.requests.total() == 0
        assert all(handle.status == "COMPLETED" for handle in handles)
        assert all(handle.request_id is None for handle in handles)

    run(main())


@CALLS
def test_an_event_without_output_leads_to_one_look(kind: str, call: str) -> None:
    async def main() -> None:
        api = _api(kind)
        handles = [api.create(0.6) for _ in range(20)]
        for handle in handles:
            api.deliver(api.lives[handle.id], whole=False)
        late = await asyncio.gather(*(_late(api, handle, call) for handle in handles))

        assert late == pytest.approx([0.2] * 20)
        assert dict(api.requests) == {"get": 20}

    run(main())


def test_what_an_event_leaves_out_is_what_was_seen_before() -> None:
    async def main() -> None:
        api = _api()
        handle = api.create(0.6)
        handle.latest = attrs.evolve(handle.latest, tags={"order": "1"})
        event = api.event(api.lives[handle.id])
        model = attrs.evolve(event.model, created_at=None)
        asyncio.get_running_loop().call_later(0.7, api.events.tell, attrs.evolve(event, model=model))  # type: ignore[union-attr]
        extraction = await handle.wait()

        assert extraction.tags == {"order": "1"}
        assert extraction.created_at is not None

    run(main())


@KINDS
@pytest.mark.parametrize("number", [1, 4, 40])
def test_a_lost_event_costs_at_most_fifteen_seconds(kind: str, number: int) -> None:
    async def main() -> None:
        api = _api(kind)
        first = api.create(5.0)
        api.deliver(api.lives[first.id])
        handles = [api.create(60.0 + 0.01 * place) for place in range(number)]
        late = await asyncio.gather(_late(api, first), *(_late(api, handle) for handle in handles))

        assert max(late) <= 15
        assert api.requests["list"] + api.requests["get"] <= (number + 1) * 20

    run(main())


@KINDS
def test_a_closed_run_and_other_ends_without_an_event_are_found(kind: str) -> None:
    async def main() -> None:
        api = _api(kind)
        end = "CLOSED" if kind == "run" else "ARCHIVED"
        flow = [api.create(2.0) for _ in range(20)]
        handles = [api.create(30.0, end=end) for _ in range(20)]
        for handle in flow:
            api.deliver(api.lives[handle.id])
        waits = [handle.wait(check=False) for handle in [*flow, *handles]]
        await asyncio.gather(*waits)

        assert all(handle.status == end for handle in handles)
        assert api.now <= 1046

    run(main())


def test_looks_are_rare_while_events_arrive_and_frequent_when_one_is_missed() -> None:
    async def main(*, lost: bool) -> tuple[int, list[float]]:
        api = _api()

        async def one(length: float, place: int) -> float:
            await asyncio.sleep(place * 0.05)
            handle = api.create(length)
            if not lost or place % 10:
                api.deliver(api.lives[handle.id])
            return await _late(api, handle, "result")

        late = await asyncio.gather(*(one(length, place) for place, length in enumerate(durations(300))))
        return api.requests.total(), sorted(late)

    looks, late = run(main(lost=False))
    assert looks <= 60
    assert sum(late) / 300 <= 0.3
    looks, late = run(main(lost=True))
    assert looks <= 250
    assert late[-1] <= 15


def test_an_event_that_is_faster_than_the_answer_of_the_create_is_not_lost() -> None:
    async def main() -> None:
        api = _api()
        api.watchers.listen()
        handles = [api.create(0.6) for _ in range(300)]
        assert all(handle.status == "QUEUED" for handle in handles)
        for handle in handles:
            api.events.tell(api.event(api.lives[handle.id]))  # type: ignore[union-attr]
        await asyncio.sleep(0.6)
        await asyncio.gather(*(handle.wait() for handle in handles))

        assert api.requests["get"] == 200  # the outputs of the last hundred are remembered
        assert api.requests["list"] == 0
        assert api.now < 1000.8

    run(main())


def test_an_old_end_does_not_end_a_new_wait() -> None:
    async def main() -> None:
        api = _api()
        handle = api.create(10.0)
        life = api.lives[handle.id]
        await asyncio.sleep(10)
        api.events.tell(api.event(life))  # type: ignore[union-attr]
        old = api.event(life)
        life.begins, life.ends = api.now + 2, api.now + 40  # it is processed once more
        await asyncio.sleep(3)
        assert (await handle.refresh()).status == "PROCESSING"
        asyncio.get_running_loop().call_later(1, api.events.tell, old)  # type: ignore[union-attr]
        api.deliver(life)

        assert await _late(api, handle) == pytest.approx(0.15)
        assert handle.latest.updated_at > old.occurred_at

    run(main())


def test_an_end_of_the_same_second_is_looked_at() -> None:
    async def main() -> None:
        api = _api()
        handle = api.create(10.0)
        life = api.lives[handle.id]
        old = attrs.evolve(api.event(life), occurred_at=api.stamp(1011))
        life.begins, life.ends = 1011.2, 1040.0
        await asyncio.sleep(11.5)
        await handle.refresh()
        asyncio.get_running_loop().call_later(0.1, api.events.tell, old)  # type: ignore[union-attr]

        assert await _late(api, handle) < 15
        assert api.gets[1][0] == pytest.approx(1011.65)

    run(main())


def test_an_event_that_comes_while_the_job_is_read() -> None:
    async def main() -> None:
        api = _api()
        api.round_trip = 0.4
        handle = api.create(1.2)  # is read at 1.0, and still runs
        real = api.read

        async def read_early(id_: str, retry: object) -> Any:
            answer = api.show(api.lives[id_], api.now)
            await real(id_, retry)
            return attrs.evolve(await real(id_, retry), model=answer)

        api.read = read_early  # type: ignore[method-assign]
        handle = type(handle)(
            handle.id, api.reader(), answer=attrs.evolve(await real(handle.id, False), model=handle.latest)
        )
        api.deliver(api.lives[handle.id], after=0.9)

        await handle.wait()
        assert api.requests["get"] == 3

    run(main())


def test_a_fault_in_an_event_ends_nothing() -> None:
    async def main() -> None:
        api = _api()
        handle = api.create(3.0)
        running = attrs.evolve(
            api.event(api.lives[handle.id]), model=handle.latest, occurred_at=api.stamp(1002)
        )
        other = attrs.evolve(running, kind="run")
        old = attrs.evolve(running, occurred_at=api.stamp(900))
        for event in (running, other, old):
            asyncio.get_running_loop().call_later(0.2, api.events.tell, event)  # type: ignore[union-attr]

        assert await _late(api, handle) >= 0

    run(main())


def test_a_watcher_is_listened_for_only_while_it_lives() -> None:
    events = Events()

    async def main() -> None:
        client = AsyncPlextera("key", events=events)
        assert events.listeners == []
        client._watchers.listen()
        client._watchers.listen()
        assert len(events.listeners) == 1
        await client.aclose()
        await client.aclose()
        assert events.listeners == []
        client._watchers.listen()
        assert len(events.listeners) == 1
        gone = weakref.ref(client._watchers)
        del client
        gc.collect()
        assert gone() is None
        assert events.listeners == []

    run(main())


def test_what_is_no_source_of_events_is_refused() -> None:
    with pytest.raises(errors.ConfigurationError, match="events"):
        AsyncPlextera("key", events=object())  # type: ignore[arg-type]


# With the receiver of webhooks, and a server.


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
