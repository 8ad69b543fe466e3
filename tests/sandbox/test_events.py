"""Events: for which ends there is one, who gets it, and what it says."""

from typing import Any

import pytest

from plextera_async.sandbox import DeliveryPolicy, Timing, WorkflowStep
from tests.sandbox.receiving import ALL_TYPES, Receiver, delivering, pass_time, subscribe, update
from tests.sandbox.support import EXTRACTIONS, JOBS, SUBSCRIPTIONS, Api


async def job_of(api: Api, content: bytes) -> str:
    file = await api.upload(content)
    reply = await api.post(f"{JOBS}/extract", {"document": {"fileId": file["id"]}, "metadata": {"a": "b"}})
    assert reply.status == 202
    return str(reply.json["id"])


async def run_of(api: Api, workflow: str) -> str:
    reply = await api.post(f"/workflows/{workflow}/runs", {"claim": "\u00e9"})
    assert reply.status == 202
    return str(reply.json["id"])


def only(receiver: Receiver) -> dict[str, Any]:
    (one,) = receiver.got
    event: dict[str, Any] = one.event
    return event


async def test_a_completed_extraction_is_told_whole() -> None:
    async with delivering() as (api, receiver):
        await subscribe(api)
        extraction = await api.extract("Name: Zo\u00eb".encode(), tags={"a": "b"})
        await pass_time(api)
        read = (await api.get(f"{EXTRACTIONS}/{extraction['id']}")).json
        event = only(receiver)

    assert event["eventType"] == "document-insights.extraction.completed"
    assert event["eventId"].startswith("evt_")
    assert event["occurredAt"] == read["completedAt"]
    assert event["data"]["output"]["fields"][0]["value"] == "Zo\u00eb"
    assert event["data"] == {"extractionId": read.pop("id"), **read}


async def test_a_completed_run_is_told_with_its_steps() -> None:
    async with delivering() as (api, receiver):
        await subscribe(api)
        run = await run_of(api, "claims")
        await pass_time(api)
        read = (await api.get(f"/workflow-runs/{run}")).json
        event = only(receiver)

    assert event["eventType"] == "workflow.run.completed"
    assert read["steps"][0]["output"] == {"claim": "\u00e9"}
    assert event["data"] == {"runId": read.pop("id"), "workflowId": "claims", **read}


async def test_a_job_of_the_first_generation_is_told_under_its_own_names() -> None:
    async with delivering() as (api, receiver):
        await subscribe(api)
        job = await job_of(api, b"Name: Bob")
        await pass_time(api)
        event = only(receiver)

    assert event["eventType"] == "document-insights.job.completed"
    assert event["data"]["jobId"] == job
    assert event["data"]["metadata"] == {"a": "b"}
    assert "id" not in event["data"]


async def test_the_other_shape_names_everything_as_reading_it_does() -> None:
    async with delivering(delivery_policy=DeliveryPolicy(event_shape="id")) as (api, receiver):
        await subscribe(api)
        ids = {(await api.extract(b"A: b"))["id"], await job_of(api, b"A: c"), await run_of(api, "claims")}
        await pass_time(api)

    data = [one.event["data"] for one in receiver.got]
    assert {one["id"] for one in data} == ids
    assert not {"extractionId", "jobId", "runId", "workflowId"} & {name for one in data for name in one}


async def test_every_end_has_its_event() -> None:
    async with delivering() as (api, receiver):
        await subscribe(api)
        api.sandbox.add_workflow("broken", steps=[WorkflowStep("Only", fails="no")])
        for content in (b"Name: Bob", b""):
            await api.extract(content)
            await job_of(api, content.upper())
        document = {"document": {"url": "https://example.com/nothing.pdf"}}
        await api.post(EXTRACTIONS, document)
        await api.post(f"{JOBS}/extract", document)
        await run_of(api, "claims")
        await run_of(api, "broken")
        await pass_time(api)

    assert sorted(receiver.types) == sorted(ALL_TYPES)
    for one in receiver.got:
        has_error = not one.event["eventType"].endswith("completed")
        assert ("error" in one.event["data"]) is has_error


async def test_nothing_tells_of_a_closed_run_or_of_a_state_that_is_no_end() -> None:
    async with delivering() as (api, receiver):
        await subscribe(api)
        closed, odd = await run_of(api, "claims"), await run_of(api, "claims")
        api.sandbox.close_run(closed)
        api.sandbox.force(odd, status="ARCHIVED", ended=True)
        extraction = await api.extract(b"Name: Bob")
        api.sandbox.force(extraction["id"], status="PROCESSING")
        await pass_time(api)

    assert receiver.got == []
    assert not api.sandbox.deliveries


async def test_nested_runs_and_extractions_of_workflows_have_their_own_events_before_the_outer_one() -> None:
    async with delivering() as (api, receiver):
        await subscribe(api)
        api.sandbox.add_workflow("child", steps=[WorkflowStep("Only")])
        steps = [WorkflowStep("Read", "document_insights"), WorkflowStep("Nest", nested="child")]
        api.sandbox.add_workflow("parent", steps=steps)
        file = await api.upload(b"Name: Bob")
        run = (await api.post("/workflows/parent/runs", {"document": {"fileId": file["id"]}})).json
        for _ in range(10):
            await pass_time(api, 0.2)

    assert receiver.types == [
        "document-insights.extraction.completed",
        "workflow.run.completed",
        "workflow.run.completed",
    ]
    assert receiver.got[-1].event["data"]["runId"] == run["id"]


async def test_a_completed_event_waits_for_the_output() -> None:
    async with delivering(timing=Timing(output=30)) as (api, receiver):
        await subscribe(api)
        extraction = await api.extract(b"Name: Bob")
        await pass_time(api, 10)
        before = (await api.get(f"{EXTRACTIONS}/{extraction['id']}")).json["status"]
        sent_before = len(receiver.got)
        await pass_time(api)

    assert (before, sent_before) == ("COMPLETED", 0)
    assert only(receiver)["occurredAt"] == "2026-01-01T00:00:00Z"
    assert only(receiver)["data"]["outputAvailable"] is True
    assert "output" in only(receiver)["data"]


async def test_an_output_that_belongs_to_no_end_makes_no_event() -> None:
    async with delivering(timing=Timing(output=30)) as (api, receiver):
        await subscribe(api)
        extraction = await api.extract(b"Name: Bob")
        api.sandbox.force(extraction["id"], status="COMPLETED", output={"fields": []}, ended=False)
        await pass_time(api)

    assert receiver.got == []


async def test_the_output_can_be_left_out() -> None:
    async with delivering(delivery_policy=DeliveryPolicy(with_output=False)) as (api, receiver):
        await subscribe(api)
        await api.extract(b"Name: Bob")
        await pass_time(api)

    assert only(receiver)["data"]["outputAvailable"] is True
    assert "output" not in only(receiver)["data"]


async def test_an_end_is_told_once_and_again_after_reprocessing() -> None:
    async with delivering() as (api, receiver):
        await subscribe(api)
        extraction = (await api.extract(b"Name: Bob"))["id"]
        await pass_time(api)
        api.sandbox.force(extraction, status="COMPLETED")
        await pass_time(api)
        once = len(receiver.got)
        api.sandbox.reprocess(extraction)
        await pass_time(api)

    assert once == 1
    first, second = (one.event for one in receiver.got)
    assert first["data"]["extractionId"] == second["data"]["extractionId"] == extraction
    assert first["eventId"] != second["eventId"]
    assert first["occurredAt"] < second["occurredAt"]


async def test_another_kind_of_end_and_an_end_after_a_new_life_are_told() -> None:
    async with delivering() as (api, receiver):
        await subscribe(api)
        run = await run_of(api, "claims")
        for status in ("FAILED", "COMPLETED", "FAILED", "PROCESSING", "FAILED"):
            api.sandbox.force(run, status=status)
            await api.sandbox.settle()

    assert receiver.types == ["workflow.run.failed", "workflow.run.completed", "workflow.run.failed"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"workflowId": "claims"}, ["extraction", "job", "claims"]),
        ({"workflowId": "other"}, ["extraction", "job"]),
        ({"operation": "extract"}, ["extraction", "job", "claims"]),
        ({"operation": "classify"}, ["claims"]),
        ({"workflowId": "other", "operation": "classify"}, []),
        ({}, ["extraction", "job", "claims"]),
    ],
)
async def test_a_filter_holds_for_its_own_family(filters: dict[str, str], expected: list[str]) -> None:
    async with delivering() as (api, receiver):
        await subscribe(api, filters=filters)
        await run_of(api, "claims")
        await job_of(api, b"A: b")
        await api.extract(b"A: c")
        await pass_time(api)

    kinds = [
        one.event["data"].get("workflowId") or one.event["eventType"].split(".")[1] for one in receiver.got
    ]
    assert sorted(kinds) == sorted(expected)


async def test_every_subscription_that_includes_the_type_gets_the_same_event() -> None:
    async with delivering() as (api, receiver):
        both = [await subscribe(api, "workflow.run.failed"), await subscribe(api)]
        await subscribe(api, "workflow.run.completed")
        run = await run_of(api, "claims")
        api.sandbox.force(run, status="FAILED", error=("X", "y"))
        await api.sandbox.settle()

    assert {one.subscription_id for one in api.sandbox.deliveries} == {one["id"] for one in both}
    assert len({one.event["eventId"] for one in receiver.got}) == 1
    assert len({one.delivery_id for one in receiver.got}) == len(receiver.got) == 2


async def test_what_happens_during_a_pause_or_before_the_subscription_is_not_told_later() -> None:
    async with delivering() as (api, receiver):
        await api.extract(b"N: before")
        await pass_time(api)
        subscription = await subscribe(api)
        await update(api, subscription, status="paused")
        await api.extract(b"N: pause")
        await pass_time(api)
        await update(api, subscription, status="active")
        await pass_time(api)
        quiet = len(receiver.got)
        resumed = await api.extract(b"N: after")
        await pass_time(api)

    assert quiet == 0
    assert only(receiver)["data"]["extractionId"] == resumed["id"]


async def test_a_deleted_subscription_gets_nothing() -> None:
    async with delivering() as (api, receiver):
        subscription = await subscribe(api)
        await api.call("DELETE", f"{SUBSCRIPTIONS}/{subscription['id']}")
        await api.extract(b"N: a")
        await pass_time(api)

    assert receiver.got == []
