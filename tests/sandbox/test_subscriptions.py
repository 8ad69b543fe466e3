"""Event subscriptions."""

from typing import Any

import pytest

from tests.sandbox.support import SUBSCRIPTIONS, Api

BODY: dict[str, Any] = {
    "endpointUrl": "https://example.com/hook",
    "eventTypes": ["document-insights.extraction.completed", "workflow.run.failed"],
    "signingSecret": "whsec_1",
}


async def created(api: Api, **more: Any) -> dict[str, Any]:
    reply = await api.post(SUBSCRIPTIONS, BODY | more)
    assert reply.status == 201
    made: dict[str, Any] = reply.json
    return made


async def test_a_subscription_is_made_active_and_keeps_its_secret_to_itself(api: Api) -> None:
    made = await created(api)

    assert made == {
        "id": made["id"],
        "status": "active",
        "endpointUrl": "https://example.com/hook",
        "eventTypes": BODY["eventTypes"],
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
    }
    assert (await api.get(f"{SUBSCRIPTIONS}/{made['id']}")).json == made
    record = api.sandbox.world.subscriptions[made["id"]]
    assert record.signing_secret == "whsec_1"
    assert "whsec_1" not in repr(record)


async def test_filters_are_shown_when_there_are_any(api: Api) -> None:
    both = {"workflowId": "w", "operation": "extract"}

    assert (await created(api, filters=both))["filters"] == both
    assert "filters" not in await created(api, filters={})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"endpointUrl": "http://example.com"}, "endpointUrl"),
        ({"endpointUrl": "https://"}, "endpointUrl"),
        ({"endpointUrl": 1}, "endpointUrl"),
        ({"eventTypes": []}, "eventTypes"),
        ({"eventTypes": "workflow.run.failed"}, "eventTypes"),
        ({"eventTypes": ["none"]}, "eventTypes"),
        ({"eventTypes": [1]}, "eventTypes"),
        ({"signingSecret": ""}, "signingSecret"),
        ({"filters": []}, "filters"),
        ({"filters": None}, "filters"),
        ({"filters": {"workflowId": 1}}, "filters.workflowId"),
        ({"filters": {"workflowId": None}}, "filters.workflowId"),
    ],
)
async def test_bad_fields_are_named_on_create_and_on_update(
    api: Api, body: dict[str, Any], field: str
) -> None:
    made = await created(api)
    create = await api.post(SUBSCRIPTIONS, BODY | body)
    update = await api.call("PATCH", f"{SUBSCRIPTIONS}/{made['id']}", body=body)

    for reply in (create, update):
        assert reply.status == 422
        assert [detail["field"] for detail in reply.json["error"]["details"]] == [field]
    assert (await api.get(f"{SUBSCRIPTIONS}/{made['id']}")).json == made


async def test_create_needs_address_events_and_secret(api: Api) -> None:
    reply = await api.post(SUBSCRIPTIONS, {})

    fields = [detail["field"] for detail in reply.json["error"]["details"]]
    assert fields == ["endpointUrl", "eventTypes", "signingSecret"]


async def test_update_replaces_what_it_names_and_leaves_the_rest(api: Api) -> None:
    made = await created(api, filters={"workflowId": "w"})
    path = f"{SUBSCRIPTIONS}/{made['id']}"
    api.advance(5)
    same = await api.call("PATCH", path, body={})
    changes = {
        "endpointUrl": "https://other.example",
        "eventTypes": ["workflow.run.completed"],
        "filters": {"operation": "extract"},
        "status": "paused",
    }
    changed = await api.call("PATCH", path, body=changes | {"signingSecret": "new"})
    cleared = await api.call("PATCH", path, body={"filters": {}, "status": "active"})

    assert same.json == made | {"updatedAt": "2026-01-01T00:00:05Z"}
    assert changed.json == same.json | changes
    assert api.sandbox.world.subscriptions[made["id"]].signing_secret == "new"
    assert "filters" not in cleared.json
    assert cleared.json["status"] == "active"
    assert (await api.call("PATCH", path, body={"status": "gone"})).status == 422


async def test_a_deleted_subscription_is_gone(api: Api) -> None:
    made = await created(api)
    path = f"{SUBSCRIPTIONS}/{made['id']}"
    deleted = await api.call("DELETE", path)
    again = await api.call("DELETE", path)

    assert (deleted.status, deleted.body) == (204, b"")
    assert "Content-Type" not in deleted.headers
    assert again.status == 404
    assert (await api.get(path)).status == 404
    assert (await api.call("PATCH", path, body={})).status == 404
