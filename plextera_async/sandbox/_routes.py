"""The operations that the sandbox offers: one row each."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import unquote

import attrs

from .api import extractions, files, subscriptions, workflows
from .wire.answers import Answer
from .wire.calls import Call
from .world.world import World

Handler = Callable[[World, Call], Awaitable[Answer]]

_EXTRACTIONS = "/document-insights/extractions"
_JOBS = "/document-insights/jobs"
_SUBSCRIPTIONS = "/event-subscriptions"


@attrs.frozen
class Route:
    """One operation."""

    operation: str
    """Its operationId in `openapi/plextera.yaml`."""
    method: str
    template: str
    handler: Handler
    gives_json: bool = True
    """Whether success is JSON, so that `Accept` matters."""


ROUTES: tuple[Route, ...] = (
    Route("uploadFile", "POST", "/files", files.upload_file),
    Route("getFile", "GET", "/files/{fileId}", files.get_file),
    Route("downloadFile", "GET", "/files/{fileId}/download", files.download_file, gives_json=False),
    Route("createExtraction", "POST", _EXTRACTIONS, extractions.extract_document),
    Route("uploadExtraction", "POST", f"{_EXTRACTIONS}/upload", extractions.upload_and_extract_document),
    Route("listExtractions", "GET", _EXTRACTIONS, extractions.list_extractions),
    Route("getExtraction", "GET", _EXTRACTIONS + "/{extractionId}", extractions.get_extraction),
    Route(
        "submitExtractionFeedback",
        "POST",
        _EXTRACTIONS + "/{extractionId}/feedback",
        extractions.submit_extraction_feedback,
    ),
    Route("createExtractJob", "POST", f"{_JOBS}/extract", extractions.extract_job),
    Route("listExtractJobs", "GET", _JOBS, extractions.list_jobs),
    Route("getExtractJob", "GET", _JOBS + "/{jobId}", extractions.get_job),
    Route("submitExtractJobFeedback", "POST", _JOBS + "/{jobId}/feedback", extractions.submit_job_feedback),
    Route("startRun", "POST", "/workflows/{workflowId}/runs", workflows.create_run),
    Route("listRuns", "GET", "/workflow-runs", workflows.list_runs),
    Route("getRun", "GET", "/workflow-runs/{runId}", workflows.get_run),
    Route("createEventSubscription", "POST", _SUBSCRIPTIONS, subscriptions.create_subscription),
    Route("listEventSubscriptions", "GET", _SUBSCRIPTIONS, subscriptions.list_subscriptions),
    Route(
        "getEventSubscription", "GET", _SUBSCRIPTIONS + "/{subscriptionId}", subscriptions.get_subscription
    ),
    Route(
        "updateEventSubscription",
        "PATCH",
        _SUBSCRIPTIONS + "/{subscriptionId}",
        subscriptions.update_subscription,
    ),
    Route(
        "deleteEventSubscription",
        "DELETE",
        _SUBSCRIPTIONS + "/{subscriptionId}",
        subscriptions.delete_subscription,
        gives_json=False,
    ),
)


@attrs.frozen
class Match:
    """What a method and a path lead to."""

    route: Route | None
    """None if the path is unknown, or takes other methods only."""
    params: Mapping[str, str]
    allowed: tuple[str, ...] = ()
    """The methods that the path takes; none if it is unknown."""


def _pattern(template: str) -> tuple[str, ...]:
    return tuple(template.split("/")[1:])


def _by_path() -> dict[int, list[tuple[tuple[str, ...], dict[str, Route]]]]:
    """Put the routes in order: by number of segments, fixed paths before those with parameters."""
    paths: dict[tuple[str, ...], dict[str, Route]] = {}
    for route in ROUTES:
        paths.setdefault(_pattern(route.template), {})[route.method] = route
    table: dict[int, list[tuple[tuple[str, ...], dict[str, Route]]]] = {}
    for pattern in sorted(paths, key=lambda segments: [segment.startswith("{") for segment in segments]):
        table.setdefault(len(pattern), []).append((pattern, paths[pattern]))
    return table


_TABLE = _by_path()


def match(method: str, path: str) -> Match:
    """Find the operation for a method and a path below the base URL, still percent-encoded."""
    segments = path.split("/")[1:]
    for pattern, methods in _TABLE.get(len(segments), ()):
        params = _params(pattern, segments)
        if params is not None:
            return Match(methods.get(method), params, tuple(methods))
    return Match(None, {})


def _params(pattern: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    params: dict[str, str] = {}
    for expected, segment in zip(pattern, segments, strict=True):
        if expected.startswith("{"):
            if not segment:
                return None
            params[expected[1:-1]] = unquote(segment)
        elif expected != segment:
            return None
    return params
