"""The record of deliveries, for tests that count tries."""

from typing import Literal

import attrs

Failure = Literal["lost", "undeliverable", "paused", "deleted", "timeout", "unreachable"]

_FOR_GOOD = frozenset({"lost", "undeliverable", "paused", "deleted"})
_SUCCESS = range(200, 300)


@attrs.define(kw_only=True)
class Delivery:
    """One try to deliver an event; no contents are kept, and never a secret.

    It is in `Sandbox.deliveries` from the moment it begins. While it is under way, and when the sandbox ended
    meanwhile, it has neither a status nor a failure.
    """

    subscription_id: str
    event_id: str
    """The same for every try of an event."""
    delivery_id: str
    """Another one for every try."""
    event_type: str
    url: str
    """As subscribed, not as mapped."""
    attempt: int
    """The first is 1; a duplicate has the number of the try that it repeats."""
    at: float
    """Sandbox time in seconds since the epoch."""
    status: int | None = None
    """What the receiver answered."""
    failure: Failure | None = None
    """Why there is no answer. `undeliverable`: the URL is not in `Sandbox(endpoints=...)`; `paused`, `deleted`: the
    subscription is by now; `lost`: by a fault; `unreachable`: no connection, or none that lasted."""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver answered with a 2xx."""
        return self.status in _SUCCESS

    @property
    def is_final(self) -> bool:
        """Whether no further try follows, however many are left."""
        return self.is_taken or self.failure in _FOR_GOOD
