"""What is told of open waits: how far a job is, a line for each change, rows on a terminal."""

from datetime import UTC, datetime
from typing import Any

import click
import pytest

from plextera_async.cli.showing.waiting import Lines, Rows, standing_of, waiting_for
from plextera_async.models import Extraction, ExtractionStatus, RunProgress, RunStatus, RunStep, WorkflowRun
from tests.cli.terminals import streams

pytestmark = pytest.mark.usefixtures("fixed_terminal")

AT = datetime(2026, 1, 1, tzinfo=UTC)


def run(*steps: tuple[str | None, str | None], progress: tuple[int | None, int | None] | None) -> WorkflowRun:
    made = [
        RunStep(id=f"step_{number}", name=name, status=status) for number, (name, status) in enumerate(steps)
    ]
    told = None if progress is None else RunProgress(steps_completed=progress[0], steps_total=progress[1])
    return WorkflowRun(id="r_1", status=RunStatus.PROCESSING, progress=told, steps=made)


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (run(progress=None), "PROCESSING"),
        (run(progress=(0, 3)), "PROCESSING, 0 of 3 steps"),
        (
            run(("Read", "PROCESSING"), ("Write", "QUEUED"), progress=(0, 2)),
            "PROCESSING, 0 of 2 steps, at Read",
        ),
        (
            run(("Read", "COMPLETED"), ("Write", "QUEUED"), progress=(1, 2)),
            "PROCESSING, 1 of 2 steps, at Write",
        ),
        (run(("Read", "FAILED"), (None, "LATER"), progress=(0, 2)), "PROCESSING, 0 of 2 steps, at step_1"),
        (run(("Read", "COMPLETED"), progress=(1, 1)), "PROCESSING, 1 of 1 steps"),
        (run(("Read", None), progress=(None, 2)), "PROCESSING, at Read"),
        (run(("a\x1b[2J\nb", None), progress=(0, 1)), "PROCESSING, 0 of 1 steps, at a\\x1b[2J b"),
        (run(("x" * 500, None), progress=(0, 1)), f"PROCESSING, 0 of 1 steps, at {'x' * 60}"),
        (Extraction(id="e_1", status=ExtractionStatus("NEW\x07")), "NEW\\x07"),
    ],
)
def test_a_standing_is_status_steps_and_the_step_it_is_at(job: Any, text: str) -> None:
    assert standing_of(job).text == text


def test_lines_are_written_for_changes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    _, err = streams(monkeypatch, out=True, err=False)
    with waiting_for(["r_1", "r_2"]) as waiting:
        for done in (0, 0, 1):
            waiting.show(run(progress=(done, 2)), "r_1")
        waiting.say("no connection; waiting on")
        waiting.end("r_1")
        waiting.end("r_1")

    assert type(waiting) is Lines
    assert err.text().splitlines() == [
        "plextera: r_1 PROCESSING, 0 of 2 steps",
        "plextera: r_1 PROCESSING, 1 of 2 steps",
        "plextera: no connection; waiting on",
    ]
    assert {id: standing.text for id, standing in waiting.open.items()} == {"r_2": "not read yet"}


def screen(written: str) -> list[str]:
    """Give the last picture that was drawn."""
    return [line.rstrip() for line in written.rpartition("\x1b[2K")[2].splitlines() if line.strip()]


def test_a_terminal_has_a_row_for_each_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    _, err = streams(monkeypatch, out=False, err=True)
    with waiting_for(["r_1", "[red]r_2"]) as waiting:
        waiting.show(run(("Read", "QUEUED"), progress=(0, 2)), "r_1")
        two = screen(err.text())
        waiting.end("r_1")
        one = screen(err.text())
        assert waiting.open

    assert type(waiting) is Rows
    assert [row.split("  ")[0] for row in two] == ["r_1", "[red]r_2"]
    assert two[0].endswith("  PROCESSING, 0 of 2 steps, at Read")
    assert two[1].endswith("  not read yet")
    assert [row.split("  ")[0] for row in one] == ["[red]r_2"]
    assert screen(err.text()) == []
    assert err.text().count("\x1b[?25h") == err.text().count("\x1b[?25l")  # the cursor is back


def test_what_has_no_room_on_the_terminal_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    _, err = streams(monkeypatch, out=False, err=True)
    with waiting_for([f"r_{number}" for number in range(100)]):
        rows = screen(err.text().replace("\x1b[?25l", "\x1b[2K"))

    assert len(rows) == 18
    assert rows[-1] == "and 83 more"


def test_other_lines_are_written_while_the_rows_are_away(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = streams(monkeypatch, out=True, err=True)
    with waiting_for(["r_1"]) as waiting:
        waiting.say("said")
        before = len(err.text())
        with waiting.aside():
            away = err.text()[before:]
            click.echo("result")

    waiting.say("afterwards")
    assert "plextera: said\n" in err.text()
    assert away.endswith("\x1b[2K")
    assert out.text() == "result\n"
    assert err.text().endswith("plextera: afterwards\n")
