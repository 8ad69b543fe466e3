"""Every answer of the sandbox fits `openapi/plextera.yaml`, and every operation of it is offered."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from plextera_async.sandbox import Timing, WorkflowStep
from plextera_async.sandbox._routes import ROUTES, match
from tests.sandbox.support import EXTRACTIONS, JOBS, SUBSCRIPTIONS, Api, FilePart, Reply, pdf, running

SPEC: dict[str, Any] = yaml.safe_load((Path(__file__).parents[2] / "openapi" / "plextera.yaml").read_text())
METHODS = ("get", "post", "put", "patch", "delete")


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = SPEC
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


class CheckedApi(Api):
    """Checks each answer against its schema, and keeps count of what was answered."""

    seen: set[tuple[str, int]]

    async def call(self, method: str, path: str, **more: Any) -> Reply:
        reply = await super().call(method, path, **more)
        found = match(method, path.partition("?")[0])
        if found.route is not None:
            self.check(found.route.operation, SPEC["paths"][found.route.template][method.lower()], reply)
        return reply

    def check(self, operation: str, described: dict[str, Any], reply: Reply) -> None:
        self.seen.add((operation, reply.status))
        response = resolved(
            described["responses"].get(f"{reply.status}") or described["responses"]["default"]
        )
        assert reply.headers["X-Request-Id"]
        content = response.get("content", {})
        if not content:
            assert reply.body == b""
        elif "application/json" in content:
            assert reply.headers["Content-Type"] == "application/json"
            schema = content["application/json"]["schema"] | {"components": SPEC["components"]}
            problems = list(Draft202012Validator(schema).iter_errors(json.loads(reply.body)))
            assert not problems, (operation, reply.status, [problem.message for problem in problems])
        if reply.status < 300:
            assert f"{reply.status}" in described["responses"]


@pytest.fixture
async def checked() -> AsyncIterator[CheckedApi]:
    async with running(timing=Timing(output=1), max_file_bytes=1_000_000) as api:
        checked = CheckedApi(api.sandbox, api.session)
        checked.seen = set()
        yield checked


def test_the_sandbox_offers_the_operations_of_the_spec_and_no_others() -> None:
    described = {
        (operation["operationId"], method.upper(), path)
        for path, item in SPEC["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }

    assert {(route.operation, route.method, route.template) for route in ROUTES} == described


async def test_every_operation_answers_as_described_when_all_is_well(checked: CheckedApi) -> None:
    await tour_documents(checked)
    await tour_runs(checked)
    await tour_subscriptions(checked)

    succeeded = {operation for operation, status in checked.seen if status < 300}
    assert succeeded == {route.operation for route in ROUTES}


async def tour_documents(api: CheckedApi) -> None:
    contents = [
        (b"Name: Alice\nAge: 7", "a.txt"),
        (b"a,b\n1,x\n,y", "a.csv"),
        (b"<dl><dt>A<dd>b</dl>", "a.html"),
        (pdf([(50, 50, "Name: Alice")]), "a.pdf"),
        (pdf(password="x"), "b.pdf"),
        (b"", "empty.pdf"),
        (b"\x89PNG\r\n\x1a\n", "a.png"),
        (b"Name: Alice\nAge: 7", "again.txt"),
    ]
    for content, name in contents:
        extraction = await api.extract(content, name, tags={"a": "b"})
        file_id = extraction["document"]["fileId"]
        await api.get(f"/files/{file_id}")
        await api.get(f"/files/{file_id}/download")
        job = (
            await api.post(f"{JOBS}/extract", {"document": {"fileId": file_id}, "metadata": {"a": "b"}})
        ).json
        for seconds in (0, 0.06, 0.3, 60):
            api.advance(seconds)
            await api.get(f"{EXTRACTIONS}/{extraction['id']}")
            await api.get(f"{JOBS}/{job['id']}")
        await api.post(f"{EXTRACTIONS}/{extraction['id']}/feedback", {"message": "m", "fieldId": "f"})
        await api.post(f"{EXTRACTIONS}/{extraction['id']}/feedback", {"message": "m"})
        await api.post(f"{JOBS}/{job['id']}/feedback", {"message": "m"})
    await api.upload(b"x")
    await api.post(EXTRACTIONS, {"document": {"url": "https://example.com/a.pdf"}})
    await api.get(f"{EXTRACTIONS}?size=100&sortBy=completedAt")
    await api.get(JOBS)


async def tour_runs(api: CheckedApi) -> None:
    api.sandbox.add_workflow("child", steps=[WorkflowStep("Only", fails="broken")])
    api.sandbox.add_workflow("parent", steps=[WorkflowStep("In"), WorkflowStep("Out", nested="child")])
    form = {"document": FilePart(b"Name: Bob"), "claim": "c"}
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("plain", {"form": form}),
        ("parent", {"body": [1]}),
        ("closed", {}),
    ]
    for workflow, body in bodies:
        run = (await api.post(f"/workflows/{workflow}/runs", **body)).json
        for seconds in (0, 0.1, 0.2, 60):
            api.advance(seconds)
            await api.get(f"/workflow-runs/{run['id']}")
    api.sandbox.close_run(run["id"])
    await api.get(f"/workflow-runs/{run['id']}")
    await api.get("/workflow-runs")


async def tour_subscriptions(api: CheckedApi) -> None:
    body = {
        "endpointUrl": "https://a",
        "eventTypes": ["workflow.run.failed"],
        "signingSecret": "s",
        "filters": {"workflowId": "w"},
    }
    path = f"{SUBSCRIPTIONS}/{(await api.post(SUBSCRIPTIONS, body)).json['id']}"
    await api.get(path)
    await api.call("PATCH", path, body={"status": "paused", "filters": {}})
    await api.get(SUBSCRIPTIONS)
    await api.call("DELETE", path)


async def test_refusals_answer_as_described(checked: CheckedApi) -> None:
    for route in ROUTES:
        path = route.template.replace("{", "").replace("}", "")
        replies = [
            await checked.call(route.method, path, headers={"Authorization": "none"}),
            await checked.call(route.method, path, headers={"X-Request-Id": "a b"}),
            await checked.call(
                route.method, path + "?page=x&status=x", data=b"{", headers={"Content-Type": "a/b"}
            ),
            await checked.call(route.method, path, body={"document": 1, "filters": 1}),
            await checked.call(route.method, path, headers={"Accept": "text/html"}),
        ]
        assert [reply.status for reply in replies[:2]] == [401, 400], route.operation

    await checked.post("/files", form={"file": FilePart(b"#!/bin/sh")})
    await checked.post("/files", form={"file": FilePart(b"x" * 1_000_001)})
    statuses = {status for _, status in checked.seen}
    assert statuses >= {400, 401, 404, 406, 413, 415, 422}
