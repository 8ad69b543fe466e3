import json
from collections.abc import Awaitable, Callable

import pytest
from anyio.from_thread import BlockingPortal

from plextera_async import AsyncPlextera
from plextera_async.cli.showing.jobs import see_through
from plextera_async.cli.showing.waiting import Lines
from plextera_async.sandbox import Sandbox, Timing
from tests.cli.conftest import Plextera

Ask = Callable[[Callable[[AsyncPlextera], Awaitable[str]]], str]


@pytest.fixture
def ask(served: Sandbox, portal: BlockingPortal) -> Ask:
    """Give a way to ask the sandbox for something, beside the command."""

    def call(what: Callable[[AsyncPlextera], Awaitable[str]]) -> str:
        async def asking() -> str:
            async with AsyncPlextera(served.api_key, base_url=served.base_url) as client:
                return await what(client)

        return portal.call(asking)

    return call


async def extraction(client: AsyncPlextera) -> str:
    return (await client.extractions.upload(b"Total: 12.50\n", name="a.txt")).id


async def run(client: AsyncPlextera) -> str:
    return (await client.runs.start("daily", {"x": 1})).id


async def job(client: AsyncPlextera) -> str:
    file = await client.files.upload(b"Total: 7\n", name="a.txt")
    return (await client.jobs.extract(file_id=file.id)).id


async def torn(client: AsyncPlextera) -> str:
    return (await client.extractions.upload(b"%PDF-1.7 torn", name="a.pdf")).id


async def without_fields(client: AsyncPlextera) -> str:
    return (await client.extractions.upload(b"no fields here\n", name="a.txt")).id


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        (extraction, ["Total", "12.5", "0.9"]),
        (run, ["Deliver", "result", "COMPLETED", "-"]),
        (job, ["Total", "7", "0.9"]),
    ],
)
def test_each_kind_of_job_is_waited_for_and_shown(
    plextera: Plextera, ask: Ask, start: Callable[[AsyncPlextera], Awaitable[str]], shown: list[str]
) -> None:
    id = ask(start)
    result = plextera("wait", id, "--kind", start.__name__)
    first, *_, last = [line.split() for line in result.stdout.splitlines()]

    assert (result.exit_code, result.stderr) == (0, "")
    assert first == [id, "COMPLETED"]
    assert last == shown


def test_several_are_shown_each_and_the_worst_decides(plextera: Plextera, served: Sandbox, ask: Ask) -> None:
    ids = [ask(extraction), ask(torn)]
    result = plextera("wait", *ids, ids[0], "--json")
    shown = {line["id"]: line["status"] for line in map(json.loads, result.stdout.splitlines())}

    assert result.exit_code == 1
    assert shown == {ids[0]: "COMPLETED", ids[1]: "REJECTED"}
    assert len(result.stdout.splitlines()) == 2
    assert f"plextera: Extraction {ids[1]} ended REJECTED with BROKEN_DOCUMENT" in result.stderr


def test_a_completed_one_without_fields_is_shown_without_a_table(plextera: Plextera, ask: Ask) -> None:
    id = ask(without_fields)

    assert plextera("wait", id).stdout == f"{id}  COMPLETED\n"


def test_a_wait_that_runs_out_says_that_it_goes_on(plextera: Plextera, served: Sandbox, ask: Ask) -> None:
    served.timing = Timing(queued=600, processing=0)
    id = ask(extraction)
    result = plextera("wait", id, "--timeout", "0.02")

    assert result.exit_code == 1
    assert f"plextera: it goes on: pick it up with `plextera wait {id}`" in result.stderr
    assert result.stdout == f"{id}  QUEUED\n"


def test_an_id_that_is_not_there_is_one_line(plextera: Plextera, served: Sandbox) -> None:
    result = plextera("wait", "no\x1bsuch")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("plextera: no\\x1bsuch: getExtraction: HTTP 404 NOT_FOUND")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("start", [extraction, run, job])
def test_ids_that_fail_end_no_other_wait(
    plextera: Plextera, served: Sandbox, ask: Ask, start: Callable[[AsyncPlextera], Awaitable[str]]
) -> None:
    id = ask(start)
    result = plextera("wait", "none", "", "a/b", id, "..", "--kind", start.__name__, "--json")

    assert result.exit_code == 1
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [id]
    assert len(result.stderr.splitlines()) == 4
    assert "HTTP 404" in result.stderr


def test_a_run_that_was_closed_ends_no_other_wait(
    plextera: Plextera, served: Sandbox, portal: BlockingPortal, ask: Ask
) -> None:
    served.timing = Timing(queued=600, processing=600)
    closed = ask(run)
    portal.call(lambda: served.close_run(closed))
    served.timing = Timing(queued=0, processing=0)
    completed = ask(run)
    result = plextera("wait", closed, completed, "--kind", "run")

    assert result.exit_code == 1
    assert f"plextera: WorkflowRun {closed} ended CLOSED" in result.stderr
    assert {f"{closed}  CLOSED", f"{completed}  COMPLETED"} <= set(result.stdout.splitlines())


def test_a_wrong_key_is_configuration(
    plextera: Plextera, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEXTERA_API_KEY", "wrong-key")
    result = plextera("wait", "ext1", "ext2", "ext3")

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(
        "plextera: the API key was refused: check PLEXTERA_API_KEY or --api-key-file"
    )
    assert "wrong-key" not in result.output


@pytest.mark.parametrize(
    ("start", "mistaken", "hint"),
    [
        (run, [], "add --kind run or --kind job"),
        (extraction, ["--kind", "run"], "if it is an extraction's, leave out --kind run"),
        (extraction, ["--kind", "job"], "leave out --kind job"),
    ],
)
def test_an_id_of_another_kind_is_told(
    plextera: Plextera,
    ask: Ask,
    start: Callable[[AsyncPlextera], Awaitable[str]],
    mistaken: list[str],
    hint: str,
) -> None:
    id = ask(start)

    result = plextera("wait", id, *mistaken)

    assert result.exit_code == 1
    assert hint in result.stderr
    assert plextera("wait", id, "--kind", start.__name__).exit_code == 0


def test_only_the_command_that_has_the_option_names_it(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    async def follow(client: AsyncPlextera) -> str:
        return str(await see_through(client.runs.handle("none"), Lines(["none"]), as_json=False))

    assert ask(follow) == "1"
    assert "HTTP 404" in (told := capsys.readouterr().err)
    assert "--kind" not in told


def test_an_address_that_nobody_answers_is_told_at_once_and_not_only_on_a_terminal(
    plextera: Plextera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEXTERA_API_KEY", "key")
    monkeypatch.setenv("PLEXTERA_BASE_URL", "http://127.0.0.1:9/api/public/v1")

    result = plextera("wait", "ext1", "--timeout", "0.2")

    assert result.exit_code == 1
    first, last = result.stderr.splitlines()
    assert first.startswith("plextera: getExtraction: no connection")
    assert last.startswith("plextera: nothing was seen of it: check the network, and --base-url")
