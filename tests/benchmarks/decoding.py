"""Bytes to models, `.extra` included: time, memory kept and the first decode of a process, beside pydantic v2.

The pydantic models are generated from openapi/plextera.yaml by datamodel-code-generator, with `extra="allow"`, and are
not edited. Each round runs each side in a fresh process; CPU time is compared, not wall time.

    python -m tests.benchmarks.decoding [--rounds N] [--json FILE]
"""

import gc
import json
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.benchmarks import answers_to_decode
from tests.benchmarks.pydantic_models import generate_pydantic
from tests.benchmarks.sides import Row, arguments, in_turns, row, tell

__all__ = ["main"]

_WORK = {
    "page of 100 runs": (answers_to_decode.page_of_runs, "WorkflowRunPage"),
    "extraction of 300 fields": (answers_to_decode.extraction, "Extraction"),
}
_SIDES = ("ours", "pydantic", "detailed converter", "dicts")
_WARM, _TIMED, _KEPT = 10, 60, 8


def _decoder(side: str, kind: str) -> Callable[[bytes], Any]:
    """Give what a side's user calls."""
    if side == "pydantic":
        model = getattr(import_module("plextera_pydantic"), kind)
        return model.model_validate_json
    from plextera_async import models  # noqa: PLC0415 - only the sides that need it load it
    from plextera_async._sansio import codec  # noqa: PLC0415 - as above

    cls: Any = getattr(models, kind)
    return {
        "ours": lambda text: codec.decode(text, cls),
        "detailed converter": lambda text: codec.decode(codec.parse(text), cls),
        "dicts": codec.parse,
    }[side]


def _cpu(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _often(decode: Callable[[bytes], Any], text: bytes) -> None:
    for _ in range(_TIMED):
        decode(text)


def _kept(decode: Callable[[bytes], Any], texts: list[bytes]) -> float:
    """Say how many bytes a decoded answer keeps: of answers that differ, as they do in life."""
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    models = [decode(text) for text in texts]
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / len(models)


def _measure(side: str, work: str) -> dict[str, float]:
    make, kind = _WORK[work]
    text = make(1)
    decode = _decoder(side, kind)
    first = _cpu(lambda: decode(text))
    for _ in range(_WARM):
        decode(text)
    each = _cpu(lambda: _often(decode, text)) / _TIMED
    return {
        "bytes": len(text),
        "first_ms": first * 1e3,
        "each_us": each * 1e6,
        "kept_kb": _kept(decode, [make(seed) for seed in range(2, 2 + _KEPT)]) / 1024,
    }


def _same_work(path: str) -> None:
    """See that both sides read the same: fields, unknown properties, as many of each."""
    sys.path.insert(0, path)
    for make, kind in _WORK.values():
        text = make(1)
        ours, theirs = (_decoder(side, kind)(text) for side in ("ours", "pydantic"))
        if kind == "Extraction":
            pairs = list(zip(ours.output.fields, theirs.output.fields, strict=True))
        else:
            pairs = [
                pair
                for one, other in zip(ours.data, theirs.data, strict=True)
                for pair in [(one, other), *zip(one.steps, other.steps, strict=True)]
            ]
        assert all(one.id == other.id and one.extra == other.model_extra for one, other in pairs)
        assert all(one.extra for one, _ in pairs)


def _rows(work: str, seen: dict[str, list[dict[str, float]]]) -> list[Row]:
    figures = {side: {name: [one[name] for one in runs] for name in runs[0]} for side, runs in seen.items()}
    ours, theirs, detailed = (figures[side] for side in ("ours", "pydantic", "detailed converter"))
    label = f"{work} ({ours['bytes'][0] / 1000:.0f} KB)"
    return [
        row(f"{label}: CPU", "pydantic", ours["each_us"], theirs["each_us"], levels=(0.9, 0.6), unit="us"),
        row(
            f"{label}: memory kept",
            "pydantic",
            ours["kept_kb"],
            theirs["kept_kb"],
            levels=(0.5, None),
            unit="KB",
        ),
        row(f"{label}: CPU", "our detailed converter", ours["each_us"], detailed["each_us"], unit="us"),
        row(f"{label}: CPU", "parsing to dicts", ours["each_us"], figures["dicts"]["each_us"], unit="us"),
        row(
            f"{label}: CPU, first of a process",
            "our detailed converter",
            ours["first_ms"],
            detailed["first_ms"],
            unit="ms",
        ),
    ]


def main() -> None:
    """Measure and tell."""
    if sys.argv[1:2] == ["--side"]:
        print(json.dumps(_measure(*sys.argv[2:4])))  # noqa: T201 - to the process that compares
        return
    chosen = arguments(__doc__ or "", name="decoding", rounds=9)
    rows: list[Row] = []
    raw: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        generate_pydantic(Path(folder) / "plextera_pydantic.py", "--extra-fields", "allow")
        _same_work(folder)
        for work in _WORK:
            sides = {side: ["-m", __spec__.name, "--side", side, work] for side in _SIDES}
            raw[work] = in_turns(sides, number=chosen.rounds, path=folder)
            rows += _rows(work, raw[work])
    tell(rows, raw, chosen.json)


if __name__ == "__main__":
    main()
