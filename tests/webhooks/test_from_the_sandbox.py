"""From a job in the sandbox to a handler: subscribed through the client, delivered to both adapters under real servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from fastapi import FastAPI

from plextera_async import AsyncPlextera
from plextera_async.sandbox import DeliveryFault, DeliveryPolicy, Sandbox, VirtualClock, WorkflowStep
from plextera_async.webhooks import WebhookReceiver, WebhookVerifier, aiohttp_web
from plextera_async.webhooks.asgi import WebhookApp
from tests.sandbox.receiving import ALL_TYPES
from tests.webhooks.deliveries import Noted, serving

HOOK = "https://example.com/webhooks/plextera"
DAY = 86_400.0


def aiohttp_app(receiver):
    app = web.Application()
    app.router.add_post("/webhooks/plextera", aiohttp_web.handler(receiver))
    return app


def asgi_app(receiver):
    app = FastAPI()
    app.mount("/webhooks", WebhookApp(receiver))
    return app


class World:
    """A sandbox on a virtual clock, a client of it, and an application that receives what it delivers."""

    def __init__(self, sandbox, client):
        self.sandbox = sandbox
        self.client = client
        verifier = WebhookVerifier("one", "two", clock=sandbox.clock.now)
        self.receiver = WebhookReceiver(verifier, handler_timeout=30)
        self.noted = self.receiver.on_any(Noted())

    async def subscribe(self, **more):
        settings = {"endpoint_url": HOOK, "event_types": ALL_TYPES, "signing_secret": "one", **more}
        return await self.client.event_subscriptions.create(**settings)

    async def pass_time(self, seconds=DAY):
        await self.sandbox.settle()  # what is under way while time passes would be out of time
        await self.skip(seconds)

    async def skip(self, seconds):
        """Let time pass, also for what is under way."""
        self.sandbox.clock.advance(seconds)
        await self.sandbox.settle()

    async def fail_run(self, workflow="claims"):
        """Let an event come about now; gives the id of the run."""
        run = await self.client.runs.start(workflow)
        self.sandbox.force(run.id, status="FAILED", error=("X", "y"))
        return run.id

    @property
    def record(self):
        return [(one.attempt, one.status, one.failure) for one in self.sandbox.deliveries]

    @property
    def events(self):
        return self.noted.events


@asynccontextmanager
async def world_of(make, **settings) -> AsyncIterator[World]:
    async with (
        Sandbox(clock=VirtualClock(), **settings) as sandbox,
        AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url) as client,
    ):
        world = World(sandbox, client)
        async with serving(make(world.receiver)) as port:
            sandbox.add_endpoint(HOOK, f"http://127.0.0.1:{port}/webhooks/plextera")
            yield world


@pytest.fixture(params=[aiohttp_app, asgi_app])
def make(request):
    return request.param


@pytest.fixture
async def world(make):
    async with world_of(make) as made:
        yield made


@pytest.mark.parametrize("event_shape", ["example", "id"])
async def test_every_type_of_both_generations_arrives_in_both_shapes(make, event_shape):
    async with world_of(make, delivery_policy=DeliveryPolicy(event_shape=event_shape)) as world:
        await world.subscribe()
        client = world.client
        world.sandbox.add_workflow("broken", steps=[WorkflowStep("Only", fails="no")])
        ids = set()
        for content in (b"Name: Bob", b"%PDF-1.7 torn"):
            ids.add((await client.extractions.upload(content, name="a")).id)
            file = await client.files.upload(content.upper(), name="b")
            ids.add((await client.jobs.extract(file_id=file.id)).id)
        for source in (client.extractions.create, client.jobs.extract):
            ids.add((await source(url="https://example.com/nothing.pdf")).id)
        for workflow in ("claims", "broken"):
            ids.add((await client.runs.start(workflow)).id)
        await world.pass_time()

    held = {getattr(event, name).id for event in world.events for name in vars_of(event)}
    assert sorted(event.event_type for event in world.events) == sorted(ALL_TYPES)
    assert held == ids
    assert world.record == [(1, 200, None)] * len(ALL_TYPES)


def vars_of(event):
    return [name for name in ("extraction", "job", "run") if hasattr(event, name)]


async def test_a_delivery_says_what_reading_says(world):
    await world.subscribe()
    extraction = await world.client.extractions.upload(b"Name: Bob", name="a.txt", tags={"a": "b"})
    await world.pass_time()
    read = await world.client.extractions.get(extraction.id)

    (event,) = world.events
    assert event.extraction == read
    assert event.occurred_at == read.completed_at


async def test_a_handler_that_fails_is_called_again_after_growing_pauses(world):
    world.noted.failures = 2
    await world.subscribe()
    await world.fail_run()
    for _ in range(10):
        await world.pass_time(1)

    tries = list(world.sandbox.deliveries)
    assert world.record == [(1, 500, None), (2, 500, None), (3, 200, None)]
    assert [one.at - tries[0].at for one in tries] == [0, 1, 3]
    assert len({one.delivery_id for one in tries}) == 3
    assert len({event.event_id for event in world.events}) == 1
    assert len(world.events) == 3


async def test_a_try_that_meets_a_running_handler_is_put_off_and_then_passed_over(make):
    policy = DeliveryPolicy(timeout=5, first_delay=1)
    async with world_of(make, delivery_policy=policy) as world:
        world.noted.gate.clear()
        await world.subscribe()
        await world.fail_run()
        await world.noted.began.wait()
        await world.skip(5)  # the sender gives up waiting; the handler does not
        await world.pass_time(1)
        world.noted.gate.set()
        await world.noted.ended.wait()
        await world.pass_time(2)

    assert world.record == [(1, None, "timeout"), (2, 503, None), (3, 200, None)]
    assert len(world.events) == 1


async def test_a_duplicate_is_hidden(world):
    world.sandbox.delivery_faults.add(DeliveryFault(duplicate=True))
    await world.subscribe()
    await world.fail_run()
    await world.pass_time()

    assert world.record == [(1, 200, None), (1, 200, None)]
    assert len({one.delivery_id for one in world.sandbox.deliveries}) == 2
    assert len(world.events) == 1


async def test_a_lost_delivery_never_arrives(world):
    world.sandbox.delivery_faults.add(DeliveryFault(lost=True))
    await world.subscribe()
    await world.fail_run()
    await world.pass_time()

    assert world.record == [(1, None, "lost")]
    assert world.events == []


async def test_a_late_delivery_is_signed_when_it_is_sent(world):
    world.sandbox.delivery_faults.add(DeliveryFault(delay=DAY))
    await world.subscribe()
    await world.fail_run()
    await world.pass_time(DAY - 1)
    before = len(world.events)
    await world.pass_time(1)

    assert (before, len(world.events)) == (0, 1)
    assert world.sandbox.clock.now() - world.events[0].occurred_at.timestamp() >= DAY


async def test_events_arrive_out_of_order(world):
    world.sandbox.delivery_faults.add(DeliveryFault(delay=60))
    await world.subscribe()
    first = await world.fail_run()
    await world.pass_time(1)
    second = await world.fail_run()
    await world.pass_time()

    assert [event.run.id for event in world.events] == [second, first]
    assert world.events[0].occurred_at > world.events[1].occurred_at


async def test_a_wrongly_signed_try_is_refused_and_the_right_one_after_it_taken(world):
    world.sandbox.delivery_faults.add(DeliveryFault(wrong_signature=True))
    await world.subscribe()
    await world.fail_run()
    await world.pass_time()

    assert world.record == [(1, 400, None), (2, 200, None)]
    assert len(world.events) == 1


async def test_nothing_comes_during_a_pause_and_what_follows_it_does(world):
    subscription = await world.subscribe()
    await world.client.event_subscriptions.pause(subscription.id)
    await world.fail_run()
    await world.pass_time()
    before = list(world.events)
    await world.client.event_subscriptions.resume(subscription.id)
    run = await world.fail_run()
    await world.pass_time()

    assert before == []
    assert [event.run.id for event in world.events] == [run]
    assert world.record == [(1, 200, None)]


@pytest.mark.parametrize(("secret", "taken"), [("two", True), ("three", False)])
async def test_after_a_rotation_deliveries_are_signed_anew(world, secret, taken):
    subscription = await world.subscribe()
    await world.fail_run()
    await world.pass_time()
    await world.client.event_subscriptions.rotate_secret(subscription.id, secret)
    await world.fail_run()
    await world.pass_time()

    assert len(world.events) == 1 + taken
    assert world.record[:2] == [(1, 200, None), (1, 200 if taken else 400, None)]


async def test_a_subscription_of_one_workflow_hears_of_no_other(world):
    await world.subscribe(workflow_id="claims", event_types=["workflow.run.failed"])
    run = await world.fail_run("claims")
    await world.fail_run("invoices")
    await world.pass_time()

    assert [event.run.id for event in world.events] == [run]


async def test_a_document_that_is_processed_again_is_another_event(world):
    await world.subscribe()
    extraction = await world.client.extractions.upload(b"Name: Bob", name="a.txt")
    await world.pass_time()
    world.sandbox.reprocess(extraction.id)
    await world.pass_time()

    first, second = world.events
    assert first.extraction.id == second.extraction.id == extraction.id
    assert first.event_id != second.event_id
    assert first.occurred_at < second.occurred_at


async def test_a_listener_hears_each_end_once_whatever_is_delivered_twice(world):
    told = []
    world.receiver.subscribe(told.append)
    world.noted.failures = 1
    world.sandbox.delivery_faults.add(DeliveryFault(duplicate=True, times=None))
    await world.subscribe()
    run = await world.fail_run()
    await world.pass_time()

    assert {(job.kind, job.id) for job in told} == {("run", run)}
    assert len(told) == len(world.events) == 2  # once more for the try that failed, and not for the duplicate


async def test_many_at_a_time_arrive_each_once(world):
    count = 50
    world.sandbox.delivery_faults.add(DeliveryFault(duplicate=True, times=None))
    await world.subscribe()
    runs = await asyncio.gather(*[world.fail_run() for _ in range(count)])
    await world.pass_time()

    assert sorted(event.run.id for event in world.events) == sorted(runs)
    assert {status for _, status, _ in world.record} == {200}
    assert len(world.record) == 2 * count
