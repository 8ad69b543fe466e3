"""Lists that are awaited, iterated, left early, and that move while they are read."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from plextera_async import AsyncPlextera, Page, errors
from plextera_async.sandbox import Fault, Sandbox, Timing, VirtualClock
from tests.support.clocks import FakeClock, with_clock


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Give a sandbox on a virtual clock, so that the order of creation is certain."""
    async with Sandbox(clock=VirtualClock(), timing=Timing(processing=1000)) as running:
        yield running


async def _make(sandbox: Sandbox, client: AsyncPlextera, count: int) -> list[str]:
    """Make extractions a second apart; gives their ids, the newest first."""
    assert isinstance(sandbox.clock, VirtualClock)
    ids = []
    for number in range(count):
        ids.append((await client.extractions.upload(f"Number: {number}".encode())).id)
        sandbox.clock.advance(1)
    sandbox.requests.clear()
    return ids[::-1]


def _pages_read(sandbox: Sandbox) -> list[str]:
    return [request.query for request in sandbox.requests]


async def test_awaiting_gives_the_first_page(sandbox: Sandbox, client: AsyncPlextera) -> None:
    ids = await _make(sandbox, client, 5)

    page = await client.extractions.list(size=2)

    assert isinstance(page, Page)
    assert [item.id for item in page.items] == ids[:2]
    assert page.page_info is not None
    assert (page.page_info.total_items, page.page_info.total_pages, page.page_info.page) == (5, 3, 0)
    assert page.request_id == sandbox.requests[0].request_id
    assert _pages_read(sandbox) == ["page=0&size=2"]


async def test_iterating_gives_all_items(sandbox: Sandbox, client: AsyncPlextera) -> None:
    ids = await _make(sandbox, client, 5)
    pages = client.extractions.list(size=2)

    assert [item.id async for item in pages] == ids
    assert not pages.drift_detected
    assert _pages_read(sandbox) == [f"page={n}&size=2" for n in range(3)]
    assert [item.id async for item in pages] == ids  # each pass begins anew


async def test_by_page(sandbox: Sandbox, client: AsyncPlextera) -> None:
    ids = await _make(sandbox, client, 5)

    pages = [[item.id for item in page.items] async for page in client.extractions.list(size=2).by_page()]

    assert pages == [ids[:2], ids[2:4], ids[4:]]


async def test_an_empty_list(client: AsyncPlextera) -> None:
    pages = client.event_subscriptions.list()

    assert [item async for item in pages] == []
    assert [list(page.items) async for page in pages.by_page()] == [[]]
    assert list((await pages).items) == []


async def test_nothing_is_asked_before_it_is_wanted(sandbox: Sandbox, client: AsyncPlextera) -> None:
    await _make(sandbox, client, 5)
    pages = client.extractions.list(size=2)
    assert not sandbox.requests

    async for _ in pages:
        break

    assert len(sandbox.requests) == 1


async def test_arrivals_while_reading(sandbox: Sandbox, client: AsyncPlextera) -> None:
    ids = await _make(sandbox, client, 6)
    pages, seen = client.extractions.list(size=2), []

    async for item in pages:
        seen.append(item.id)
        if len(seen) == 2:
            await _make(sandbox, client, 1)

    assert seen == ids
    assert pages.drift_detected


async def test_losses_while_reading(sandbox: Sandbox, client: AsyncPlextera) -> None:
    ids = await _make(sandbox, client, 7)
    pages, seen = client.extractions.list(size=2, status="QUEUED"), []
    for id_ in ids:
        sandbox.force(id_, status="QUEUED")

    async for item in pages:
        seen.append(item.id)
        if len(seen) == 2:
            sandbox.force(ids[0], status="PROCESSING")  # leaves the filter: the rest moves up

    assert sorted(seen) == sorted(ids)
    assert pages.drift_detected


async def test_a_failure_on_the_way_is_tried_again(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    ids = await _make(sandbox, client, 3)
    sandbox.faults.add(Fault(status=503))

    assert [item.id async for item in client.extractions.list(size=2)] == ids
    assert clock.sleeps == [1.0]


async def test_what_came_before_a_failure_stands(sandbox: Sandbox, client: AsyncPlextera) -> None:
    ids = await _make(sandbox, client, 4)
    items = aiter(client.extractions.list(size=2))

    assert [(await anext(items)).id for _ in range(2)] == ids[:2]
    sandbox.faults.add(Fault(status=403))
    with pytest.raises(errors.PermissionDeniedError):
        await anext(items)


LISTS: dict[str, Any] = {
    "extractions": (
        lambda c, **q: c.extractions.list(**q),
        {"status": "FAILED", "sort_by": "updatedAt", "sort": "asc"},
    ),
    "jobs": (lambda c, **q: c.jobs.list(**q), {"status": "FAILED"}),
    "runs": (lambda c, **q: c.runs.list(**q), {"status": "CLOSED", "workflow_id": "a b&c"}),
    "subscriptions": (
        lambda c, **q: c.event_subscriptions.list(**q),
        {"status": "paused", "event_type": "workflow.run.completed"},
    ),
}


@pytest.mark.parametrize(("call", "filters"), LISTS.values(), ids=LISTS.keys())
async def test_filters_travel_as_they_are(
    sandbox: Sandbox, clock: FakeClock, call: Any, filters: dict[str, str]
) -> None:
    async with AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url) as client:
        await call(with_clock(client, clock), size=7, extra_query={"new": ["x", True]}, **filters)

    wanted = {"status": "status", "sort_by": "sortBy", "sort": "sort", "workflow_id": "workflowId"}
    expected = {wanted.get(name, "eventType"): value for name, value in filters.items()}
    query = parse_qs(sandbox.requests[0].query)
    assert query == {
        **{name: [value] for name, value in expected.items()},
        "page": ["0"],
        "size": ["7"],
        "new": ["x", "true"],
    }


@pytest.mark.parametrize(("call", "filters"), LISTS.values(), ids=LISTS.keys())
@pytest.mark.parametrize(
    "bad",
    [
        {"size": 0},
        {"size": 101},
        {"size": "5"},
        {"size": True},
        {"extra_query": {"a": object()}},
        {"status": 5},
    ],
)
async def test_bad_arguments_are_refused_at_once(
    sandbox: Sandbox, client: AsyncPlextera, call: Any, filters: Any, bad: dict[str, Any]
) -> None:
    del filters
    with pytest.raises(errors.InvalidInputError):
        call(client, **bad)
    assert not sandbox.requests
