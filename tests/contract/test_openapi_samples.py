"""Payloads in the shapes that the public documentation prints, held against the schemas of the OpenAPI document."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

SPEC_FILE = Path(__file__).parents[2] / "openapi" / "plextera.yaml"
COMPONENTS: dict[str, Any] = yaml.safe_load(SPEC_FILE.read_text(encoding="utf-8"))["components"]

TIMES = {"createdAt": "2025-03-01T08:00:00Z", "updatedAt": "2025-03-01T08:00:04Z"}
WORKFLOW = {"id": "daily-lab-loader", "name": "Daily Lab Loader"}
FAILURE = {"code": "UNSUPPORTED_DOCUMENT", "message": "Cannot be read."}
ACCEPTED = {"id": "0a1b2c3d4e5f60718293a4b5", "status": "QUEUED", "outputAvailable": False}
DOCUMENT = {"fileId": "file_A", "fileName": "lab.pdf", "mimeType": "application/pdf"}
OUTPUT = {"fields": [{"id": "f1", "value": 4.2, "confidence": 1, "place": {"x": 0}}, {}], "fieldCount": 2}
DONE = {
    **ACCEPTED,
    **TIMES,
    "status": "COMPLETED",
    "outputAvailable": True,
    "completedAt": "2025-03-01T08:00:04Z",
    "tags": {"customerDocumentId": "lab-42", "docType": "lab-result"},
    "document": DOCUMENT,
    "output": OUTPUT,
}
NESTED = {"id": "n1", "status": "FAILED", "error": FAILURE, "workflow": WORKFLOW, "steps": []}
STEP = {"id": "step_01", "name": "Extract", "type": "document_insights", "status": "COMPLETED"}
RUN = {
    "id": "0a1b2c3d4e5f60718293a4b5",
    "status": "CLOSED",
    **TIMES,
    "startedAt": "2025-03-01T08:00:01Z",
    "workflow": WORKFLOW,
    "progress": {"stepsCompleted": 1, "stepsTotal": 2},
    "durationMs": 1,
    "computedDurationMs": 1,
    "steps": [
        {**STEP, "output": {"fieldCount": 3}, "nestedRuns": {"count": 0, "data": []}},
        {**STEP, "output": None, "message": "waits", "nestedRuns": {"count": 1, "data": [NESTED]}},
    ],
}
PAGE_INFO = {"page": 0, "size": 50, "totalItems": 1, "totalPages": 1}
SUBSCRIBE = {
    "endpointUrl": "https://example.com/webhooks",
    "eventTypes": ["workflow.run.completed"],
    "signingSecret": "opens nothing",
}
SUBSCRIPTION = {
    "id": "s1",
    "status": "active",
    "endpointUrl": SUBSCRIBE["endpointUrl"],
    "eventTypes": SUBSCRIBE["eventTypes"],
    **TIMES,
}
FEEDBACK = {"id": "fb1", "message": "Wrong date.", "fieldId": None, "createdAt": TIMES["createdAt"]}
JOB = {
    "id": "dijob_A",
    "status": "REJECTED",
    "operation": "extract",
    "hubId": "0A1B2C3D4E5F60718293A4B5",
    "metadata": {"customer": "42"},
    "error": FAILURE,
}


def event(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    envelope = {"eventId": "evt_A", "eventType": kind, "occurredAt": TIMES["updatedAt"], "apiVersion": "v1"}
    return {**envelope, "data": data}


def renamed(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The same data with its id under another name, as the examples of events have it."""
    return {name if key == "id" else key: value for key, value in data.items()}


EXTRACTION = "document-insights.extraction"
VALID = [
    ("File", {"id": "file_A", "name": "lab.pdf", "mimeType": "application/pdf", "sizeBytes": 10}),
    ("File", {"id": "file_A", "createdAt": TIMES["createdAt"], "checksum": "new"}),
    ("ExtractionCreate", {"document": {"fileId": "file_A"}, "tags": {"customerDocumentId": "lab-42"}}),
    ("ExtractionCreate", {"document": {"url": "https://example.com/a.pdf"}, "tags": {}}),
    ("Extraction", ACCEPTED),
    ("Extraction", DONE),
    ("Extraction", {**ACCEPTED, "status": "REJECTED", "error": FAILURE}),
    ("ExtractionPage", {"data": [ACCEPTED], "pageInfo": PAGE_INFO}),
    ("ExtractionFeedbackCreate", {"message": "Wrong date."}),
    ("ExtractionFeedbackCreate", {"message": "x" * 1024, "type": "INFO", "fieldId": "f" * 256}),
    ("ExtractionFeedback", {**FEEDBACK, "extractionId": "e1", "type": "ERROR"}),
    ("WorkflowRun", {"id": "r1", "status": "PROCESSING", "workflow": WORKFLOW}),
    ("WorkflowRun", RUN),
    ("WorkflowRunPage", {"data": [RUN], "pageInfo": PAGE_INFO}),
    ("RunForm", {"claimId": "claim-42", "state": "CT", "payload": {"a": [1]}, "metadata": {"k": "v"}}),
    ("EventSubscriptionCreate", SUBSCRIBE),
    ("EventSubscriptionCreate", {**SUBSCRIBE, "filters": {"workflowId": "daily-lab-loader"}}),
    ("EventSubscriptionUpdate", {}),
    ("EventSubscriptionUpdate", {"status": "paused"}),
    ("EventSubscription", SUBSCRIPTION),
    ("EventSubscriptionPage", {"data": [SUBSCRIPTION], "pageInfo": PAGE_INFO}),
    ("ErrorResponse", {"error": {**FAILURE, "requestId": "req_A", "retryable": False}}),
    ("ErrorResponse", {"error": {**FAILURE, "details": [{"field": "document", "issue": "missing"}]}}),
    ("ExtractJobCreate", {"document": {"fileId": "file_A"}, "hubId": JOB["hubId"], "metadata": {"a": " b "}}),
    ("ExtractJob", JOB),
    ("ExtractJobPage", {"data": [JOB], "pageInfo": PAGE_INFO}),
    ("ExtractJobFeedbackCreate", {"message": "Wrong date.", "fieldId": "f1"}),
    ("ExtractJobFeedback", {**FEEDBACK, "jobId": "dijob_A"}),
    ("Event", event(f"{EXTRACTION}.completed", DONE)),
    ("Event", event(f"{EXTRACTION}.failed", renamed({**ACCEPTED, "error": FAILURE}, "extractionId"))),
    ("Event", event(f"{EXTRACTION}.rejected", {**ACCEPTED, "extractionId": "both"})),
    ("Event", event("workflow.run.completed", RUN)),
    ("Event", event("workflow.run.failed", {**renamed(RUN, "runId"), "workflowId": "daily-lab-loader"})),
    ("Event", event("document-insights.job.completed", JOB)),
    ("Event", event("document-insights.job.failed", renamed(JOB, "jobId"))),
    ("Event", event("document-insights.job.rejected", renamed(JOB, "extractionId"))),
]
INVALID = [
    ("File", {"name": "lab.pdf"}),
    ("ExtractionCreate", {"tags": {}}),
    ("ExtractionCreate", {"document": {}}),
    ("ExtractionCreate", {"document": {"fileId": "file_A", "url": "https://example.com/a.pdf"}}),
    ("ExtractionCreate", {"document": {"url": "http://example.com/a.pdf"}}),
    ("Tags", {f"k{number}": "v" for number in range(51)}),
    ("Tags", {"": "v"}),
    ("Tags", {"k" * 65: "v"}),
    ("Tags", {"k": ""}),
    ("Tags", {"k": "v" * 513}),
    ("Tags", {"k": 1}),
    ("Metadata", {" ": "v"}),
    ("Metadata", {"k": " \n"}),
    ("Extraction", {"id": "e1"}),
    ("Extraction", {"id": "e1", "status": "CLOSED"}),
    ("Extraction", {**ACCEPTED, "error": {"code": 1}}),
    ("ExtractionPage", {"pageInfo": PAGE_INFO}),
    ("ExtractionFeedbackCreate", {"message": ""}),
    ("ExtractionFeedbackCreate", {"message": "x" * 1025}),
    ("ExtractionFeedbackCreate", {"message": "x", "type": "NOTE"}),
    ("ExtractionFeedbackCreate", {"message": "x", "fieldId": "f" * 257}),
    ("WorkflowRun", {"id": "r1", "status": "REJECTED"}),
    ("WorkflowRun", {**RUN, "steps": [{"nestedRuns": {"data": [{"id": "no status"}]}}]}),
    ("RunForm", {"metadata": {"k": 1}}),
    ("EventSubscriptionCreate", {**SUBSCRIBE, "endpointUrl": "http://example.com"}),
    ("EventSubscriptionCreate", {**SUBSCRIBE, "eventTypes": []}),
    ("EventSubscriptionCreate", {**SUBSCRIBE, "eventTypes": ["workflow.run.closed"]}),
    ("EventSubscriptionCreate", {**SUBSCRIBE, "signingSecret": ""}),
    ("EventSubscriptionUpdate", {"status": "PAUSED"}),
    ("ErrorResponse", {"error": {"code": "X"}}),
    ("ExtractJobCreate", {"document": {"fileId": "file_A"}, "hubId": "0a1b"}),
    ("Event", event(f"{EXTRACTION}.failed", {"status": "FAILED"})),
    ("Event", event("workflow.run.failed", {"status": "FAILED", "workflowId": "w"})),
    ("Event", event("document-insights.job.failed", {"status": "FAILED"})),
    ("Event", event("workflow.run.closed", RUN)),
    ("Event", {**event(f"{EXTRACTION}.completed", DONE), "eventId": None}),
]


def problems(schema: str, payload: Any) -> list[str]:
    validator = Draft202012Validator({"$ref": f"#/components/schemas/{schema}", "components": COMPONENTS})
    return [error.json_path for error in validator.iter_errors(payload)]


@pytest.mark.parametrize(("schema", "payload"), VALID)
def test_documented_payload_fits(schema, payload):
    assert problems(schema, payload) == []


@pytest.mark.parametrize(("schema", "payload"), INVALID)
def test_payload_that_breaks_a_rule_does_not_fit(schema, payload):
    assert problems(schema, payload)


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        (f"t=1740816000,v1={'ab' * 32}", True),
        (f"t=1740816000,v1={'AB' * 32},v1={'cd' * 32}", True),
        (f"v1={'ab' * 32}", False),
        ("t=1740816000,v1=ab", False),
    ],
)
def test_signature_header(value, fits):
    assert Draft202012Validator(COMPONENTS["parameters"]["SignatureHeader"]["schema"]).is_valid(value) is fits
