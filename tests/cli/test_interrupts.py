"""Ctrl-C, in a process of its own: it is the process that gets the signal."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from plextera_async import AsyncPlextera
from plextera_async.sandbox import Fault, Sandbox, Timing

# A runner that was itself started in the background ignores SIGINT or SIGHUP, and its children would too.
_MAIN = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "signal.signal(signal.SIGHUP, signal.SIG_DFL); "
    "{before}from plextera_async.cli import main; sys.exit(main())"
)
_ROOT = Path(__file__).parents[2]

Command = subprocess.Popen[str]


@contextmanager
def running(*arguments: str, before: str = "") -> Iterator[Command]:
    main = _MAIN.format(before=before)
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(_ROOT)!r}); {main}", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, encoding="utf-8") as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about")


def interrupted(process: Command, sent: signal.Signals = signal.SIGINT) -> tuple[str, str]:
    process.send_signal(sent)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    return out, err


@pytest.fixture
def slow(served: Sandbox) -> Sandbox:
    """Give a sandbox whose jobs do not end by themselves."""
    served.timing = Timing(queued=600, processing=600)
    return served


def documents(folder: Path, count: int) -> str:
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"{number:02}.txt").write_text(f"Number: {number}\n")
    return str(folder)


def test_ingest_tells_what_is_finished_what_goes_on_and_what_was_not_begun(
    slow: Sandbox, portal: BlockingPortal, tmp_path: Path
) -> None:
    extractions = slow.world.extracting.extractions
    with running("ingest", documents(tmp_path, 10), "--concurrency", "3") as process:
        until(lambda: len(extractions) == 3)
        first = next(iter(extractions))
        portal.call(lambda: slow.force(first, status="COMPLETED", output={"fields": []}))
        until(lambda: len(extractions) == 4)
        out, err = interrupted(process)
    lines = [json.loads(line) for line in out.splitlines()]
    cut = [line for line in lines if line["status"] == "INTERRUPTED"]

    assert [line["id"] for line in lines if line["status"] == "COMPLETED"] == [first]
    assert {line["id"] for line in lines if line["id"]} <= set(extractions)
    assert len(lines) == 4
    assert cut
    assert "plextera: interrupted\n" in err
    assert "1 finished, 6 not begun" in err
    assert f"{len(cut)} submitted, which still run on the server (plextera wait ID):" in err
    assert all(f"  {line['id']}  {line['source']}" in err for line in cut)


def test_ingest_tells_the_key_of_what_was_being_submitted(
    served: Sandbox, portal: BlockingPortal, tmp_path: Path
) -> None:
    served.faults.add(Fault(method="POST", delay=600, apply=True, status=500))
    with running("ingest", documents(tmp_path, 1)) as process:
        until(lambda: len(served.requests) == 1)
        out, err = interrupted(process)
    line = json.loads(out)

    assert (line["status"], line["id"], line["error"]["code"]) == ("AMBIGUOUS", None, "INTERRUPTED")
    assert "1 cut off while being submitted, which may exist (tag plexteraClientKey):" in err
    assert f"  {line['key']}  {line['source']}" in err


@pytest.mark.parametrize("ignored", [[], ["SIGINT"]], ids=["at a terminal", "in the background"])
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_is_as_good_as_ctrl_c(
    slow: Sandbox, tmp_path: Path, sent: signal.Signals, ignored: list[str]
) -> None:
    before = "".join(f"signal.signal(signal.{name}, signal.SIG_IGN); " for name in ignored)
    with running("ingest", documents(tmp_path, 3), before=before) as process:
        until(lambda: sum(request.method == "GET" for request in slow.requests) >= 3)
        out, err = interrupted(process, sent)
    lines = [json.loads(line) for line in out.splitlines()]

    assert {line["id"] for line in lines} == set(slow.world.extractions)
    assert {line["status"] for line in lines} == {"INTERRUPTED"}
    assert "3 submitted, which still run on the server" in err


def test_ingest_with_a_ledger_says_what_the_next_run_does(
    slow: Sandbox, portal: BlockingPortal, tmp_path: Path
) -> None:
    folder, out = documents(tmp_path / "in", 10), tmp_path / "out.jsonl"
    arguments = (
        "ingest",
        folder,
        "--ledger",
        str(tmp_path / "l.sqlite"),
        "--out",
        str(out),
        "--concurrency",
        "3",
    )
    with running(*arguments) as process:
        until(lambda: len(slow.world.extractions) == 3)
        first = next(iter(slow.world.extractions))
        portal.call(lambda: slow.force(first, status="COMPLETED", output={"fields": []}))
        until(lambda: len(slow.world.extractions) == 4 and out.stat().st_size > 0)
        _, err = interrupted(process)

    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == [first]
    assert "plextera: interrupted\n" in err
    assert "the next run" in err
    told = json.loads(err.splitlines()[-1])
    assert (told["exitCode"], told["stopped"]) == (130, "INTERRUPTED")
    assert told["ledger"]["completed"] == 1
    assert told["ledger"]["submitted"] + told["ledger"].get("submitting", 0) == 3


def test_extract_tells_the_id_of_what_goes_on(slow: Sandbox, tmp_path: Path) -> None:
    documents(tmp_path, 1)
    with running("extract", str(tmp_path / "00.txt"), "--json") as process:
        until(lambda: any(request.method == "GET" for request in slow.requests))
        out, err = interrupted(process)
    (id,) = slow.world.extracting.extractions

    assert (json.loads(out)["id"], json.loads(out)["status"]) == (id, "INTERRUPTED")
    assert "plextera: interrupted: INTERRUPTED " in err
    assert err.endswith(f"\nplextera: it goes on: pick it up with `plextera wait {id}`\n")


def test_run_has_told_the_id_before(slow: Sandbox) -> None:
    with running("run", "daily") as process:
        until(lambda: any(request.method == "GET" for request in slow.requests))
        out, err = interrupted(process)
    (request, *_) = [request for request in slow.requests if request.method == "GET"]

    assert out == ""
    id = request.path.rpartition("/")[2]
    assert err.startswith(f"plextera: run {id} is started\nplextera: {id} PROCESSING, 0 of 3 steps")
    told = f"\nplextera: it goes on: pick it up with `plextera wait --kind run {id}`\nplextera: interrupted\n"
    assert err.endswith(told)


_QUICK = (
    "import anyio; from plextera_async._aio.clock import Clock; "
    "Clock.sleep = lambda _, seconds: anyio.sleep(min(seconds, 0.01)); "
)


def started(served: Sandbox, portal: BlockingPortal, count: int) -> list[str]:
    """Start runs, and give their ids."""

    async def start() -> list[str]:
        async with AsyncPlextera(served.api_key, base_url=served.base_url) as client:
            return [(await client.runs.start("daily")).id for _ in range(count)]

    return portal.call(start)


def step_by_step(served: Sandbox, portal: BlockingPortal, id: str, done: int) -> None:
    steps = [
        {"id": str(n), "name": f"Step {n}", "status": "COMPLETED" if n < done else "QUEUED"} for n in range(3)
    ]
    extra = {"progress": {"stepsCompleted": done, "stepsTotal": 3}, "steps": steps}
    portal.call(lambda: served.force(id, extra=extra))


def test_wait_tells_each_step_and_when_interrupted_what_is_still_open(
    slow: Sandbox, portal: BlockingPortal
) -> None:
    first, second = started(slow, portal, 2)
    with running("wait", first, second, "--kind", "run", before=_QUICK) as process:
        assert process.stderr is not None
        begun = sorted(process.stderr.readline() for _ in range(2))
        step_by_step(slow, portal, first, 1)
        one = process.stderr.readline()
        step_by_step(slow, portal, first, 2)
        two = process.stderr.readline()
        portal.call(lambda: slow.force(second, status="COMPLETED"))
        assert process.stdout is not None
        ended = process.stdout.readline()
        _, err = interrupted(process)

    assert begun == sorted(
        f"plextera: {id} PROCESSING, 0 of 3 steps, at Read input\n" for id in (first, second)
    )
    assert one == f"plextera: {first} PROCESSING, 1 of 3 steps, at Step 1\n"
    assert two == f"plextera: {first} PROCESSING, 2 of 3 steps, at Step 2\n"
    assert ended == f"{second}  COMPLETED\n"
    assert err.splitlines() == [
        "plextera: interrupted; 1 of 2 not at an end, which go on (plextera wait --kind run ID):",
        f"  {first}  PROCESSING, 2 of 3 steps, at Step 2",
    ]


def test_wait_interrupted_before_anything_was_read_tells_all_ids(slow: Sandbox) -> None:
    slow.faults.add(Fault(method="GET", delay=600, times=None))
    with running("wait", "e_1", "e_2", "e_1") as process:
        until(lambda: len(slow.requests) == 2)
        out, err = interrupted(process, signal.SIGTERM)

    assert out == ""
    assert (
        err.splitlines()[0] == "plextera: interrupted; 2 of 2 not at an end, which go on (plextera wait ID):"
    )
    assert sorted(err.splitlines()[1:]) == ["  e_1  not read yet", "  e_2  not read yet"]


def test_a_reader_that_goes_away_stops_waiting_without_a_traceback(
    slow: Sandbox, portal: BlockingPortal
) -> None:
    first, second = started(slow, portal, 2)
    with running("wait", first, second, "--kind", "run", before=_QUICK) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        portal.call(lambda: slow.force(first, status="COMPLETED"))
        err = process.stderr.read()
        process.wait(timeout=30)

    assert process.returncode == 1
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_a_terminal_sees_the_steps_of_a_run_in_a_row(slow: Sandbox, portal: BlockingPortal) -> None:
    (id,) = started(slow, portal, 1)
    terminal, stderr = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "100", "PYTHONPATH": str(_ROOT)}
    command = [sys.executable, "-m", "plextera_async", "wait", id, "--kind", "run", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, env=environment) as process:
        os.close(stderr)
        until(lambda: any(request.method == "GET" for request in slow.requests))
        portal.call(lambda: slow.force(id, status="COMPLETED"))
        shown = read_to_the_end(terminal)
        out, _ = process.communicate(timeout=30)

    assert process.returncode == 0
    assert json.loads(out)["status"] == "COMPLETED"
    assert f"{id}  " in shown
    assert "\x1b[?25h" in shown  # the cursor is back


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_the_sandbox_serves_until_it_is_told_to_end(sent: signal.Signals) -> None:
    with running("sandbox") as process:
        assert process.stdout is not None
        exports = [process.stdout.readline() for _ in range(2)]
        process.send_signal(sent)
        out, err = process.communicate(timeout=30)

    assert process.returncode == 0
    assert exports[0].startswith("export PLEXTERA_BASE_URL=http://127.0.0.1:")
    assert exports[1].startswith("export PLEXTERA_API_KEY=sandbox_")
    assert out == ""
    assert err.endswith("plextera: the sandbox has ended\n")
    assert "Traceback" not in err


def test_a_reader_that_goes_away_stops_it_without_a_traceback(tmp_path: Path) -> None:
    folder = documents(tmp_path, 40)
    with running("ingest", folder, "--sandbox", "--concurrency", "2") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.wait(timeout=30)

    assert process.returncode == 1
    assert "plextera: stopped: a result cannot be written: Broken pipe\n" in err
    assert "Traceback" not in err
    assert "Exception ignored" not in err


def test_a_terminal_sees_a_bar_and_a_pipe_the_lines(tmp_path: Path) -> None:
    folder = documents(tmp_path, 3)
    terminal, stderr = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", "COLUMNS": "100", "PYTHONPATH": str(_ROOT)}
    command = [sys.executable, "-m", "plextera_async", "ingest", folder, "--sandbox"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, env=environment) as process:
        os.close(stderr)
        shown = read_to_the_end(terminal)
        out, _ = process.communicate(timeout=30)

    assert process.returncode == 0
    assert [json.loads(line)["status"] for line in out.splitlines()] == ["COMPLETED"] * 3
    assert " done, " in shown
    assert "3 documents: 3 COMPLETED in " in shown
    assert "\x1b[?25h" in shown  # the cursor is back


def read_to_the_end(terminal: int) -> str:
    pieces: list[bytes] = []
    with suppress(OSError):  # how a terminal says that nobody has it open any more
        while piece := os.read(terminal, 65_536):
            pieces.append(piece)
    os.close(terminal)
    return b"".join(pieces).decode()
