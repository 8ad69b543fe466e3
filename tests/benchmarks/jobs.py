"""The whole job: upload 20 KB, submit, three polls, a result of 18 KB. `python -m tests.benchmarks.jobs [ROUNDS]`.

CPU per document against the floor, which makes dicts; documents a second against what one would use instead.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import median

from tests.benchmarks.driving import Run, Seen
from tests.benchmarks.measure import Server, client, ratio, rounds, running
from tests.benchmarks.pydantic_models import generate_pydantic
from tests.benchmarks.report import Row, tell
from tests.benchmarks.verifying import verify

__all__ = ["main"]

_COUNTS = {
    "raw": 2000,
    "raw_paused": 2000,
    "sdk": 2000,
    "sdk_result": 2000,
    "openai_models": 400,
    "openai_transport": 400,
    "generated": 300,
}
"""Documents of one run: rates are compared, and slow arms need not take minutes."""


@contextmanager
def generated() -> Iterator[str]:
    """Generate what peers have of our document: a client, and models for `openai`; gives the folder it is in."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        out = Path(folder) / "generated"
        program = Path(sys.executable).with_name("openapi-python-client")
        command = [
            str(program),
            "generate",
            "--meta",
            "setup",
            "--path",
            "openapi/plextera.yaml",
            "--output-path",
            str(out),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        generate_pydantic(out / "plextera_openai.py", "--base-class", "openai.BaseModel")
        yield str(out)


def _rows(seen: dict[str, list[Seen]], in_flight: int) -> list[Row]:
    cpu = {arm: [one.cpu / one.count * 1000 for one in runs] for arm, runs in seen.items()}
    rate = {arm: [one.count / one.wall for one in runs] for arm, runs in seen.items()}
    work = f"whole job, {in_flight} in flight"
    rows = [
        Row(
            work=work + how,
            figure="client CPU a document",
            against=f"tuned aiohttp, orjson, dicts{pauses}",
            ratio=ratio(cpu[arm], cpu[floor]),
            bar=1.6,
            stretch=1.25,
            detail=f"{median(cpu[arm]):.2f} against {median(cpu[floor]):.2f} ms a document",
        )
        for arm, how, floor, pauses in (
            ("sdk", "", "raw", ""),
            ("sdk_result", ", by `result()`", "raw_paused", ", the same pauses"),
        )
    ]
    for arm, peer, bar, stretch in (
        ("openai_models", "`openai`, its transport with defaults, to its models", 6, 8),
        ("openai_transport", "the same, to dicts", 6, 8),
        ("generated", "`openapi-python-client` from our document", 9, 12),
    ):
        rows.append(
            Row(
                work=work,
                figure="documents a second",
                against=peer,
                ratio=ratio(rate["sdk"], rate[arm]),
                bar=bar,
                stretch=stretch,
                more_is_better=True,
                detail=f"{median(rate['sdk']):.0f} against {median(rate[arm]):.0f}",
            )
        )
    return rows


def _runs(server: Server, in_flight: int, path: str) -> dict[str, partial[Seen]]:
    return {
        arm: partial(
            client,
            Run(arm=arm, base_url=server.base_url, work="job", count=count, in_flight=in_flight),
            path=path,
        )
        for arm, count in _COUNTS.items()
    }


def main(number: int = 5) -> None:
    """Measure and tell."""
    with generated() as path:
        verify(_COUNTS, path=path)
        rows, raw = [], {}
        for in_flight in (16, 64):
            with running() as server:
                seen = rounds(_runs(server, in_flight, path), number=number)
            rows += _rows(seen, in_flight)
            raw[in_flight] = {arm: [asdict(one) for one in runs] for arm, runs in seen.items()}
    tell("jobs", rows, raw=raw)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
