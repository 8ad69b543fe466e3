"""Event subscriptions: create, list, read, change, delete."""

from typing import Any

from plextera_async.sandbox.wire.answers import Answer, json_answer
from plextera_async.sandbox.wire.calls import Call
from plextera_async.sandbox.wire.times import stamp
from plextera_async.sandbox.world.ids import hex_id
from plextera_async.sandbox.world.records import Subscription
from plextera_async.sandbox.world.world import World

from .checks import Checked, found
from .paging import chosen, page_answer, span_of

EVENT_TYPES = (
    "document-insights.extraction.completed",
    "document-insights.extraction.failed",
    "document-insights.extraction.rejected",
    "workflow.run.completed",
    "workflow.run.failed",
    # The first generation.
    "document-insights.job.completed",
    "document-insights.job.failed",
    "document-insights.job.rejected",
)
STATUSES = ("active", "paused")
_FILTERS = ("workflowId", "operation")


async def create_subscription(world: World, call: Call) -> Answer:
    """POST /event-subscriptions."""
    body = Checked(await call.json())
    endpoint_url = body.https_url("endpointUrl", required=True)
    event_types = body.choices("eventTypes", EVENT_TYPES, required=True)
    secret = body.text("signingSecret", required=True)
    filters = _filters(body)
    body.done()
    now = world.now()
    subscription = Subscription(
        id=f"sub_{hex_id()}",
        endpoint_url=endpoint_url or "",
        event_types=event_types or [],
        signing_secret=secret or "",
        filters=filters,
        created_at=now,
        updated_at=now,
    )
    world.subscriptions.put(subscription, now)
    return json_answer(201, shown_subscription(subscription))


async def list_subscriptions(world: World, call: Call) -> Answer:
    """GET /event-subscriptions, newest first."""
    span = span_of(call.query)
    status = chosen(call.query, "status", STATUSES)
    event_type = chosen(call.query, "eventType", EVENT_TYPES)
    matching = [
        one
        for one in world.subscriptions.by_creation(descending=True)
        if status in (None, one.status) and (event_type is None or event_type in one.event_types)
    ]
    return page_answer(span, matching, len(matching), shown_subscription)


async def get_subscription(world: World, call: Call) -> Answer:
    """GET /event-subscriptions/{subscriptionId}."""
    return json_answer(200, shown_subscription(_subscription(world, call)))


async def update_subscription(world: World, call: Call) -> Answer:
    """PATCH /event-subscriptions/{subscriptionId}; what is given replaces, an empty `filters` clears."""
    subscription = _subscription(world, call)
    body = Checked(await call.json())
    endpoint_url = body.https_url("endpointUrl")
    event_types = body.choices("eventTypes", EVENT_TYPES, required=False)
    secret = body.text("signingSecret")
    status = body.choice("status", STATUSES)
    filters = _filters(body)
    body.done()
    subscription.endpoint_url = endpoint_url or subscription.endpoint_url
    subscription.event_types = event_types or subscription.event_types
    subscription.signing_secret = secret or subscription.signing_secret
    subscription.status = status or subscription.status
    if "filters" in body:
        subscription.filters = filters
    world.subscriptions.put(subscription, world.now())
    return json_answer(200, shown_subscription(subscription))


async def delete_subscription(world: World, call: Call) -> Answer:
    """DELETE /event-subscriptions/{subscriptionId}."""
    world.subscriptions.remove(_subscription(world, call))
    return Answer(204, content_type=None)


def shown_subscription(subscription: Subscription) -> dict[str, Any]:
    """Write a subscription, without its secret."""
    shown: dict[str, Any] = {
        "id": subscription.id,
        "status": subscription.status,
        "endpointUrl": subscription.endpoint_url,
        "eventTypes": subscription.event_types,
        "createdAt": stamp(subscription.created_at),
        "updatedAt": stamp(subscription.updated_at),
    }
    return shown | {"filters": subscription.filters} if subscription.filters else shown


def _subscription(world: World, call: Call) -> Subscription:
    one: Subscription = found(world.subscriptions, call.params["subscriptionId"], "event subscription")
    return one


def _filters(body: Checked) -> dict[str, Any] | None:
    value = body.object("filters")
    if value is None:
        return None
    inner = body.inside("filters", value)
    return {name: inner.string(name, required=True) for name in _FILTERS if name in inner}
