"""Waits that hear of events: whichever is first ends them, the event or the look."""

import asyncio
import gc
import weakref
from typing import Any

import attrs
import pytest

from plextera_async import AsyncPlextera, errors
from tests.support.pretend_api import Events, PretendApi, durations, late_by, run

KINDS = pytest.mark.parametrize("kind", ["extraction", "run", "job"])
CALLS = pytest.mark.parametrize(
    ("kind", "call"), [("extraction", "result"), ("job", "result"), ("run", "wait")]
)


def _api(kind: str = "extraction") -> PretendApi:
    return PretendApi(kind, events=Events())


@CALLS
@pytest.mark.parametrize("number", [1, 3, 20])
def test_an_event_ends_a_wait_without_a_look(kind: str, call: str, number: int) -> None:
    async def main() -> None:
        api = _api(kind)
        handles = [api.create(0.6) for _ in range(number)]
        for handle in handles:
            api.deliver(api.lives[handle.id])
        late = await asyncio.gather(*(late_by(api, handle, call) for handle in handles))

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
        late = await asyncio.gather(*(late_by(api, handle, call) for handle in handles))

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
        late = await asyncio.gather(late_by(api, first), *(late_by(api, handle) for handle in handles))

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
            return await late_by(api, handle, "result")

        late = await asyncio.gather(*(one(length, place) for place, length in enumerate(durations(300))))
        return api.requests.total(), sorted(late)

    looks, late = run(main(lost=False))
    assert looks <= 60
    assert sum(late) / 300 <= 0.3
    looks, late = run(main(lost=True))
    assert looks <= 250
    assert late[-1] <= 15


def test_waits_one_after_the_other_know_that_events_arrive() -> None:
    async def main() -> None:
        api = _api()
        for _ in range(5):
            handle = api.create(9.0)
            api.deliver(api.lives[handle.id])
            await handle.wait()
        assert len([at for at, _ in api.gets if at > 1009.2]) == 0

        handle = api.create(9.0)  # its event is lost
        assert await late_by(api, handle) <= 15
        before = api.requests["get"]
        await api.create(9.0).wait()
        assert api.requests["get"] - before >= 4

    run(main())


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

        assert await late_by(api, handle) == pytest.approx(0.15)
        assert handle.latest.updated_at > old.occurred_at

    run(main())


def test_an_old_end_that_is_remembered_does_not_end_a_new_wait() -> None:
    async def main() -> None:
        api = _api()
        api.reader().watchers.listen()
        handle = api.create(10.0)
        life = api.lives[handle.id]
        await asyncio.sleep(10)
        api.events.tell(api.event(life))  # type: ignore[union-attr]
        life.begins, life.ends = api.now + 2, api.now + 40  # it is processed once more
        await asyncio.sleep(3)
        assert (await handle.refresh()).status == "PROCESSING"
        api.deliver(life)

        assert await late_by(api, handle) == pytest.approx(0.15)

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

        assert await late_by(api, handle) < 15
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

        assert await late_by(api, handle) >= 0

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
