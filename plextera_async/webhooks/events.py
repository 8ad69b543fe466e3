"""Events as users meet them: each holds the model that it tells of, always with its id, whichever shape came."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import attrs

from plextera_async import models
from plextera_async._schema import wire_name
from plextera_async.errors import DecodeError

__all__ = [
    "ExtractJobCompletedEvent",
    "ExtractJobEvent",
    "ExtractJobFailedEvent",
    "ExtractJobRejectedEvent",
    "ExtractionCompletedEvent",
    "ExtractionEvent",
    "ExtractionFailedEvent",
    "ExtractionRejectedEvent",
    "RunCompletedEvent",
    "RunEvent",
    "RunFailedEvent",
    "UnknownEvent",
    "WebhookEvent",
    "read_event",
]


@attrs.frozen(kw_only=True)
class WebhookEvent:
    """What every event has.

    Attributes:
        event_id: The same for every delivery of this event: what to tell repeated deliveries by.
        event_type: Such as `document-insights.extraction.completed`.
        occurred_at: When the end was reached.
        api_version: `v1`.
    """

    event_id: str
    event_type: str
    occurred_at: datetime
    api_version: str


@attrs.frozen(kw_only=True, repr=False)
class ExtractionEvent(WebhookEvent):
    """An extraction ended. `extraction` is it, as it then stood."""

    extraction: models.Extraction

    def __repr__(self) -> str:
        return _shown(self, self.extraction)


@attrs.frozen(kw_only=True, repr=False)
class ExtractionCompletedEvent(ExtractionEvent):
    """COMPLETED; `extraction.output` is there when the event carried it."""


@attrs.frozen(kw_only=True, repr=False)
class ExtractionFailedEvent(ExtractionEvent):
    """FAILED."""


@attrs.frozen(kw_only=True, repr=False)
class ExtractionRejectedEvent(ExtractionEvent):
    """REJECTED."""


@attrs.frozen(kw_only=True, repr=False)
class RunEvent(WebhookEvent):
    """A workflow run ended. `run` is it, as it then stood. There is no event for CLOSED."""

    run: models.WorkflowRun

    def __repr__(self) -> str:
        return _shown(self, self.run)


@attrs.frozen(kw_only=True, repr=False)
class RunCompletedEvent(RunEvent):
    """COMPLETED."""


@attrs.frozen(kw_only=True, repr=False)
class RunFailedEvent(RunEvent):
    """FAILED."""


@attrs.frozen(kw_only=True, repr=False)
class ExtractJobEvent(WebhookEvent):
    """A job of the first generation ended. `job` is it, as it then stood."""

    job: models.ExtractJob

    def __repr__(self) -> str:
        return _shown(self, self.job)


@attrs.frozen(kw_only=True, repr=False)
class ExtractJobCompletedEvent(ExtractJobEvent):
    """COMPLETED; `job.output` is there when the event carried it."""


@attrs.frozen(kw_only=True, repr=False)
class ExtractJobFailedEvent(ExtractJobEvent):
    """FAILED."""


@attrs.frozen(kw_only=True, repr=False)
class ExtractJobRejectedEvent(ExtractJobEvent):
    """REJECTED."""


@attrs.frozen(kw_only=True, repr=False)
class UnknownEvent(WebhookEvent):
    """An event of a type that this release does not know; `raw` is the whole of it."""

    raw: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.event_id}>"


def _shown(event: WebhookEvent, model: models.Extraction | models.WorkflowRun | models.ExtractJob) -> str:
    return f"<{type(event).__name__} {event.event_id} {model.id} {model.status}>"


_EVENTS: Mapping[type[Any], tuple[type[WebhookEvent], str, type[Any]]] = {
    models.ExtractionCompletedEvent: (ExtractionCompletedEvent, "extraction", models.Extraction),
    models.ExtractionFailedEvent: (ExtractionFailedEvent, "extraction", models.Extraction),
    models.ExtractionRejectedEvent: (ExtractionRejectedEvent, "extraction", models.Extraction),
    models.RunCompletedEvent: (RunCompletedEvent, "run", models.WorkflowRun),
    models.RunFailedEvent: (RunFailedEvent, "run", models.WorkflowRun),
    models.ExtractJobCompletedEvent: (ExtractJobCompletedEvent, "job", models.ExtractJob),
    models.ExtractJobFailedEvent: (ExtractJobFailedEvent, "job", models.ExtractJob),
    models.ExtractJobRejectedEvent: (ExtractJobRejectedEvent, "job", models.ExtractJob),
}

_IDS = ("extraction_id", "run_id", "job_id", "id")
"""Where the id may stand: the documented examples name it after its kind, the prose as reading does."""


def read_event(body: bytes) -> WebhookEvent:
    """Read a delivery that has been verified.

    Raises:
        DecodeError: If it is no event: not JSON, without its envelope, without an id of what it tells of.
    """
    from plextera_async._sansio.codec import decode  # noqa: PLC0415 - cattrs: only who reads an event pays for it

    wire = cast("models.Event", decode(body, cast("type[Any]", models.Event)))  # a union, which is no class
    envelope: dict[str, Any] = {
        name: getattr(wire, name) for name in ("event_id", "event_type", "occurred_at", "api_version")
    }
    _require(envelope)
    if isinstance(wire, models.UnknownEvent):
        return UnknownEvent(raw=wire.raw, **envelope)
    kind, attribute, model = _EVENTS[type(wire)]
    job: dict[str, Any] = {attribute: _job(wire.data, model)}
    return kind(**envelope, **job)


def _require(envelope: Mapping[str, Any]) -> None:
    wires = {field.name: wire_name(field) for field in attrs.fields(models.UnknownEvent)}
    missing = [wires[name] for name, value in envelope.items() if value in (None, "")]
    if missing:
        raise DecodeError([(f"$.{name}", "a required property", "nothing") for name in missing])


def _job(data: Any, model: type[Any]) -> Any:
    """Give what the event tells of as the model that reading it gives."""
    id_ = next((found for name in _IDS if (found := getattr(data, name, None))), None)
    if id_ is None:
        raise DecodeError([("$.data.id", "a required property", "nothing")])
    same = {field.name: getattr(data, field.name) for field in attrs.fields(model) if field.name != "id"}
    workflow_id = getattr(data, "workflow_id", None)
    if workflow_id and same["workflow"] is None:
        same["workflow"] = models.WorkflowSummary(id=workflow_id)
    return model(id=id_, **same)
