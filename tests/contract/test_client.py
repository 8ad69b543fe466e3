"""The client against the document: every operation is offered, and what is sent and read fits its schemas."""

import json
import re
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml
from aiohttp import web
from jsonschema import Draft202012Validator

from plextera_async import AsyncPlextera, FormFile
from plextera_async.models import EventType

SPEC: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "openapi/plextera.yaml").read_text())
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, item in SPEC["paths"].items()
    for method, operation in item.items()
    if method in ("get", "post", "patch", "delete")
}

AT = "2026-01-02T03:04:05Z"
EXTRACTION = {
    "id": "e/1",
    "status": "COMPLETED",
    "outputAvailable": True,
    "output": {"fields": [{"id": "f"}]},
}
RUN = {"id": "r1", "status": "PROCESSING", "steps": [{"id": "s", "nestedRuns": {"count": 0, "data": []}}]}
SUBSCRIPTION = {"id": "s1", "status": "active", "eventTypes": ["workflow.run.failed"], "createdAt": AT}
FEEDBACK = {"id": "b", "message": "m", "fieldId": None, "createdAt": AT}
PAGE_INFO = {"page": 0, "size": 100, "totalItems": 1, "totalPages": 1}


def page(item: dict[str, Any]) -> dict[str, Any]:
    return {"data": [item], "pageInfo": PAGE_INFO}


ANSWERS: dict[str, tuple[int, Any]] = {
    "uploadFile": (201, {"id": "file_1", "name": "a.txt", "mimeType": "text/plain", "sizeBytes": 1}),
    "getFile": (200, {"id": "file_1"}),
    "downloadFile": (200, b"content"),
    "createExtraction": (202, EXTRACTION),
    "uploadExtraction": (202, EXTRACTION),
    "listExtractions": (200, page(EXTRACTION)),
    "getExtraction": (200, EXTRACTION),
    "submitExtractionFeedback": (202, FEEDBACK),
    "startRun": (202, RUN),
    "listRuns": (200, page(RUN)),
    "getRun": (200, RUN),
    "createEventSubscription": (201, SUBSCRIPTION),
    "listEventSubscriptions": (200, page(SUBSCRIPTION)),
    "getEventSubscription": (200, SUBSCRIPTION),
    "updateEventSubscription": (200, SUBSCRIPTION),
    "deleteEventSubscription": (204, None),
    "createExtractJob": (202, EXTRACTION),
    "listExtractJobs": (200, page(EXTRACTION)),
    "getExtractJob": (200, EXTRACTION),
    "submitExtractJobFeedback": (202, FEEDBACK),
}

Call = tuple[str, Any]
CALLS: list[Call] = [
    ("uploadFile", lambda c: c.files.upload(b"x", name="ä.txt")),
    ("getFile", lambda c: c.files.get("file_1")),
    ("downloadFile", lambda c: c.files.read("../x?y#z%2F")),
    ("createExtraction", lambda c: c.extractions.create(file_id="f", tags={"a": "b"}, key="k")),
    ("createExtraction", lambda c: c.extractions.create(url="https://example.com/a.pdf")),
    ("uploadExtraction", lambda c: c.extractions.upload(b"x", tags={"a": "b"})),
    ("listExtractions", lambda c: c.extractions.list()),
    (
        "listExtractions",
        lambda c: c.extractions.list(status="FAILED", sort_by="updatedAt", sort="asc", size=1),
    ),
    ("getExtraction", lambda c: c.extractions.get("e/1")),
    (
        "submitExtractionFeedback",
        lambda c: c.extractions.feedback("e/1", "wrong", type="INFO", field_id="total"),
    ),
    ("submitExtractionFeedback", lambda c: c.extractions.feedback("e/1", "wrong")),
    ("startRun", lambda c: c.runs.start("daily")),
    ("startRun", lambda c: c.runs.start("daily", {"any": [1, None, "json"]})),
    (
        "startRun",
        lambda c: c.runs.start_form("daily", {"claimId": "1", "extra": {"a": 1}, "document": FormFile(b"x")}),
    ),
    ("listRuns", lambda c: c.runs.list(status="CLOSED", workflow_id="daily")),
    ("getRun", lambda c: c.runs.get("r1")),
    (
        "createEventSubscription",
        lambda c: c.event_subscriptions.create(
            endpoint_url="https://example.com/hook",
            event_types=list(EventType),
            signing_secret="s",
            workflow_id="daily",
        ),
    ),
    (
        "listEventSubscriptions",
        lambda c: c.event_subscriptions.list(status="paused", event_type="workflow.run.failed"),
    ),
    ("getEventSubscription", lambda c: c.event_subscriptions.get("s1")),
    ("updateEventSubscription", lambda c: c.event_subscriptions.pause("s1")),
    ("updateEventSubscription", lambda c: c.event_subscriptions.rotate_secret("s1", "new")),
    ("deleteEventSubscription", lambda c: c.event_subscriptions.delete("s1")),
    (
        "createExtractJob",
        lambda c: c.jobs.extract(file_id="f", hub_id="0" * 24, metadata={"a": "b"}),
    ),
    ("listExtractJobs", lambda c: c.jobs.list(status="QUEUED")),
    ("getExtractJob", lambda c: c.jobs.get("j")),
    ("submitExtractJobFeedback", lambda c: c.jobs.feedback("j", "wrong", field_id="total")),
]


def validate(schema: dict[str, Any], value: Any) -> None:
    Draft202012Validator({**schema, "components": SPEC["components"]}).validate(value)


def resolve(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        for step in node["$ref"].split("/"):
            node = SPEC if step == "#" else node[step]
    return node


def parts(body: bytes, content_type: str) -> dict[str, Any]:
    """Read a form as its schema sees it: JSON parts as JSON, files and text as text."""
    message = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    found: dict[str, Any] = {}
    for part in message.get_payload():  # type: ignore[union-attr] # multipart, so a list
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        found[name] = (
            json.loads(content) if part.get_content_type() == "application/json" else content.decode()
        )
    return found


class Recorder:
    """Answers each operation with its sample, and keeps what was sent."""

    def __init__(self) -> None:
        self.expected = ""
        self.seen: list[tuple[str, web.BaseRequest, bytes]] = []

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append((self.expected, request, await request.read()))
        status, body = ANSWERS[self.expected]
        if isinstance(body, bytes):
            return web.Response(status=status, body=body, content_type="application/octet-stream")
        return web.json_response(body, status=status) if body is not None else web.Response(status=status)


@pytest.fixture
async def recorder():
    recorder = Recorder()
    runner = web.ServerRunner(web.Server(recorder.handle))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with AsyncPlextera("key", base_url=f"http://127.0.0.1:{port}/v1") as client:
        yield recorder, client
    await runner.cleanup()


def test_every_operation_is_offered():
    assert {name for name, _ in CALLS} == OPERATIONS.keys()


@pytest.mark.parametrize("name", ANSWERS)
def test_the_sample_answers_fit_the_document(name):
    status, body = ANSWERS[name]
    _, _, operation = OPERATIONS[name]
    answer = resolve(operation["responses"][str(status)])

    if body is not None and not isinstance(body, bytes):
        validate(answer["content"]["application/json"]["schema"], body)
    assert ("content" in answer) == (body is not None)


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[f"{i}-{name}" for i, (name, _) in enumerate(CALLS)])
async def test_what_is_sent_fits_the_document(name, call, recorder):
    server, client = recorder
    server.expected = name

    await call(client)

    [(_, request, body)] = server.seen
    method, template, operation = OPERATIONS[name]
    raw_path = urlsplit(request.raw_path).path
    assert request.method == method
    assert re.fullmatch("/v1" + re.sub(r"\{\w+\}", "[^/]+", template), raw_path)
    _check_query(operation, request)
    _check_body(operation, request, body)
    assert request.headers["Authorization"] == "api-key key"
    assert re.fullmatch(r"[\x21-\x7e]{1,64}", request.headers["X-Request-Id"])


def _check_query(operation: dict[str, Any], request: web.BaseRequest) -> None:
    sent = parse_qs(urlsplit(request.raw_path).query, strict_parsing=bool(urlsplit(request.raw_path).query))
    known = {
        p["name"]: p["schema"] for p in map(resolve, operation.get("parameters", ())) if p["in"] == "query"
    }
    for name, values in sent.items():
        is_number = resolve(known[name])["type"] == "integer"
        validate(known[name], int(values[0]) if is_number else values[0])


def _check_body(operation: dict[str, Any], request: web.BaseRequest, body: bytes) -> None:
    if not body:
        assert not operation.get("requestBody", {}).get("required", False)
        return
    kinds = resolve(operation["requestBody"])["content"]
    kind = request.content_type
    sent = json.loads(body) if kind == "application/json" else parts(body, request.headers["Content-Type"])
    validate(kinds[kind]["schema"], sent)


async def test_a_path_parameter_is_one_segment_whatever_it_holds(recorder):
    server, client = recorder
    server.expected = "downloadFile"

    for id_ in ("../x?y#z%2F", "..", ".", "ü/ö", "a b", "%"):
        await client.files.read(id_)

    paths = [request.raw_path for _, request, _ in server.seen]
    assert [unquote(path.split("/")[3]) for path in paths] == ["../x?y#z%2F", "..", ".", "ü/ö", "a b", "%"]
    assert all(path.count("/") == 4 for path in paths)
