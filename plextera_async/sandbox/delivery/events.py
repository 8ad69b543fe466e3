"""Events as the API sends them: which type, for whom, and the body."""

from collections.abc import Mapping
from typing import Any

import attrs
import msgspec

from plextera_async.sandbox.api.show_extraction import shown_extraction
from plextera_async.sandbox.api.workflows import shown_run
from plextera_async.sandbox.wire.times import stamp
from plextera_async.sandbox.world.ids import prefixed_id
from plextera_async.sandbox.world.records import Extraction, Run, Subscription

from .policy import DeliveryPolicy

API_VERSION = "v1"

_ENDS: Mapping[str, str] = {"COMPLETED": "completed", "FAILED": "failed", "REJECTED": "rejected"}
"""There is no event for CLOSED (CONTRACT 5.6)."""


@attrs.frozen
class Event:
    """What all deliveries of one event have in common."""

    id: str
    type: str
    occurred_at: str
    body: bytes = attrs.field(repr=False)


def type_of(job: Extraction | Run) -> str | None:
    """Say which event tells of a job's end; None if none does."""
    end = _ENDS.get(job.status)
    return None if end is None else f"{_family(job)}.{end}"


def wants(subscription: Subscription, job: Extraction | Run, event_type: str) -> bool:
    """Say whether a subscription is for an event: active, of this type, and not filtered out."""
    if subscription.status != "active" or event_type not in subscription.event_types:
        return False
    known = {"workflowId": job.workflow.id} if isinstance(job, Run) else {"operation": "extract"}
    # A filter of the other family says nothing about this one.
    return all(known.get(name, wanted) == wanted for name, wanted in (subscription.filters or {}).items())


def event_of(job: Extraction | Run, event_type: str, policy: DeliveryPolicy) -> Event:
    """Write the event of a job as it stands now."""
    occurred_at = stamp(job.updated_at if job.completed_at is None else job.completed_at)
    event_id = prefixed_id("evt_")
    body = msgspec.json.encode(
        {
            "eventId": event_id,
            "eventType": event_type,
            "occurredAt": occurred_at,
            "apiVersion": API_VERSION,
            "data": _data(job, policy),
        }
    )
    return Event(event_id, event_type, occurred_at, body)


def _data(job: Extraction | Run, policy: DeliveryPolicy) -> dict[str, Any]:
    if isinstance(job, Run):
        shown = shown_run(job, with_steps=True)
        ids = {"runId": job.id, "workflowId": job.workflow.id}
    else:
        shown = shown_extraction(job, with_output=policy.with_output)
        # The example of the first generation could not be read; its id is named after its kind like the others'.
        ids = {"jobId" if job.is_job else "extractionId": job.id}
    if policy.event_shape == "id":
        return shown
    del shown["id"]
    return ids | shown


def _family(job: Extraction | Run) -> str:
    if isinstance(job, Run):
        return "workflow.run"
    return f"document-insights.{'job' if job.is_job else 'extraction'}"
