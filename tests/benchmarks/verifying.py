"""Proof that arms do the same work, before any of it is measured."""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from tests.benchmarks.answers import FIELDS
from tests.benchmarks.driving import Run
from tests.benchmarks.measure import client, running
from tests.benchmarks.work import contents

__all__ = ["check", "verify"]

_COUNT = 40
_WARM_UP = 20
_SEED = 7


def verify(arms: Iterable[str], *, path: str = "") -> None:
    """Let each arm do some jobs, and hold against each other what arrived: hashes of files, kinds of requests.

    Raises:
        ValueError: If an arm does other work than the rest.
    """
    for arm in arms:
        with running(verify=True) as server:
            run = Run(arm=arm, base_url=server.base_url, work="job", count=_COUNT, in_flight=4, seed=_SEED)
            gave = client(run, path=path).gave
            check(arm, server.seen(), gave)


def check(arm: str, seen: dict[str, Any], gave: list[Any]) -> None:
    """Hold what the server saw of an arm against what was to be sent.

    Raises:
        ValueError: If it is anything else.
    """
    sent = [*contents(_COUNT, seed=_SEED), *contents(_WARM_UP, seed=_SEED + 1)]
    jobs = len(sent)
    if Counter(seen["digests"]) != Counter(sha256(content).hexdigest() for content in sent):
        raise ValueError(f"{arm}: other files arrived than were to be sent")
    if seen["requests"] != {"upload": jobs, "create": jobs, "read": 3 * jobs} or gave != [FIELDS]:
        raise ValueError(f"{arm}: other calls were made, or another result was read")
