"""Deliveries: signatures, tries, faults, the record, and what is left behind."""

import asyncio
import gc
import logging
from typing import Any

import pytest
from aiohttp import web

from plextera_async.sandbox import DeliveryFault, DeliveryPolicy, Sandbox, SystemClock, Timing
from plextera_async.sandbox.delivery.courier import Courier
from plextera_async.sandbox.delivery.post import signature
from tests.sandbox.receiving import (
    HOOK,
    SECRET,
    ages,
    delivering,
    fail_run,
    pass_time,
    receiving,
    record,
    subscribe,
    update,
)
from tests.sandbox.support import SUBSCRIPTIONS, running, until

FAST = Timing(queued=0, processing=0)


async def test_a_delivery_is_signed_over_time_and_raw_body() -> None:
    async with delivering() as (api, receiver):
        await subscribe(api)
        await fail_run(api)
        await api.sandbox.settle()
        (one,) = receiver.got

    assert one.is_signed_with(SECRET, at=api.sandbox.clock.now())
    assert not one.is_signed_with("other", at=api.sandbox.clock.now())


def test_the_signature_is_the_one_that_is_documented() -> None:
    # Computed with `printf '1700000000.{}' | openssl dgst -sha256 -hmac whsec_1`.
    expected = "c8cf6ed9fd9120874a1792902ffdf5b69559118b76d10974da8a20cf21f94bc5"
    assert signature(b"{}", "whsec_1", 1_700_000_000) == f"t=1700000000,v1={expected}"


async def test_tries_are_repeated_at_growing_intervals_until_one_is_taken() -> None:
    async with delivering() as (api, receiver):
        receiver.answers = [500, 400, 302, 204]
        await subscribe(api)
        await fail_run(api)
        await api.sandbox.settle()
        for _ in range(20):
            await pass_time(api, 1)

    assert record(api) == [(1, 500, None), (2, 400, None), (3, 302, None), (4, 204, None)]
    assert ages(api) == [0, 1, 3, 7]
    assert len({one.body for one in receiver.got}) == 1
    assert len({one.headers["X-Plextera-Event-Id"] for one in receiver.got}) == 1
    assert [one.delivery_id for one in receiver.got] == [one.delivery_id for one in api.sandbox.deliveries]
    assert len({one.delivery_id for one in receiver.got}) == 4
    for one, noted in zip(receiver.got, api.sandbox.deliveries, strict=True):
        assert one.is_signed_with(SECRET, at=noted.at)


async def test_it_gives_up_after_the_last_try_also_when_the_clock_is_far_ahead() -> None:
    policy = DeliveryPolicy(attempts=3, first_delay=60, max_delay=90)
    async with delivering(delivery_policy=policy) as (api, receiver):
        receiver.answers = [503] * 10
        await subscribe(api)
        await api.extract(b"Name: Bob")
        await pass_time(api)
        await pass_time(api)

    assert record(api) == [(1, 503, None), (2, 503, None), (3, 503, None)]


def test_delays_double_up_to_the_longest() -> None:
    policy = DeliveryPolicy(first_delay=2, max_delay=10)

    assert [policy.delay_after(attempt) for attempt in (1, 2, 3, 4, 5000)] == [2, 4, 8, 10, 10]


@pytest.mark.parametrize(
    "settings",
    [{"attempts": 0}, {"first_delay": -1.0}, {"max_delay": -1.0}, {"timeout": 0.0}, {"event_shape": "x"}],
)
def test_a_policy_is_checked_when_it_is_made(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        DeliveryPolicy(**settings)


async def test_a_receiver_that_does_not_answer_is_given_the_timeout_in_sandbox_time() -> None:
    async with delivering(delivery_policy=DeliveryPolicy(timeout=30)) as (api, receiver):
        receiver.answers = [None]
        await subscribe(api)
        await fail_run(api)
        await until(lambda: receiver.got)
        api.advance(29)
        await asyncio.sleep(0.01)
        waiting = record(api)
        await pass_time(api, 1)
        await pass_time(api, 1)

    assert waiting == [(1, None, None)]
    assert record(api) == [(1, None, "timeout"), (2, 200, None)]
    assert ages(api) == [0, 31]


async def test_a_slow_machine_lets_nothing_time_out_on_a_virtual_clock() -> None:
    async with delivering(delivery_policy=DeliveryPolicy(timeout=1)) as (api, _):
        await subscribe(api)
        await api.extract(b"Name: Bob")
        await pass_time(api)

    assert record(api) == [(1, 200, None)]


async def test_a_refused_or_broken_connection_is_tried_again() -> None:
    async with delivering() as (api, receiver):
        real = receiver.url
        broken = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = broken.sockets[0].getsockname()[1]
        api.sandbox.add_endpoint(HOOK, f"http://127.0.0.1:{port}/hook")
        await subscribe(api)
        await fail_run(api)
        await api.sandbox.settle()
        broken.close()
        await broken.wait_closed()
        await pass_time(api, 1)
        api.sandbox.add_endpoint(HOOK, real)
        await pass_time(api, 2)

    assert record(api) == [(1, None, "unreachable"), (2, None, "unreachable"), (3, 200, None)]


async def test_a_new_secret_signs_later_tries() -> None:
    async with delivering() as (api, receiver):
        receiver.answers = [500]
        subscription = await subscribe(api)
        await fail_run(api)
        await api.sandbox.settle()
        await update(api, subscription, signingSecret="whsec_2")
        await pass_time(api, 1)

    first, second = receiver.got
    at = api.sandbox.clock.now()
    assert first.is_signed_with(SECRET, at=at - 1)
    assert second.is_signed_with("whsec_2", at=at)


@pytest.mark.parametrize("change", ["paused", "deleted"])
async def test_a_subscription_that_ends_or_rests_gets_no_further_tries(change: str) -> None:
    async with delivering() as (api, receiver):
        receiver.answers = [500]
        subscription = await subscribe(api)
        await fail_run(api)
        await api.sandbox.settle()
        if change == "paused":
            await update(api, subscription, status="paused")
        else:
            await api.call("DELETE", f"{SUBSCRIPTIONS}/{subscription['id']}")
        await pass_time(api)
        if change == "paused":
            await update(api, subscription, status="active")
        await pass_time(api)

    assert record(api) == [(1, 500, None), (2, None, change)]
    assert len(receiver.got) == 1


async def test_the_record_tells_whose_delivery_it_was_and_no_secret() -> None:
    async with delivering() as (api, _):
        subscription = await subscribe(api)
        await fail_run(api)
        await api.sandbox.settle()
        (one,) = api.sandbox.deliveries

    assert one.subscription_id == subscription["id"]
    assert one.event_type == "workflow.run.failed"
    assert one.event_id.startswith("evt_")
    assert one.delivery_id.startswith("dlv_")
    assert one.url == HOOK
    assert SECRET not in repr(one)


async def test_a_receiver_may_ask_the_sandbox_before_it_answers() -> None:
    asked: list[int] = []

    async def ask(_: web.Request) -> web.Response:
        asked.append((await api.get("/workflow-runs")).status)
        return web.Response()

    async with delivering() as (api, _):
        app = web.Application()
        app.router.add_post("/ask", ask)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        api.sandbox.add_endpoint(HOOK, f"http://127.0.0.1:{runner.addresses[0][1]}/ask")
        await subscribe(api)
        await fail_run(api)
        await api.sandbox.settle()
        await runner.cleanup()

    assert asked == [200]
    assert record(api) == [(1, 200, None)]


async def test_on_the_real_clock_tries_follow_by_themselves() -> None:
    policy = DeliveryPolicy(first_delay=0.01, timeout=0.03)
    async with delivering(clock=SystemClock(), timing=FAST, delivery_policy=policy) as (api, receiver):
        receiver.answers = [500, None]
        await subscribe(api)
        await api.extract(b"Name: Bob")
        await until(lambda: [one.status for one in api.sandbox.deliveries][-1:] == [200])
        await api.sandbox.settle()

    assert record(api) == [(1, 500, None), (2, None, "timeout"), (3, 200, None)]
    assert ages(api)[1] >= 0.01
    assert ages(api)[2] - ages(api)[1] >= 0.05


async def test_leaving_the_sandbox_leaves_no_task_and_no_connection() -> None:
    async with receiving() as receiver:
        before = asyncio.all_tasks()
        async with running(clock=SystemClock(), timing=FAST, endpoints={HOOK: receiver.url}) as api:
            await subscribe(api)
            api.sandbox.delivery_faults.add(DeliveryFault(delay=60))
            receiver.answers = [None, 500]
            for _ in range(4):
                await fail_run(api)
            await until(lambda: len(receiver.got) == 3 and receiver.answers == [])
            await until(lambda: sum(one.status is not None for one in api.sandbox.deliveries) == 2)
            assert len(asyncio.all_tasks() - before) > 3
        await api.sandbox.settle()
        api.sandbox.force(next(iter(api.sandbox.world.runs)), status="COMPLETED")
        await asyncio.sleep(0.01)
        gc.collect()
        left = asyncio.all_tasks() - before
        count = len(receiver.got)

    assert {task for task in left if "plextera_async" in repr(task)} == set()
    assert count == 3
    assert [one.status for one in api.sandbox.deliveries].count(None) == 1


async def test_a_sandbox_that_could_not_start_leaves_no_connections() -> None:
    async with Sandbox() as running_one:
        port = int(running_one.base_url.split(":")[2].split("/")[0])
        with pytest.raises(OSError, match="address"):
            await Sandbox(port=port).__aenter__()
        gc.collect()


async def test_a_bug_in_delivering_is_told_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Courier, "_try", fail)
    async with delivering() as (api, _):
        await subscribe(api)
        with caplog.at_level(logging.ERROR, "plextera_async.sandbox"):
            await fail_run(api)
            await api.sandbox.settle()

    assert [record.getMessage() for record in caplog.records] == ["the sandbox failed to deliver an event"]


async def test_thousands_of_events_are_delivered_each_once() -> None:
    async with delivering(timing=FAST) as (api, receiver):
        await subscribe(api)
        workflow = api.sandbox.world.workflow("claims")
        assert workflow is not None
        for _ in range(2000):
            api.sandbox.world.running.start(workflow, None, api.sandbox.world.now())
        api.advance(1)
        await asyncio.wait_for(api.sandbox.settle(), 30)

    assert len({one.event["data"]["runId"] for one in receiver.got}) == len(receiver.got) == 2000
    assert {one.status for one in api.sandbox.deliveries} == {200}
