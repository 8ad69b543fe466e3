"""What a source of events tells a waiting client: which job ended, when, and how it then stood. Only values and a protocol."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import attrs

__all__ = ["EventSource", "JobEvent", "Listener"]


@attrs.frozen(kw_only=True)
class JobEvent:
    """A job ended: one event, without the words of the webhook that carried it.

    Attributes:
        kind: `extraction`, `run` or `job` (first generation): ids are unique within a kind only.
        id: The job's id.
        occurred_at: When the end was reached. A document can be processed again, so an event that is older than what
            is known already of its job counts for nothing.
        model: The job as it then stood: a `models.Extraction`, `WorkflowRun` or `ExtractJob`. Its output may be absent.
    """

    kind: str
    id: str
    occurred_at: datetime
    model: Any = attrs.field(repr=False)


Listener = Callable[[JobEvent], object]
"""Called with each event; must be quick and must not wait."""


class EventSource(Protocol):
    """Where a client hears of ended jobs before it asks; `plextera_async.webhooks.WebhookReceiver` is one."""

    def subscribe(self, listener: Listener, /) -> Callable[[], None]:
        """Have *listener* called with every event from now on, in the thread that received the event.

        An event may be told twice, or never: deliveries are repeated, and get lost.

        Returns:
            What ends it; calling that again does nothing.
        """
        ...
