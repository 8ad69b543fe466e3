"""Brings events to those who subscribed: tries, retries, faults, and the record of it all."""

import asyncio
import logging
from collections import deque

import attrs
from aiohttp import ClientError

from plextera_async.sandbox.world.ids import prefixed_id
from plextera_async.sandbox.world.records import Extraction, Run, Subscription
from plextera_async.sandbox.world.world import World

from .endpoints import Endpoints
from .events import Event, event_of, type_of, wants
from .faults import DeliveryFault, DeliveryFaults
from .policy import DeliveryPolicy
from .post import Post
from .record import Delivery

_MOST_KEPT = 100_000
_AT_ONCE = 100

_logger = logging.getLogger("plextera_async.sandbox")


@attrs.frozen
class _Errand:
    """One event on its way to one subscription."""

    post: Post
    subscription: Subscription
    event: Event


class Courier:
    """Delivers the events of one sandbox; `close` leaves nothing under way.

    Args:
        world: Whose jobs and subscriptions.
        endpoints: Where subscribed URLs are delivered to.
        policy: How often, how long, in which shape.

    Attributes:
        faults: What is to go wrong.
        deliveries: Every try, oldest first; the last 100 000 are kept.
    """

    def __init__(self, world: World, endpoints: Endpoints, policy: DeliveryPolicy) -> None:
        self.faults = DeliveryFaults()
        self.deliveries: deque[Delivery] = deque(maxlen=_MOST_KEPT)
        self._world = world
        self._agenda = world.agenda
        self._endpoints = endpoints
        self._policy = policy
        self._post: Post | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        # Requests at one time; the others stand in line, where no time limit runs.
        self._places = asyncio.Semaphore(_AT_ONCE)
        # Errands that do more than wait for sandbox time to pass.
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def open(self) -> None:
        """Begin, in the running event loop."""
        self._post = Post(self._agenda, self._policy.timeout)

    async def close(self) -> None:
        """Give up what is under way and close the connections."""
        post, self._post = self._post, None
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._idle.set()
        if post is not None:
            await post.close()

    async def settle(self) -> None:
        """Wait until every try that is due by now is over, with what follows from it by now."""
        await self._idle.wait()

    def tell(self, job: Extraction | Run) -> None:
        """Send the event of a job that has ended, once to each subscription that is for it."""
        event_type = type_of(job)
        if event_type is None or self._post is None:
            return
        takers = [
            one
            for one in self._world.subscriptions.values()
            if (one.id, event_type) not in job.told and wants(one, job, event_type)
        ]
        if not takers:
            return
        event = event_of(job, event_type, self._policy)
        for subscription in takers:
            job.told.add((subscription.id, event_type))
            self._stir()
            errand = self._deliver(_Errand(self._post, subscription, event), job.updated_at)
            task = self._agenda.loop.create_task(errand)
            self._tasks.add(task)
            task.add_done_callback(self._end)

    async def _deliver(self, errand: _Errand, due: float) -> None:
        """Try until it is delivered, hopeless or enough."""
        for attempt in range(1, self._policy.attempts + 1):
            fault = self.faults.take(errand.event.type)
            due += fault.delay
            await self._rest_until(due)
            async with self._places:
                begun = self._agenda.clock.now()
                delivery = await self._try(errand, attempt, fault)
                if fault.duplicate and delivery.is_taken:
                    await self._try(errand, attempt, DeliveryFault())
            if delivery.is_final:
                return
            # However far a virtual clock has been moved on, the schedule goes from moment to moment.
            took = self._agenda.clock.now() - begun
            due = self._agenda.moment(due + took) + self._policy.delay_after(attempt)

    async def _try(self, errand: _Errand, attempt: int, fault: DeliveryFault) -> Delivery:
        """Make one try and note what became of it."""
        subscription = errand.subscription  # as it is by now: address, secret and status may have changed
        delivery = Delivery(
            subscription_id=subscription.id,
            event_id=errand.event.id,
            delivery_id=prefixed_id("dlv_"),
            event_type=errand.event.type,
            url=subscription.endpoint_url,
            attempt=attempt,
            at=self._agenda.clock.now(),
        )
        self.deliveries.append(delivery)
        target = self._endpoints.target_of(subscription.endpoint_url)
        if subscription.id not in self._world.subscriptions:
            delivery.failure = "deleted"
        elif subscription.status != "active":
            delivery.failure = "paused"
        elif fault.lost:
            delivery.failure = "lost"
        elif target is None:
            delivery.failure = "undeliverable"
        else:
            await _send(errand, target, delivery, wrong_signature=fault.wrong_signature)
        return delivery

    async def _rest_until(self, when: float) -> None:
        if when <= self._agenda.clock.now():
            return
        woken = asyncio.Event()

        def wake(_: float) -> None:
            self._stir()
            woken.set()

        self._agenda.at(when, wake)
        self._rest()
        await woken.wait()

    def _stir(self) -> None:
        self._busy += 1
        self._idle.clear()

    def _rest(self) -> None:
        self._busy -= 1
        if self._busy == 0:
            self._idle.set()

    def _end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        self._rest()
        if task.exception() is not None:
            _logger.error("the sandbox failed to deliver an event", exc_info=task.exception())


async def _send(errand: _Errand, target: str, delivery: Delivery, *, wrong_signature: bool) -> None:
    secret = errand.subscription.signing_secret
    if wrong_signature:
        secret += "-wrong"
    try:
        delivery.status = await errand.post.send(
            target, errand.event, delivery_id=delivery.delivery_id, secret=secret
        )
    except TimeoutError:
        delivery.failure = "timeout"
    except (OSError, ClientError):
        delivery.failure = "unreachable"
