import sys
import time

import pytest

from plextera_async.cli.showing import progress as progress_module
from plextera_async.cli.showing.lines import Line
from plextera_async.cli.showing.progress import Bar, Plain, progress_for
from plextera_async.cli.showing.tally import Tally
from tests.cli.terminals import streams

HOSTILE = "[red]x[/red] :smile: 日本"


pytestmark = pytest.mark.usefixtures("fixed_terminal")


def ended(status: str) -> Line:
    return Line(source="a", status=status)


def test_lines_are_for_what_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = streams(monkeypatch, out=True, err=False)
    progress = progress_for(Tally())
    with progress:
        progress.out(HOSTILE)
        progress.say("said")

    assert isinstance(progress, Plain)
    assert out.text() == f"{HOSTILE}\n"
    assert err.text() == "said\n"


def test_lines_come_some_seconds_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    _, err = streams(monkeypatch, out=False, err=False)
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    tally = Tally(monotonic=time.monotonic)
    progress = Plain(tally)
    for _ in range(12):
        tally.begun += 1
        tally.add(ended("COMPLETED"))
        now[0] += 1.0
        progress.show()

    assert err.text().splitlines() == [
        "5 done, 0 in flight, 0 waiting, 5 completed, 0 failed, 0 rejected, 1.0/s",
        "10 done, 0 in flight, 0 waiting, 10 completed, 0 failed, 0 rejected, 1.0/s",
    ]


def test_a_terminal_gets_a_bar_with_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = streams(monkeypatch, out=False, err=True)
    tally = Tally(monotonic=iter([0.0, *[2.0] * 99]).__next__)
    progress = progress_for(tally)
    with progress:
        tally.begun, tally.total = 5, 10
        tally.figures.sending = tally.figures.waiting = 1
        for status in ("COMPLETED", "FAILED", "REJECTED"):
            tally.add(ended(status))
        progress.show()
        progress.say(HOSTILE)
        progress.out("result")
    shown = err.text()

    assert isinstance(progress, Bar)
    assert "3 of 10 done, 5 queued, 1 in flight, 1 waiting, 1 completed, 1 failed, 1 rejected, 1.5/s" in shown
    assert "0:00:05 left" in shown
    assert f"{HOSTILE}\n" in shown
    assert out.text() == "result\n"
    assert "result" not in shown
    assert "\x1b[3" not in shown.replace("\x1b[?", "")  # no colour, as asked


def test_results_on_the_terminal_of_the_bar_stand_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = streams(monkeypatch, out=True, err=True)
    long = "x" * 500
    with progress_for(Tally()) as progress:
        progress.out(long)

    assert f"{long}\n" in err.text()  # whole: not wrapped
    assert out.text() == ""


def test_a_broken_stdout_is_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    streams(monkeypatch, out=False, err=False)
    progress_module.drop_stdout()  # no file behind it: nothing to do

    with open(f"{tmp_path}/out", "w+", encoding="utf-8") as stdout:  # noqa: PTH123 - a plain file in the place of stdout
        monkeypatch.setattr(sys, "stdout", stdout)
        progress_module.drop_stdout()
        stdout.write("gone")
        stdout.flush()
    with open(f"{tmp_path}/out", encoding="utf-8") as stdout:  # noqa: PTH123 - as above
        assert stdout.read() == ""
