"""Lists: pages, sorting, filters."""

from typing import Any

import pytest

from tests.sandbox.support import EXTRACTIONS, JOBS, SUBSCRIPTIONS, Api

LISTS = [EXTRACTIONS, JOBS, SUBSCRIPTIONS, "/workflow-runs"]


async def ids(api: Api, path: str) -> list[str]:
    return [item["id"] for item in (await api.get(path)).json["data"]]


@pytest.mark.parametrize("path", LISTS)
async def test_an_empty_list_has_an_empty_page(api: Api, path: str) -> None:
    reply = await api.get(path)

    assert reply.json == {"data": [], "pageInfo": {"page": 0, "size": 50, "totalItems": 0, "totalPages": 0}}


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    ["page=-1", "page=x", "page=", "page=1.5", "page=+1", "size=0", "size=101", "size=ten", "status=NONE"],
)
async def test_bad_parameters_are_refused(api: Api, path: str, query: str) -> None:
    reply = await api.get(f"{path}?{query}")

    assert (reply.status, reply.code) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("query", ["sort=up", "sortBy=id", "sort=", "status="])
async def test_bad_sorting_is_refused(api: Api, query: str) -> None:
    assert (await api.get(f"{EXTRACTIONS}?{query}")).status == 400


async def test_pages_are_counted_from_zero_and_newest_comes_first(api: Api) -> None:
    made = [(await api.extract(f"N: {n}".encode()))["id"] for n in range(7)]
    pages = [(await api.get(f"{EXTRACTIONS}?size=3&page={page}")).json for page in range(4)]

    assert [item["id"] for page in pages for item in page["data"]] == made[::-1]
    assert [len(page["data"]) for page in pages] == [3, 3, 1, 0]
    assert pages[1]["pageInfo"] == {"page": 1, "size": 3, "totalItems": 7, "totalPages": 3}


async def test_a_page_far_behind_the_end_is_empty(api: Api) -> None:
    reply = await api.get(f"{EXTRACTIONS}?page=100000000000000000000000")

    assert reply.json["data"] == []


async def test_extractions_are_sorted_by_any_of_their_times(api: Api) -> None:
    one, two, three = [(await api.extract(f"N: {n}".encode()))["id"] for n in range(3)]
    api.sandbox.force(two, status="COMPLETED", output={})
    api.advance(0.01)
    api.sandbox.force(one, status="FAILED")

    assert await ids(api, EXTRACTIONS) == [three, two, one]
    assert await ids(api, f"{EXTRACTIONS}?sort=asc") == [one, two, three]
    assert await ids(api, f"{EXTRACTIONS}?sortBy=updatedAt") == [one, two, three]
    assert await ids(api, f"{EXTRACTIONS}?sortBy=updatedAt&sort=asc") == [three, two, one]
    assert await ids(api, f"{EXTRACTIONS}?sortBy=completedAt") == [one, two, three]
    assert await ids(api, f"{EXTRACTIONS}?sortBy=completedAt&sort=asc") == [two, one, three]


async def test_extractions_and_jobs_are_filtered_by_status_and_shown_without_output(api: Api) -> None:
    done = await api.finished(b"Name: Alice")
    await api.extract(b"Name: Bob")
    job = (await api.post(f"{JOBS}/extract", {"document": {"url": "https://a"}})).json
    listed = (await api.get(f"{EXTRACTIONS}?status=COMPLETED")).json

    assert [item["id"] for item in listed["data"]] == [done["id"]]
    assert "output" not in listed["data"][0]
    assert listed["pageInfo"]["totalItems"] == 1
    assert await ids(api, f"{JOBS}?status=QUEUED") == [job["id"]]
    assert await ids(api, f"{JOBS}?status=FAILED") == []


async def test_runs_are_filtered_by_status_and_workflow(api: Api) -> None:
    runs: list[dict[str, Any]] = [
        (await api.post(f"/workflows/{name}/runs")).json for name in ("a", "b", "b")
    ]
    api.sandbox.close_run(runs[1]["id"])

    assert await ids(api, "/workflow-runs") == [run["id"] for run in reversed(runs)]
    assert await ids(api, "/workflow-runs?status=CLOSED") == [runs[1]["id"]]
    assert await ids(api, "/workflow-runs?workflowId=b") == [runs[2]["id"], runs[1]["id"]]
    assert await ids(api, "/workflow-runs?workflowId=b&status=PROCESSING") == [runs[2]["id"]]
    assert "steps" not in (await api.get("/workflow-runs")).json["data"][0]


async def test_subscriptions_are_filtered_by_status_and_event_type(api: Api) -> None:
    made = []
    for event in ("workflow.run.failed", "workflow.run.completed"):
        body = {"endpointUrl": "https://a", "eventTypes": [event], "signingSecret": "s"}
        made.append((await api.post(SUBSCRIPTIONS, body)).json["id"])
    await api.call("PATCH", f"{SUBSCRIPTIONS}/{made[0]}", body={"status": "paused"})

    assert await ids(api, SUBSCRIPTIONS) == made[::-1]
    assert await ids(api, f"{SUBSCRIPTIONS}?status=paused") == [made[0]]
    assert await ids(api, f"{SUBSCRIPTIONS}?eventType=workflow.run.completed") == [made[1]]
    assert (await api.get(f"{SUBSCRIPTIONS}?eventType=none")).status == 400
