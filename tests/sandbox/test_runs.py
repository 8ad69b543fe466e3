"""Workflow runs: what starts them, how they go, what is shown of them."""

from typing import Any

import pytest

from plextera_async.sandbox import WorkflowStep
from tests.sandbox.support import EXTRACTIONS, Api, FilePart

SETTLED = 60.0


async def run_of(api: Api, started: dict[str, Any]) -> dict[str, Any]:
    run: dict[str, Any] = (await api.get(f"/workflow-runs/{started['id']}")).json
    return run


async def test_a_run_goes_through_its_steps(api: Api) -> None:
    reply = await api.post("/workflows/daily-lab_loader/runs", {"customerId": "c"})
    started = reply.json
    api.advance(0.3)
    halfway = await run_of(api, started)
    api.advance(SETTLED)
    done = await run_of(api, started)

    assert reply.status == 202
    assert started["status"] == "PROCESSING"
    assert started["workflow"] == {"id": "daily-lab_loader", "name": "Daily Lab Loader"}
    assert started["progress"] == {"stepsCompleted": 0, "stepsTotal": 3}
    assert not {"steps", "completedAt"} & started.keys()
    assert [step["status"] for step in halfway["steps"]] == ["COMPLETED", "PROCESSING", "QUEUED"]
    assert halfway["progress"]["stepsCompleted"] == 1
    assert done["status"] == "COMPLETED"
    assert done["completedAt"] == "2026-01-01T00:00:00Z"
    assert (done["durationMs"], done["computedDurationMs"]) == (650, 650)
    assert done["steps"][0] == {
        "id": "step_01",
        "name": "Read input",
        "type": "web_function",
        "status": "COMPLETED",
        "output": {"customerId": "c"},
        "nestedRuns": {"count": 0, "data": []},
    }


@pytest.mark.parametrize(
    ("content", "kind", "seen"),
    [
        (b"", None, None),
        (b"", "application/json", None),
        (b"null", "application/json", None),
        (b'[1, "a"]', "application/json", [1, "a"]),
        (b'"text"', "application/json; charset=utf-8", "text"),
    ],
)
async def test_any_json_or_nothing_starts_a_run(
    api: Api, content: bytes, kind: str | None, seen: Any
) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    reply = await api.post("/workflows/w/runs", data=content, headers=headers)

    assert reply.status == 202
    assert api.sandbox.world.runs[reply.json["id"]].input == seen


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"x", "text/plain", 415),
    ],
)
async def test_other_bodies_are_refused(api: Api, content: bytes, kind: str, status: int) -> None:
    assert (
        await api.post("/workflows/w/runs", data=content, headers={"Content-Type": kind})
    ).status == status


async def test_a_form_reaches_the_workflow_part_by_part(api: Api) -> None:
    form = {
        "state": "CT",
        "payload": {"a": [1]},
        "document": FilePart(b"Name: Alice", "claim.txt"),
        "attachments": [FilePart(b"one", "1.txt"), FilePart(b"two", "2.txt")],
    }
    started = (await api.post("/workflows/incoming-claim/runs", form=form)).json
    api.advance(SETTLED)
    done = await run_of(api, started)

    seen = api.sandbox.world.runs[started["id"]].input
    assert (seen["state"], seen["payload"]) == ("CT", {"a": [1]})
    assert [node["fileName"] for node in seen["attachments"]] == ["1.txt", "2.txt"]
    node = seen["document"][0]
    assert node == {
        "fileId": node["fileId"],
        "fileName": "claim.txt",
        "mimeType": "text/plain",
        "sizeBytes": 11,
    }
    assert (await api.get(f"/files/{node['fileId']}/download")).body == b"Name: Alice"
    assert done["steps"][1]["output"]["fieldCount"] == 1


async def test_one_name_is_for_files_or_for_a_value(api: Api) -> None:
    reply = await api.post("/workflows/w/runs", form={"a": ["text", FilePart(b"x")]})

    assert reply.status == 400


async def test_a_document_step_makes_a_real_extraction(api: Api) -> None:
    before = await api.finished(b"Name: Alice\nAge: 7")
    file_id = before["document"]["fileId"]
    started = (await api.post("/workflows/w/runs", {"document": {"fileId": file_id}})).json
    api.advance(SETTLED)
    done = await run_of(api, started)

    output = done["steps"][1]["output"]
    extraction = (await api.get(f"{EXTRACTIONS}/{output['extractionId']}")).json
    assert output["fieldCount"] == 2
    assert extraction["output"] == before["output"]
    assert done["status"] == "COMPLETED"


@pytest.mark.parametrize("document", [None, "x", [], ["x"], {"fileId": "none"}, {"fileId": 1}, [{}]])
async def test_a_document_step_without_a_document_has_no_output(api: Api, document: Any) -> None:
    started = (await api.post("/workflows/w/runs", {"document": document})).json
    api.advance(SETTLED)
    done = await run_of(api, started)

    assert (done["status"], done["steps"][1]["output"]) == ("COMPLETED", None)


async def test_a_document_that_cannot_be_read_fails_the_run(api: Api) -> None:
    started = (await api.post("/workflows/w/runs", form={"document": FilePart(b"", "empty.pdf")})).json
    api.advance(SETTLED)
    done = await run_of(api, started)

    assert (done["status"], done["error"]["code"]) == ("FAILED", "WORKFLOW_RUN_FAILED")
    assert [step["status"] for step in done["steps"]] == ["COMPLETED", "FAILED", "QUEUED"]
    assert done["steps"][1]["message"] == "The extraction ended REJECTED."


async def test_a_step_can_be_made_to_fail(api: Api) -> None:
    steps = [WorkflowStep("One"), WorkflowStep("Two", fails="No answer from the site.")]
    api.sandbox.add_workflow("fragile", name="Fragile thing", steps=steps)
    started = (await api.post("/workflows/fragile/runs", {"a": 1})).json
    api.advance(SETTLED)
    done = await run_of(api, started)

    assert done["workflow"]["name"] == "Fragile thing"
    assert (done["status"], done["steps"][1]["message"]) == ("FAILED", "No answer from the site.")
    assert done["steps"][1]["output"] is None


async def test_a_step_can_run_another_workflow(api: Api) -> None:
    api.sandbox.add_workflow("child", steps=[WorkflowStep("Only")])
    api.sandbox.add_workflow("parent", steps=[WorkflowStep("Fan out", nested="child"), WorkflowStep("After")])
    started = (await api.post("/workflows/parent/runs", {"a": 1})).json
    api.advance(SETTLED)
    done = await run_of(api, started)

    nested = done["steps"][0]["nestedRuns"]
    child = await run_of(api, nested["data"][0])
    assert nested["count"] == 1
    assert "steps" not in nested["data"][0]
    assert (child["workflow"]["id"], child["steps"][0]["output"]) == ("child", {"a": 1})
    assert done["status"] == child["status"] == "COMPLETED"


async def test_a_failed_nested_run_fails_its_parent(api: Api) -> None:
    api.sandbox.add_workflow("child", steps=[WorkflowStep("Only", fails="broken")])
    api.sandbox.add_workflow("parent", steps=[WorkflowStep("Fan out", nested="child")])
    started = (await api.post("/workflows/parent/runs")).json
    api.advance(SETTLED)

    assert (await run_of(api, started))["steps"][0]["message"] == "The nested run ended FAILED."


async def test_workflows_cannot_nest_in_a_circle(api: Api) -> None:
    with pytest.raises(ValueError, match="first"):
        api.sandbox.add_workflow("a", steps=[WorkflowStep("Again", nested="a")])
    api.sandbox.add_workflow("a")
    with pytest.raises(ValueError, match="there already"):
        api.sandbox.add_workflow("a", steps=[WorkflowStep("Again", nested="a")])


@pytest.mark.parametrize("workflow", ["unknown-x", "unpublished-x", "-x", "a b", "%00", "a%2Fb", "x" * 129])
async def test_workflows_that_are_not_published_are_not_found(api: Api, workflow: str) -> None:
    assert (await api.post(f"/workflows/{workflow}/runs")).status == 404


async def test_an_unknown_run_is_not_found(api: Api) -> None:
    assert (await api.get("/workflow-runs/none")).status == 404


async def test_a_run_can_be_closed_at_any_time(api: Api) -> None:
    started = (await api.post("/workflows/w/runs", form={"document": FilePart(b"Name: Alice")})).json
    api.advance(0.3)
    api.sandbox.close_run(started["id"])
    closed = await run_of(api, started)
    api.advance(SETTLED)

    assert closed["status"] == "CLOSED"
    assert "completedAt" in closed
    assert await run_of(api, started) == closed


async def test_a_run_can_be_put_into_any_state(api: Api) -> None:
    started = (await api.post("/workflows/w/runs")).json
    api.sandbox.force(started["id"], status="WAITING", extra={"queue": "late"})
    api.advance(SETTLED)
    waiting = await run_of(api, started)
    api.sandbox.force(started["id"], status="FAILED", error=("X", "y"))
    failed = await run_of(api, started)

    assert (waiting["status"], waiting["queue"], "completedAt" in waiting) == ("WAITING", "late", False)
    assert (failed["status"], failed["error"]) == ("FAILED", {"code": "X", "message": "y"})


async def test_reprocessing_the_extraction_of_an_ended_step_leaves_the_run_alone(api: Api) -> None:
    started = (await api.post("/workflows/w/runs", form={"document": FilePart(b"Name: Alice")})).json
    api.advance(SETTLED)
    done = await run_of(api, started)
    api.sandbox.reprocess(done["steps"][1]["output"]["extractionId"])
    api.advance(SETTLED)

    assert await run_of(api, started) == done
