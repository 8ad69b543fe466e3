"""Workflow runs: start, list, read."""

from typing import Any

from plextera_async.sandbox.wire.answers import JSON, Answer, RefusedError, json_answer
from plextera_async.sandbox.wire.calls import FORM, Call, Part, parse_json
from plextera_async.sandbox.wire.times import stamp
from plextera_async.sandbox.world.records import Run, Step
from plextera_async.sandbox.world.world import World

from .checks import found
from .paging import chosen, page_answer, span_of
from .uploads import keep_file

STATUSES = ("QUEUED", "PROCESSING", "COMPLETED", "FAILED", "CLOSED")
_MAX_FIELD_BYTES = 1024 * 1024


async def create_run(world: World, call: Call) -> Answer:
    """POST /workflows/{workflowId}/runs."""
    workflow = world.workflow(call.params["workflowId"])
    if workflow is None:
        raise RefusedError(404, "There is no such published workflow in this workspace.")
    payload = await _form(world, call) if call.media_type == FORM else await _json(call)
    run = world.running.start(workflow, payload, world.now())
    return json_answer(202, shown_run(run, with_steps=False))


async def list_runs(world: World, call: Call) -> Answer:
    """GET /workflow-runs, newest first."""
    span = span_of(call.query)
    status = chosen(call.query, "status", STATUSES)
    workflow_id = call.query.get("workflowId")
    runs, total = world.runs.by_creation(descending=True), len(world.runs)
    if status is not None or workflow_id is not None:
        matching = [
            run for run in runs if status in (None, run.status) and workflow_id in (None, run.workflow.id)
        ]
        runs, total = iter(matching), len(matching)
    return page_answer(span, runs, total, lambda run: shown_run(run, with_steps=False))


async def get_run(world: World, call: Call) -> Answer:
    """GET /workflow-runs/{runId}."""
    run: Run = found(world.runs, call.params["runId"], "workflow run")
    return json_answer(200, shown_run(run, with_steps=True))


def shown_run(run: Run, *, with_steps: bool) -> dict[str, Any]:
    """Write a run; lists, answers to its start and nested entries come without steps."""
    completed = sum(step.status == "COMPLETED" for step in run.steps)
    shown: dict[str, Any] = {
        "id": run.id,
        "status": run.status,
        "createdAt": stamp(run.created_at),
        "updatedAt": stamp(run.updated_at),
        "startedAt": stamp(run.started_at),
        "workflow": {"id": run.workflow.id, "name": run.workflow.name},
        "progress": {"stepsCompleted": completed, "stepsTotal": len(run.steps)},
    }
    if run.completed_at is not None:
        shown["completedAt"] = stamp(run.completed_at)
        took = round((run.completed_at - run.started_at) * 1000)
        shown |= {"durationMs": took, "computedDurationMs": took}
    if run.error is not None:
        shown["error"] = {"code": run.error.code, "message": run.error.message}
    if with_steps:
        shown["steps"] = [_shown_step(step) for step in run.steps]
    return shown | run.extra


def _shown_step(step: Step) -> dict[str, Any]:
    nested = [shown_run(run, with_steps=False) for run in step.nested]
    shown: dict[str, Any] = {
        "id": step.id,
        "name": step.plan.name,
        "type": step.plan.type,
        "status": step.status,
        "output": step.output,
        "nestedRuns": {"count": len(nested), "data": nested},
    }
    return shown if step.message is None else shown | {"message": step.message}


async def _json(call: Call) -> Any:
    content = await call.body()
    if not content:
        return None
    if call.media_type != JSON:
        raise RefusedError(415, f"send the body as {JSON} or {FORM}")
    return parse_json(content)


async def _form(world: World, call: Call) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    async for part in call.parts():
        name = part.head.name
        if part.head.file_name is not None:
            # Even a single file arrives as an array.
            payload.setdefault(name, [])
            node = await _file_node(world, part)
            if not isinstance(payload[name], list):
                raise RefusedError(400, "a part name stands for files or for a value, not for both")
            payload[name].append(node)
        else:
            payload[name] = await _field(part)
    return payload


async def _field(part: Part) -> Any:
    content = await part.read(_MAX_FIELD_BYTES)
    kind = (part.head.content_type or "").partition(";")[0].strip().lower()
    return parse_json(content) if kind == JSON else content.decode("utf-8", "replace")


async def _file_node(world: World, part: Part) -> dict[str, Any]:
    file = await keep_file(world, part)
    return {
        "fileId": file.id,
        "fileName": file.name,
        "mimeType": file.mime_type,
        "sizeBytes": file.content.size,
    }
