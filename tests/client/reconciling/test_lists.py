"""What lists of all kinds do to a look-up."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from plextera_async import AsyncPlextera
from tests.support.clocks import FakeClock
from tests.support.fickle_server import FickleServer
from tests.support.lost_creates import BOTH, CREATES, Create, unknown
from tests.support.raw_server import answer


@BOTH
async def test_a_list_that_has_never_shown_tags_proves_nothing(
    server: FickleServer, client: AsyncPlextera, create: Create
) -> None:
    server.add(age=3600)
    server.plan = ["skip drop"]

    await unknown(create(client))

    assert len(server.sends) == 1
    assert server.lists == 2


@BOTH
async def test_what_lists_have_shown_before_counts(
    server: FickleServer, client: AsyncPlextera, create: Create
) -> None:
    job = server.add(age=3600, tags={"a": "b"})
    assert await client.extractions.find("other") is None
    server.jobs.remove(job)
    server.plan = ["skip drop"]

    handle = await create(client)

    assert len(server.sends) == 2
    assert [handle.id] == [one.id for one in server.keyed("mine")]


async def test_what_lists_show_only_at_the_second_look_counts_for_both(
    server: FickleServer, client: AsyncPlextera, clock: FakeClock
) -> None:
    server.plan = ["skip drop"]
    clock.on_sleep = lambda _: server.add(tags={"other": "job"})

    handle = await CREATES["create"](client)

    assert len(server.sends) == 2
    assert [handle.id] == [one.id for one in server.keyed("mine")]


async def test_items_without_tags_are_read_singly(server: FickleServer, client: AsyncPlextera) -> None:
    server.list_tags = lambda _: None
    for _ in range(5):
        server.add(age=1, tags={"a": "b"})
    server.plan = ["apply drop"]

    handle = await CREATES["create"](client)

    assert handle.id == server.keyed("mine")[0].id
    assert server.gets == 6


@pytest.mark.parametrize(("untold", "sends"), [(100, 2), (101, 1)])
async def test_more_than_a_hundred_items_without_tags_prove_nothing(
    tagged: FickleServer, client: AsyncPlextera, untold: int, sends: int
) -> None:
    for _ in range(untold):
        tagged.add(age=1)
    tagged.plan = ["skip drop"]
    call = CREATES["create"](client)

    if sends == 1:
        await unknown(call)
        assert tagged.gets == 200
    else:
        await call
        assert tagged.gets == 200
    assert len(tagged.sends) == sends


@pytest.mark.parametrize("fault", [answer(b"{}", status="404 x"), answer(b"<html>")])
async def test_an_item_that_cannot_be_read_proves_nothing(
    tagged: FickleServer, client: AsyncPlextera, fault: bytes
) -> None:
    tagged.add(age=1)
    tagged.plan = ["skip drop"]
    tagged.get_faults = [fault]

    await unknown(CREATES["create"](client))

    assert len(tagged.sends) == 1


async def test_an_item_that_cannot_be_read_does_not_hide_the_others(
    tagged: FickleServer, client: AsyncPlextera
) -> None:
    tagged.list_tags = lambda tags: None if (tags or {}).get("plexteraClientKey") else tags
    tagged.plan = ["apply drop"]
    tagged.add(age=-1, tags={"plexteraClientKey": "another"})
    tagged.get_faults = [answer(b"<html>")]

    assert (await CREATES["create"](client)).id == tagged.keyed("mine")[0].id


async def test_old_items_without_tags_do_not_matter(tagged: FickleServer, client: AsyncPlextera) -> None:
    for _ in range(150):
        tagged.add(age=1000)
    tagged.plan = ["skip drop"]

    await CREATES["create"](client)

    assert len(tagged.sends) == 2
    assert tagged.gets == 0


@pytest.mark.parametrize(
    "order",
    [
        lambda jobs: sorted(jobs, key=lambda job: job.created_at),
        lambda jobs: sorted(jobs, key=lambda job: hash(job.id)),
        lambda jobs: [*jobs[3:], *jobs[:3]],
    ],
    ids=["oldest first", "shuffled", "rotated"],
)
@pytest.mark.parametrize("deed", ["apply", "skip"])
async def test_a_list_in_another_order_is_read_whole_and_proves_nothing(
    server: FickleServer, client: AsyncPlextera, order: Any, deed: str
) -> None:
    for age in range(250):
        server.add(age=3600 - age, tags={"a": "b"})
    server.order = order
    server.plan = [f"{deed} drop"]

    if deed == "apply":
        assert (await CREATES["create"](client)).id == server.keyed("mine")[0].id
    else:
        await unknown(CREATES["create"](client))
    assert len(server.sends) == 1


async def test_a_sorted_list_is_read_no_further_than_needed(
    server: FickleServer, client: AsyncPlextera
) -> None:
    for age in range(1000, 0, -1):
        server.add(age=age, tags={"a": "b"})
    server.plan = ["skip drop"]

    await CREATES["create"](client)

    assert server.lists == 2 * 4  # 300 s are three pages; the fourth has nothing newer
    assert len(server.sends) == 2


@BOTH
@pytest.mark.parametrize("deed", ["apply", "skip"])
@pytest.mark.parametrize("hours", [-30, -1, 1, 30])
async def test_clocks_that_differ(
    tagged: FickleServer, client: AsyncPlextera, create: Create, hours: int, deed: str
) -> None:
    tagged.ahead = timedelta(hours=hours)
    tagged.add(age=1, tags={"a": "b"})
    tagged.plan = [f"{deed} drop"]

    handle = await create(client)

    assert [handle.id] == [job.id for job in tagged.keyed("mine")]
    assert len(tagged.sends) == (1 if deed == "apply" else 2)


@BOTH
@pytest.mark.parametrize("deed", ["apply", "skip"])
async def test_a_server_that_tells_no_time_has_ours(
    tagged: FickleServer, client: AsyncPlextera, create: Create, deed: str
) -> None:
    tagged.date_ahead = None
    tagged.plan = [f"{deed} drop"]

    handle = await create(client)

    assert [handle.id] == [job.id for job in tagged.keyed("mine")]
    assert len(tagged.sends) == (1 if deed == "apply" else 2)


async def test_a_date_that_is_ahead_of_the_times_of_jobs_proves_nothing(
    tagged: FickleServer, client: AsyncPlextera
) -> None:
    tagged.date_ahead = timedelta(hours=1)
    tagged.plan = ["apply drop"]

    await unknown(CREATES["create"](client))

    assert len(tagged.sends) == 1


@pytest.mark.parametrize("date", ["", "nonsense", "Mon, 01 Jan 0001 00:00:00 GMT"])
async def test_a_date_that_is_none_is_survived(
    tagged: FickleServer, client: AsyncPlextera, monkeypatch: pytest.MonkeyPatch, date: str
) -> None:
    monkeypatch.setattr("tests.support.fickle_server.format_datetime", lambda *_, **__: date)
    tagged.plan = ["apply drop"]

    assert (await CREATES["create"](client)).id == tagged.keyed("mine")[0].id
    assert len(tagged.sends) == 1


async def test_an_older_job_of_the_same_key_is_another_one(
    tagged: FickleServer, client: AsyncPlextera
) -> None:
    old = tagged.add(age=301, tags={"plexteraClientKey": "mine"})
    tagged.plan = ["apply drop"]

    handle = await CREATES["create"](client)

    assert handle.id != old.id
    assert handle.also_created == ()


async def test_of_two_matches_the_oldest_counts(tagged: FickleServer, client: AsyncPlextera) -> None:
    old = tagged.add(age=200, tags={"plexteraClientKey": "mine"})
    middle = tagged.add(age=100, tags={"plexteraClientKey": "mine"})
    tagged.plan = ["apply drop"]

    handle = await CREATES["create"](client)

    assert handle.id == old.id
    assert handle.also_created == (middle.id, tagged.jobs[-1].id)


@pytest.mark.parametrize(
    "tags",
    [{"plexteraclientkey": "mine"}, {"plexteraClientKey": "MINE"}, {"PLEXTERACLIENTKEY": " Mine "}],
)
async def test_what_may_be_the_key_in_another_spelling_proves_nothing(
    tagged: FickleServer, client: AsyncPlextera, tags: dict[str, str]
) -> None:
    tagged.add(age=1, tags=tags)
    tagged.plan = ["skip drop"]

    await unknown(CREATES["create"](client))

    assert len(tagged.sends) == 1


async def test_other_keys_do_not_matter(tagged: FickleServer, client: AsyncPlextera) -> None:
    tagged.add(age=1, tags={"plexteraClientKey": "mine2"})
    tagged.plan = ["skip drop"]

    await CREATES["create"](client)

    assert len(tagged.sends) == 2


async def test_a_list_that_moves_while_it_is_read_hides_nothing(
    server: FickleServer, client: AsyncPlextera
) -> None:
    for age in range(250, 0, -1):
        server.add(age=age, tags={"a": "b"})
    mine = server.add(age=120, tags={"plexteraClientKey": "mine"})
    gone = server.jobs[-60:-1]

    def leave(page: int) -> None:
        if page == 1:
            for job in gone:
                if job in server.jobs:
                    server.jobs.remove(job)

    server.on_list = leave
    server.plan = ["skip drop"]

    assert (await CREATES["create"](client)).id == mine.id
    assert len(server.sends) == 1


def once(server: FickleServer, page: int, change: Callable[[], object]) -> None:
    """Change the list when a page is asked for the first time."""

    def on_list(asked: int) -> None:
        if asked == page:
            server.on_list = lambda _: None
            change()

    server.on_list = on_list


async def test_what_slips_over_the_last_seam_is_found(
    server: FickleServer, client: AsyncPlextera, clock: FakeClock
) -> None:
    for age in range(600, 400, -1):
        server.add(age=age, tags={"a": "b"})
    mine = server.add(age=200, tags={"plexteraClientKey": "mine"})
    for age in range(100, 0, -1):
        server.add(age=age, tags={"a": "b"})
    once(server, 1, server.jobs.pop)  # then the second page begins with old ones, and `mine` is on the first
    server.plan = ["skip drop"]

    assert (await CREATES["create"](client)).id == mine.id
    assert clock.sleeps == []  # at the first look


async def test_what_arrives_meanwhile_is_no_disorder(server: FickleServer, client: AsyncPlextera) -> None:
    for age in range(600, 0, -1):
        server.add(age=age, tags={"a": "b"})

    def change() -> None:
        del server.jobs[-3:-1]
        server.add(tags={"a": "b"})

    once(server, 1, change)
    server.plan = ["skip drop"]

    await CREATES["create"](client)

    assert len(server.sends) == 2
