"""Every call of every resource, against the sandbox."""

from pathlib import Path

import pytest

from plextera_async import AsyncPlextera, errors, models
from plextera_async.sandbox import Sandbox

HOOK = "https://example.com/hook"


async def test_the_way_of_a_document(sandbox: Sandbox, client: AsyncPlextera) -> None:
    extraction = await client.extractions.upload(
        b"Patient: Jane\nTotal: 12.50\n", name="result.txt", tags={"customerDocumentId": "lab-42"}
    )
    output = await extraction.result()

    assert {field.id: field.value for field in output.fields} == {"patient": "Jane", "total": 12.5}
    assert extraction.latest is not None
    assert extraction.latest.tags == {
        "customerDocumentId": "lab-42",
        "plexteraClientKey": "00000000000000000000000000000001",
    }
    assert (await client.extractions.get(extraction.id)).output == output
    assert [item.id async for item in client.extractions.list()] == [extraction.id]
    assert extraction.request_id is not None


async def test_upload_then_extract(client: AsyncPlextera) -> None:
    file = await client.files.upload(b"Total: 1", name="a.txt")
    assert await client.files.get(file.id) == file
    assert await client.files.read(file.id) == b"Total: 1"

    handle = await client.extractions.create(file_id=file.id, key="mine")

    assert (await handle.wait()).tags == {"plexteraClientKey": "mine"}


async def test_extract_from_an_address(sandbox: Sandbox, client: AsyncPlextera) -> None:
    sandbox.add_url("https://example.com/a.txt", b"Total: 2")

    output = await (await client.extractions.create(url="https://example.com/a.txt")).result()

    assert [field.value for field in output.fields] == [2]


@pytest.mark.parametrize(
    "arguments", [{}, {"file_id": "f", "url": HOOK}, {"file_id": ""}, {"url": "http://x"}, {"file_id": 5}]
)
async def test_exactly_one_document(
    sandbox: Sandbox, client: AsyncPlextera, arguments: dict[str, str]
) -> None:
    for call in (client.extractions.create, client.jobs.extract):
        with pytest.raises(errors.InvalidInputError):
            await call(**arguments)
    assert not sandbox.requests


async def test_nothing_is_sent_that_was_not_set(sandbox: Sandbox, client: AsyncPlextera) -> None:
    quiet = client.with_options(reconcile=False)
    file = await client.files.upload(b"Total: 1")

    extraction = await quiet.extractions.create(file_id=file.id)
    upload = await quiet.extractions.upload(b"Total: 2")

    assert not extraction.latest or not extraction.latest.tags
    assert not upload.latest or not upload.latest.tags
    assert len(f'{{"document":{{"fileId":"{file.id}"}}}}') == sandbox.requests[-2].body_length


async def test_fifty_tags_leave_no_room_for_a_key(client: AsyncPlextera) -> None:
    tags = {f"t{number}": "v" for number in range(50)}

    handle = await client.extractions.upload(b"Total: 1", tags=tags)
    assert handle.latest is not None
    assert handle.latest.tags == tags
    with pytest.raises(errors.InvalidInputError, match="50 tags"):
        await client.extractions.upload(b"Total: 1", tags=tags, key="mine")


async def test_feedback(client: AsyncPlextera) -> None:
    handle = await client.extractions.upload(b"Total: 1")

    plain = await client.extractions.feedback(handle.id, "wrong")
    on_field = await client.extractions.feedback(handle.id, "note", type="INFO", field_id="total")

    assert (plain.extraction_id, plain.type, plain.field_id) == (handle.id, "ERROR", None)
    assert (on_field.type, on_field.field_id) == (models.FeedbackType.INFO, "total")
    for message in ("", "x" * 1025):
        with pytest.raises(errors.InvalidInputError):
            await client.extractions.feedback(handle.id, message)


async def test_jobs_of_the_first_generation(client: AsyncPlextera) -> None:
    file = await client.files.upload(b"Total: 1")

    handle = await client.jobs.extract(file_id=file.id, metadata={"a": "b"}, hub_id="a" * 24)
    output = await handle.result()

    assert [field.value for field in output.fields] == [1]
    assert (await client.jobs.get(handle.id)).metadata == {"a": "b"}
    assert [job.id async for job in client.jobs.list()] == [handle.id]
    assert (await client.jobs.feedback(handle.id, "wrong", field_id="total")).field_id == "total"
    assert (await client.jobs.handle(handle.id).wait()).hub_id == "a" * 24


async def test_runs(client: AsyncPlextera) -> None:
    handle = await client.runs.start("daily", [1, "two", None, {"three": 3.5}])
    run = await handle.wait()

    assert run.status == models.RunStatus.COMPLETED
    assert run.progress == models.RunProgress(steps_completed=3, steps_total=3)
    assert (await client.runs.get(handle.id)).steps
    assert [item.id async for item in client.runs.list(workflow_id="daily", status="COMPLETED")] == [run.id]
    with pytest.raises(errors.NotFoundError):
        await client.runs.start("unknown-workflow")


@pytest.mark.parametrize(
    "payload", [float("nan"), float("inf"), {1: 2}, {"a": {1, 2}}, b"x", "\ud800", object()]
)
async def test_payloads_that_are_not_json(sandbox: Sandbox, client: AsyncPlextera, payload: object) -> None:
    with pytest.raises(errors.InvalidInputError):
        await client.runs.start("daily", payload)
    with pytest.raises(errors.InvalidInputError):
        await client.runs.start_form("daily", {"part": payload if not isinstance(payload, bytes) else b""})
    assert not sandbox.requests


@pytest.mark.parametrize("fields", [{}, None, [], {"": "x"}, {5: "x"}])
async def test_forms_that_are_none(sandbox: Sandbox, client: AsyncPlextera, fields: dict[str, str]) -> None:
    with pytest.raises(errors.InvalidInputError):
        await client.runs.start_form("daily", fields)
    assert not sandbox.requests


async def test_an_empty_list_is_json(sandbox: Sandbox, client: AsyncPlextera) -> None:
    handle = await client.runs.start_form(
        "daily", {"list": [], "paths": ["a", "b"], "mixed": [Path("x"), 1][1:]}
    )

    assert sandbox.world.runs[handle.id].input == {"list": [], "paths": ["a", "b"], "mixed": [1]}


async def test_subscriptions(client: AsyncPlextera) -> None:
    calls = client.event_subscriptions
    made = await calls.create(
        endpoint_url=HOOK,
        event_types=[models.EventType.WORKFLOW_RUN_COMPLETED, "workflow.run.failed"],
        signing_secret="secret",
        workflow_id="daily",
    )
    assert made.filters == models.EventSubscriptionFilters(workflow_id="daily")
    assert (await calls.get(made.id)).event_types == ["workflow.run.completed", "workflow.run.failed"]

    assert (await calls.pause(made.id)).status == "paused"
    assert [one.id async for one in calls.list(status="paused")] == [made.id]
    assert (await calls.resume(made.id)).status == models.SubscriptionStatus.ACTIVE
    assert (await calls.rotate_secret(made.id, "other")).id == made.id
    changed = await calls.update(made.id, endpoint_url=HOOK + "2", event_types=["workflow.run.failed"])
    assert (changed.endpoint_url, changed.event_types) == (HOOK + "2", ["workflow.run.failed"])
    assert changed.filters == made.filters

    await calls.delete(made.id)
    with pytest.raises(errors.NotFoundError):
        await calls.get(made.id)
    with pytest.raises(errors.NotFoundError):
        await calls.delete(made.id)


@pytest.mark.parametrize(
    "arguments",
    [
        {"endpoint_url": "http://example.com"},
        {"event_types": []},
        {"event_types": "workflow.run.completed"},
        {"event_types": None},
        {"event_types": 5},
        {"signing_secret": ""},
        {"workflow_id": 5},
        {"workflow_id": ""},
        {"operation": ""},
    ],
)
async def test_subscriptions_that_cannot_be(
    sandbox: Sandbox, client: AsyncPlextera, arguments: dict[str, object]
) -> None:
    whole = {"endpoint_url": HOOK, "event_types": ["workflow.run.completed"], "signing_secret": "s"}
    with pytest.raises(errors.InvalidInputError):
        await client.event_subscriptions.create(**{**whole, **arguments})  # type: ignore[arg-type]
    if arguments != {"event_types": None}:  # that is: leave them as they are
        with pytest.raises(errors.InvalidInputError):
            await client.event_subscriptions.update("s1", **arguments)  # type: ignore[arg-type]
    assert not sandbox.requests


async def test_an_update_needs_something_to_update(client: AsyncPlextera) -> None:
    with pytest.raises(errors.InvalidInputError, match="nothing"):
        await client.event_subscriptions.update("s1")
