from plextera_async._sansio.pacing import Pace, Paces
from plextera_async.cli.showing.lines import Line, interrupted
from plextera_async.cli.showing.tally import Tally


def line(status: str, *, id: str | None = None) -> Line:
    error = None if status == "COMPLETED" else {"code": "X", "message": "x"}
    return Line(source=f"{status}.txt", status=status, id=id, error=error)


def tally(*lines: Line, begun: int) -> Tally:
    seconds = iter([0.0])
    made = Tally(monotonic=lambda: next(seconds, 2.0))
    made.begun = begun
    for each in lines:
        made.add(each)
    return made


def paces(*, uploads: float | None, paused_for: float = 0.0) -> Paces:
    rest = {"in_flight": 1, "most_in_flight": 8, "waiting": 0}
    free = Pace(per_second=None, paused_for=0.0, **rest)
    return Paces(uploads=Pace(per_second=uploads, paused_for=paused_for, **rest), creates=free, reads=free)


def test_progress_counts_what_is_done_in_flight_failed_and_rejected() -> None:
    made = tally(line("COMPLETED"), line("REJECTED"), line("FAILED"), line("ERROR"), begun=6)

    made.figures.sending, made.figures.waiting = 2, 3
    told = "2 in flight, 3 waiting, 1 completed, 2 failed, 1 rejected, 2.0/s"

    assert made.progress() == f"4 done, {told}"
    made.total = 10
    assert made.progress() == f"4 of 10 done, 4 queued, {told}, 0:00:03 left"
    made.paces = lambda: paces(uploads=12.34)
    assert made.progress() == f"4 of 10 done, 4 queued, {told}, pace 12.3/s, 0:00:03 left"
    made.paces = lambda: paces(uploads=12.34, paused_for=2.6)
    assert made.progress() == f"4 of 10 done, 4 queued, {told}, paused for 3 s, 0:00:03 left"
    made.paces = lambda: paces(uploads=None)
    assert made.progress() == f"4 of 10 done, 4 queued, {told}, 0:00:03 left"
    made.figures.skipped = 6
    assert made.progress().startswith("10 of 10 done, ")
    assert not made.is_all_completed


def test_the_summary_counts_by_status() -> None:
    made = tally(line("COMPLETED"), line("COMPLETED"), line("REJECTED"), begun=3)

    assert made.summary() == "3 documents: 2 COMPLETED, 1 REJECTED in 2.0 s (1.5 documents per second)"
    assert tally(line("COMPLETED"), begun=1).summary().startswith("1 document: 1 COMPLETED in 2.0 s")
    assert tally(begun=0).summary() == "0 documents in 2.0 s (0.0 documents per second)"


def test_leftovers_tell_ids_of_what_goes_on_and_keys_of_what_may_exist() -> None:
    cut = {"code": "INTERRUPTED", "message": "x"}
    running = Line(source="run\nning.txt", status="INTERRUPTED", id="ext1", error=cut)
    made = tally(line("COMPLETED"), running, interrupted("cut.txt", handle=None, key="k1"), begun=3)

    assert made.leftovers("7", jobs_go_on=True) == [
        "1 finished, 7 not begun",
        "1 submitted, which still run on the server (plextera wait ID):",
        "  ext1  run ning.txt",
        "1 cut off while being submitted, which may exist (tag plexteraClientKey):",
        "  k1  cut.txt",
    ]
    assert "1 submitted, which ended with the sandbox:" in made.leftovers("7", jobs_go_on=False)
    assert tally(begun=0).leftovers("0", jobs_go_on=True) == ["0 finished, 0 not begun"]
