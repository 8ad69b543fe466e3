"""Faults of deliveries: lost, duplicated, late, out of order, wrongly signed."""

from plextera_async.sandbox import DeliveryFault
from tests.sandbox.receiving import SECRET, delivering, fail_run, pass_time, record, subscribe


async def test_a_lost_delivery_is_taken_for_delivered() -> None:
    async with delivering() as (api, receiver):
        await subscribe(api)
        fault = api.sandbox.delivery_faults.add(DeliveryFault(lost=True))
        await fail_run(api)
        await fail_run(api)
        await pass_time(api)

    assert fault.times == 0
    assert sorted(record(api), key=str) == [(1, 200, None), (1, None, "lost")]
    assert len(receiver.got) == 1


async def test_a_duplicate_follows_what_was_taken_and_only_that() -> None:
    async with delivering() as (api, receiver):
        receiver.answers = [500]
        await subscribe(api)
        api.sandbox.delivery_faults.add(DeliveryFault(duplicate=True, times=None))
        await fail_run(api)
        await pass_time(api)

    assert record(api) == [(1, 500, None), (2, 200, None), (2, 200, None)]
    assert len({one.body for one in receiver.got}) == 1
    assert len({one.delivery_id for one in receiver.got}) == 3


async def test_a_wrongly_signed_try_is_followed_by_a_right_one_if_it_is_refused() -> None:
    async with delivering() as (api, receiver):
        receiver.answers = [400]
        await subscribe(api)
        api.sandbox.delivery_faults.add(DeliveryFault(wrong_signature=True))
        await fail_run(api)
        await api.sandbox.settle()
        await pass_time(api, 1)

    wrong, right = receiver.got
    at = api.sandbox.clock.now()
    assert not wrong.is_signed_with(SECRET, at=at - 1)
    assert wrong.headers["X-Plextera-Signature"].startswith(f"t={int(at - 1)},v1=")
    assert right.is_signed_with(SECRET, at=at)


async def test_a_late_delivery_comes_after_later_events() -> None:
    async with delivering() as (api, receiver):
        await subscribe(api)
        api.sandbox.delivery_faults.add(DeliveryFault(event_type="workflow.*", delay=30, times=2))
        await fail_run(api)
        await pass_time(api, 10)
        await api.extract(b"Name: Bob")
        await pass_time(api, 10)
        before = receiver.types.copy()
        await pass_time(api, 10)

    assert before == ["document-insights.extraction.completed"]
    assert receiver.types == [*before, "workflow.run.failed"]
    assert receiver.got[1].is_signed_with(SECRET, at=api.sandbox.clock.now())


async def test_faults_can_be_cleared_and_meet_only_their_type() -> None:
    async with delivering() as (api, receiver):
        await subscribe(api)
        api.sandbox.delivery_faults.add(DeliveryFault(event_type="*.job.*", lost=True))
        await fail_run(api)
        api.sandbox.delivery_faults.add(DeliveryFault(lost=True))
        api.sandbox.delivery_faults.clear()
        await pass_time(api)

    assert len(receiver.got) == 1
