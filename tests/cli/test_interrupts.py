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


def test_extract_tells_the_id_of_what_goes_on(slow: Sandbox, tmp_path: Path) -> None:
    documents(tmp_path, 1)
    with running("extract", str(tmp_path / "00.txt"), "--json") as process:
        until(lambda: any(request.method == "GET" for request in slow.requests))
        out, err = interrupted(process)
    (id,) = slow.world.extracting.extractions

    assert (json.loads(out)["id"], json.loads(out)["status"]) == (id, "INTERRUPTED")
    assert "plextera: interrupted: INTERRUPTED " in err
    assert id in err


def test_run_has_told_the_id_before(slow: Sandbox) -> None:
    with running("run", "daily") as process:
        until(lambda: any(request.method == "GET" for request in slow.requests))
        out, err = interrupted(process)
    (request, *_) = [request for request in slow.requests if request.method == "GET"]

    assert out == ""
    assert err == f"plextera: run {request.path.rpartition('/')[2]} is started\nplextera: interrupted\n"


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
