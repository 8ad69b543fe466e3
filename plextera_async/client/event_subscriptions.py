"""`client.event_subscriptions`: where events are delivered."""

from collections.abc import Iterable, Mapping
from typing import Any

from plextera_async._generated import operations
from plextera_async.client.calls import Resource, given, json_body
from plextera_async.client.pages import Pages
from plextera_async.errors import InvalidInputError
from plextera_async.models import (
    EventSubscription,
    EventSubscriptionCreate,
    EventSubscriptionFilters,
    EventSubscriptionPage,
    EventSubscriptionUpdate,
    EventType,
    ListEventSubscriptionsParameters,
    SubscriptionStatus,
)

__all__ = ["EventSubscriptions"]


class EventSubscriptions(Resource):
    """Event subscriptions. Contract: Event Subscriptions reference. Signing secrets are sent and never come back."""

    async def create(
        self,
        *,
        endpoint_url: str,
        event_types: Iterable[EventType | str],
        signing_secret: str,
        workflow_id: str | None = None,
        operation: str | None = None,
    ) -> EventSubscription:
        """Subscribe; deliveries begin with the next matching event, nothing is delivered after the fact.

        Args:
            endpoint_url: Where to deliver; https only.
            event_types: Which events, at least one.
            signing_secret: Signs the deliveries; not empty.
            workflow_id: Only workflow events of this workflow.
            operation: Only events of this Document Insights operation; first generation, not verified.

        Raises:
            InvalidInputError: If an argument breaks one of these rules; nothing was sent.
            AmbiguousCreateError: If it was sent and its fate is unknown; it was sent once. `list` shows whether it is.
            PlexteraError: As every call does.

        Not safe to call twice: each call makes a subscription.
        """
        body = json_body(
            EventSubscriptionCreate,
            endpoint_url=endpoint_url,
            event_types=_types(event_types),
            signing_secret=signing_secret,
            **_filters(workflow_id, operation),
        )
        return (await self._call(operations.CREATE_EVENT_SUBSCRIPTION, EventSubscription, body=body)).model

    async def get(self, subscription_id: str) -> EventSubscription:
        """Read a subscription.

        Raises:
            NotFoundError: If there is none with this id in the workspace.
            PlexteraError: As every call does.
        """
        operation = operations.GET_EVENT_SUBSCRIPTION
        return (
            await self._call(operation, EventSubscription, path={"subscriptionId": subscription_id})
        ).model

    def list(
        self,
        *,
        status: SubscriptionStatus | str | None = None,
        event_type: EventType | str | None = None,
        size: int = 100,
        extra_query: Mapping[str, object] | None = None,
    ) -> Pages[EventSubscription]:
        """List subscriptions, the newest first.

        Args:
            status: Only `active` or only `paused` ones.
            event_type: Only those that include this type.
            size: Items asked for at a time, 1 to 100.
            extra_query: Query parameters that this release does not know.

        Raises:
            InvalidInputError: At once, if an argument breaks one of these rules.
        """
        return self._pages(
            operations.LIST_EVENT_SUBSCRIPTIONS,
            EventSubscriptionPage,
            ListEventSubscriptionsParameters,
            size=size,
            extra_query=extra_query,
            restless=status is not None or event_type is not None,
            status=status,
            event_type=event_type,
        )

    async def update(
        self,
        subscription_id: str,
        *,
        endpoint_url: str | None = None,
        event_types: Iterable[EventType | str] | None = None,
        signing_secret: str | None = None,
        workflow_id: str | None = None,
        operation: str | None = None,
        status: SubscriptionStatus | str | None = None,
    ) -> EventSubscription:
        """Change what is given; what is None stays as it is. Event types and filters are replaced, not merged.

        Raises:
            InvalidInputError: If nothing is given, or an argument breaks a rule of `create`; nothing was sent.
            NotFoundError: If there is none with this id in the workspace.
            PlexteraError: As every call does.

        Safe to call twice.
        """
        changes: dict[str, Any] = given(
            endpoint_url=endpoint_url,
            event_types=None if event_types is None else _types(event_types),
            signing_secret=signing_secret,
            status=status,
            **_filters(workflow_id, operation),
        )
        if not changes:
            raise InvalidInputError("nothing to update: give at least one argument")
        body = json_body(EventSubscriptionUpdate, **changes)
        return (
            await self._call(
                operations.UPDATE_EVENT_SUBSCRIPTION,
                EventSubscription,
                body=body,
                path={"subscriptionId": subscription_id},
            )
        ).model

    async def pause(self, subscription_id: str) -> EventSubscription:
        """Stop deliveries without deleting; what happens meanwhile may never be delivered. Safe to call twice."""
        return await self.update(subscription_id, status=SubscriptionStatus.PAUSED)

    async def resume(self, subscription_id: str) -> EventSubscription:
        """Begin deliveries again. Safe to call twice."""
        return await self.update(subscription_id, status=SubscriptionStatus.ACTIVE)

    async def rotate_secret(self, subscription_id: str, signing_secret: str) -> EventSubscription:
        """Sign later deliveries with another secret.

        There is no overlap on the server's side: let the receiver accept both secrets before calling this.
        """
        return await self.update(subscription_id, signing_secret=signing_secret)

    async def delete(self, subscription_id: str) -> None:
        """Delete a subscription.

        Raises:
            NotFoundError: If there is none with this id; not when an attempt before the last may have deleted it.
            PlexteraError: As every call does.
        """
        operation = operations.DELETE_EVENT_SUBSCRIPTION
        await self._sender.send(self._request(operation, path={"subscriptionId": subscription_id}))


def _types(event_types: Iterable[EventType | str]) -> list[EventType | str]:
    if isinstance(event_types, str) or not isinstance(event_types, Iterable):
        raise InvalidInputError(f"event_types must be a list of types, not one {type(event_types).__name__}")
    return list(event_types)


def _filters(workflow_id: str | None, operation: str | None) -> dict[str, EventSubscriptionFilters]:
    wanted = given(workflow_id=workflow_id, operation=operation)
    for name, value in wanted.items():  # the model is one of answers too, and takes what servers say
        if not isinstance(value, str) or not value:
            raise InvalidInputError(f"{name} must be a non-empty str")
    return {"filters": EventSubscriptionFilters(**wanted)} if wanted else {}
