"""Many at a time against a server that makes one wait. `python -m tests.benchmarks.fan_out [ROUNDS]`.

2,000 status reads with 200 in flight and 50 ms to an answer; 2,000 whole jobs with 1,000 in flight and 200 ms.
"""

import sys
from dataclasses import asdict
from functools import partial
from statistics import median
from typing import Any

from tests.benchmarks.driving import Run, Seen
from tests.benchmarks.measure import client, ratio, rounds, running
from tests.benchmarks.report import Row, tell
from tests.benchmarks.verifying import verify

__all__ = ["main"]

_ARMS = ("raw", "sdk", "sdk_defaults")
_AGAINST = "tuned aiohttp, orjson, dicts"
_HOW = {"sdk": "", "sdk_defaults": ", every default"}


def _measured(work: str, *, delay: float, in_flight: int, number: int) -> dict[str, list[Seen]]:
    with running(delay=delay) as server:
        url = server.base_url
        runs = {
            arm: partial(client, Run(arm=arm, base_url=url, work=work, count=2000, in_flight=in_flight))
            for arm in _ARMS
        }
        return rounds(runs, number=number)


def _statuses(seen: dict[str, list[Seen]]) -> list[Row]:
    rows = []
    for arm, how in _HOW.items():
        for figure, name, bar, stretch in (("wall", "time", 1.25, 1.1), ("cpu", "client CPU", 1.8, 1.4)):
            one, other = ([getattr(run, figure) for run in seen[which]] for which in (arm, "raw"))
            row = Row(
                work=f"2,000 status reads, 200 in flight, 50 ms{how}",
                figure=name,
                against=_AGAINST,
                ratio=ratio(one, other),
                bar=bar,
                stretch=stretch,
                detail=f"{median(one):.2f} against {median(other):.2f} s",
            )
            rows.append(row)
    return rows


def _jobs(seen: dict[str, list[Seen]]) -> list[Row]:
    rows = []
    for arm, how in _HOW.items():
        one, other = ([run.count / run.wall for run in seen[which]] for which in (arm, "raw"))
        row = Row(
            work=f"2,000 whole jobs, 1,000 in flight, 200 ms{how}",
            figure="documents a second",
            against=_AGAINST,
            ratio=ratio(one, other),
            bar=0.8,
            stretch=0.93,
            more_is_better=True,
            detail=f"{median(one):.0f} against {median(other):.0f}",
        )
        rows.append(row)
    return rows


def main(number: int = 5) -> None:
    """Measure and tell."""
    verify(_ARMS)
    statuses = _measured("status", delay=0.05, in_flight=200, number=number)
    jobs = _measured("job", delay=0.2, in_flight=1000, number=number)
    both: dict[str, Any] = {"statuses": statuses, "jobs": jobs}
    raw = {
        what: {arm: [asdict(one) for one in runs] for arm, runs in seen.items()}
        for what, seen in both.items()
    }
    tell("fan_out", [*_statuses(statuses), *_jobs(jobs)], raw=raw)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
