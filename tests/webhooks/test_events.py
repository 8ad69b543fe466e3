"""Each documented event, in both shapes, becomes an event that holds its model with its id."""

import json
from itertools import product

import pytest

from plextera_async import models, webhooks
from plextera_async.errors import DecodeError
from plextera_async.webhooks.events import read_event

JOBS = [
    ("extraction", models.Extraction, ["completed", "failed", "rejected"], "extractionId", "Extraction"),
    ("job", models.ExtractJob, ["completed", "failed", "rejected"], "jobId", "ExtractJob"),
]
ROWS = [
    *(
        (
            f"document-insights.{word}.{end}",
            word,
            model,
            id_name,
            f"{prefix}{end.capitalize()}Event",
            end.upper(),
        )
        for word, model, ends, id_name, prefix in JOBS
        for end in ends
    ),
    *(
        (
            f"workflow.run.{end}",
            "run",
            models.WorkflowRun,
            "runId",
            f"Run{end.capitalize()}Event",
            end.upper(),
        )
        for end in ["completed", "failed"]
    ),
]


def envelope(event_type, data, **changes):
    whole = {
        "eventId": "evt_1",
        "eventType": event_type,
        "occurredAt": "2026-01-02T03:04:05Z",
        "apiVersion": "v1",
        "data": data,
    }
    return json.dumps({**whole, **changes}).encode()


@pytest.mark.parametrize(("row", "shape"), list(product(ROWS, ["example", "prose"])))
def test_every_type_in_both_shapes_holds_its_model_with_its_id(row, shape):
    event_type, attribute, model, id_name, class_name, status = row
    data = {id_name if shape == "example" else "id": "an-id", "status": status, "later": {"new": 1}}

    event = read_event(envelope(event_type, data))

    held = getattr(event, attribute)
    assert type(event) is getattr(webhooks, class_name)
    assert isinstance(held, model)
    assert (held.id, held.status, held.extra) == ("an-id", status, {"later": {"new": 1}})
    assert event.event_type == event_type
    assert "an-id" in repr(event)


@pytest.mark.parametrize(
    ("data", "workflow"),
    [
        ({"workflowId": "w"}, models.WorkflowSummary(id="w")),
        ({"workflowId": "w", "workflow": {"id": "w", "name": "W"}}, models.WorkflowSummary(id="w", name="W")),
        ({"workflow": {"id": "w"}}, models.WorkflowSummary(id="w")),
        ({}, None),
    ],
)
def test_a_run_knows_its_workflow_whichever_way_it_is_told(data, workflow):
    event = read_event(envelope("workflow.run.completed", {"runId": "r", "status": "COMPLETED", **data}))

    assert event.run.workflow == workflow


@pytest.mark.parametrize("name", ["jobId", "extractionId", "id"])
def test_a_job_of_the_first_generation_is_found_under_each_name(name):
    event = read_event(envelope("document-insights.job.failed", {name: "an-id", "status": "FAILED"}))

    assert event.job.id == "an-id"


def test_an_unknown_type_keeps_everything():
    body = envelope("workflow.run.paused", {"runId": "r"})

    event = read_event(body)

    assert isinstance(event, webhooks.UnknownEvent)
    assert event.raw == json.loads(body)
    assert repr(event) == "<UnknownEvent evt_1>"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", "$"),
        (b"[]", "$"),
        (b"{}", "$"),
        (envelope(5, {}), "$"),
        (envelope("workflow.run.failed", {"status": "FAILED"}), "$.data.id"),
        (envelope("workflow.run.failed", {"runId": "r"}), "$.data.status"),
        (envelope("workflow.run.failed", {"runId": "r", "status": "FAILED"}, eventId=None), "$.eventId"),
        (envelope("new.type", {}, eventId=None), "$.eventId"),
        (envelope("workflow.run.failed", {"runId": "r", "status": "FAILED"}, eventId=""), "$.eventId"),
        (envelope("workflow.run.failed", {"runId": "", "status": "FAILED"}), "$.data.id"),
    ],
)
def test_what_is_no_event_says_where(body, path):
    with pytest.raises(DecodeError) as caught:
        read_event(body)

    assert caught.value.problems[0][0] == path


def test_output_does_not_show():
    data = {"extractionId": "x", "status": "COMPLETED", "output": {"fields": [{"value": "SECRET"}]}}

    event = read_event(envelope("document-insights.extraction.completed", data))

    assert "SECRET" not in repr(event)
