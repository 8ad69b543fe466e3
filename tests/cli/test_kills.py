"""An ingestion with a ledger is killed (SIGKILL) at every step, and goes on: nothing lost, nothing twice."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from plextera_async.sandbox import Fault, Sandbox
from tests.support.kills import documents, lines_of, start, submitted_twice

COUNT = 40
UPLOAD = "uploadExtraction"

RECORDS = "from plextera_async.ingest.records import Records; die_at(Records, {!r}, {!r})"
WAY = "from plextera_async.ingest import way; die_at(way, {!r}, {!r})"
RESULTS = "from plextera_async.cli.ingesting.results import Results; die_at(Results, {!r}, {!r})"
LEDGER = "from plextera_async.ingest.ledger import Ledger; die_at(Ledger, {!r}, {!r}, call=1)"
OUT = "from plextera_async.ingest.outfile import OutFile; die_at(OutFile, {!r}, {!r})"
HALF_A_LINE = """
from plextera_async.ingest.outfile import OutFile

def append(self, line):
    self._file.write(line[: len(line) // 2])
    die()

OutFile.append = append
"""

# What kills each run: some runs one after the other, and then one that comes to its end.
STEPS = {
    "before it is sent": [
        LEDGER.format("_create", "before"),  # there is a file, and no ledger in it
        LEDGER.format("_create", "after"),
        RECORDS.format("enter", "before"),
        RECORDS.format("enter", "after"),  # found, and not durable
        RECORDS.format("send", "after"),  # submitting, and not durable
    ],
    "while it is sent": [
        WAY.format("submit", "before"),  # submitting is durable, and nothing was sent
        WAY.format("look_up", "after"),  # and then looked for
        WAY.format("submit", "after"),  # answered, and not written down
        RECORDS.format("move", "before"),
        RECORDS.format("move", "after"),  # submitted, and not durable
    ],
    "while it is waited for": [
        WAY.format("outcome_of", "before"),
        WAY.format("outcome_of", "after"),  # ended, and not written down
        RESULTS.format("put", "before"),  # ended, and nobody has it
    ],
    "while its line is written": [
        HALF_A_LINE,  # the very first
        OUT.format("append", "after"),  # whole, and not on the disk
        HALF_A_LINE,
        RECORDS.format("set_out_mark", "before"),  # on the disk, and not taken
        RECORDS.format("set_out_mark", "after"),  # taken, and not durable
    ],
    "after its line is written": [
        RECORDS.format("take", "after"),
        RESULTS.format("_show", "after"),
        LEDGER.format("close", "before"),  # everything is done
    ],
}


class Ingestion:
    """One ingestion, in as many processes as it takes."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.out = folder / "out.jsonl"
        self._arguments = ["ingest", str(documents(folder / "in", COUNT)), "--out", str(self.out)]
        self._arguments += ["--ledger", str(folder / "ledger.sqlite"), "--concurrency", "4"]

    def start(self, before: str = "") -> "subprocess.Popen[bytes]":
        return start(*self._arguments, before=before, longest=0.05)

    def ends(self, before: str = "") -> tuple[int, str]:
        with self.start(before) as process:
            _, told = process.communicate(timeout=50)
        return process.returncode, told.decode()

    def goes_on(self) -> None:
        """Let it run to its end, and hold it against its promise."""
        code, told = self.ends()
        lines = lines_of(self.out)

        assert code == 0, told
        assert sorted(str(line["source"]).rpartition("/")[2] for line in lines) == [
            f"{number:05}.txt" for number in range(COUNT)
        ]
        assert {line["status"] for line in lines} == {"COMPLETED"}
        assert len(self.sandbox.world.extractions) == COUNT
        assert submitted_twice(self.sandbox) == []
        assert {line["id"] for line in lines} == set(self.sandbox.world.extractions)


@pytest.fixture
def ingestion(tmp_path: Path, served: Sandbox) -> Ingestion:
    return Ingestion(tmp_path, served)


def until(condition: Callable[[], object]) -> None:
    for _ in range(4000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it did not come about")


@pytest.mark.parametrize("kills", STEPS.values(), ids=STEPS)
def test_killed_at_a_step_it_goes_on(ingestion: Ingestion, kills: list[str]) -> None:
    for before in kills:
        code, told = ingestion.ends(before)
        assert code == -9, told
    ingestion.goes_on()


@pytest.mark.parametrize("is_applied", [True, False])
def test_killed_while_a_create_is_under_way_it_goes_on(ingestion: Ingestion, *, is_applied: bool) -> None:
    served = ingestion.sandbox
    served.faults.add(Fault(path=UPLOAD, times=20, delay=0, status=None))  # so many pass
    stuck = Fault(path=UPLOAD, times=None, status=500, delay=600 if is_applied else 0, apply=is_applied)
    held = Fault(path=UPLOAD, times=None, drop="before_body", delay=600)
    served.faults.add(stuck if is_applied else held)
    with ingestion.start() as process:
        until(lambda: sum(request.method == "POST" for request in served.requests) >= 22)
        process.kill()
    served.faults.clear()
    ingestion.goes_on()


@pytest.mark.parametrize("after", [(1, 7, 8), (13, 30, 39)])
def test_killed_at_any_instant_it_goes_on(ingestion: Ingestion, after: tuple[int, ...]) -> None:
    for number in after:
        with ingestion.start() as process:
            until(lambda number=number: len(ingestion.sandbox.world.extractions) >= number)
            process.kill()
    ingestion.goes_on()


def test_a_second_one_is_refused_while_the_first_is_at_work(ingestion: Ingestion) -> None:
    ingestion.sandbox.timing = type(ingestion.sandbox.timing)(queued=600, processing=0)
    with ingestion.start() as first:
        until(lambda: ingestion.sandbox.world.extractions)
        code, told = ingestion.ends()
        first.kill()

    assert code == 1
    assert "ledger.sqlite is in use by another process: wait until that has ended" in told
