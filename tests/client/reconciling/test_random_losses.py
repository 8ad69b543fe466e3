"""Creates under random losses, lags, clocks and a moving list."""

import asyncio
import random
from datetime import timedelta

import pytest

from plextera_async import AsyncPlextera, ExtractionHandle, errors
from tests.support.fickle_server import LOST, FickleServer
from tests.support.lost_creates import CREATES
from tests.support.raw_server import answer

FATES = ["ok"] * 10 + [f"{deed} {loss}" for deed in ("apply", "skip") for loss in LOST if loss != "silence"]


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_is_lost_nothing_is_created_twice(
    server: FickleServer, client: AsyncPlextera, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311 - faults, not secrets
    count = 60
    server.lag = dice.choice([0, 5, 9.9])
    server.ahead = timedelta(seconds=dice.uniform(-1e5, 1e5))
    for age in range(dice.randrange(0, 300)):
        server.add(age=age * dice.choice([1, 1, 5]), tags=dice.choice([{"a": "b"}, {"a": "b"}, None]))
    server.plan = [dice.choice(FATES) for _ in range(count * 3)]
    server.list_faults = [answer(status="500 x")] * dice.randrange(3)
    server.on_list = lambda _: server.add(tags={"other": "job"}) if dice.random() < 0.3 else None

    ended = await asyncio.gather(
        *(
            CREATES[dice.choice(["create", "upload"])](client, key=f"k{number}", tags={"n": "1"})
            for number in range(count)
        ),
        return_exceptions=True,
    )

    for number, end in enumerate(ended):
        jobs = server.keyed(f"k{number}")
        sends = sum(f'"k{number}"'.encode() in body for body in server.sends)
        assert len(jobs) <= 1
        assert 1 <= sends <= 2
        if isinstance(end, ExtractionHandle):
            assert [end.id] == [job.id for job in jobs]
            assert end.also_created == ()
        else:
            assert isinstance(end, errors.AmbiguousCreateError)
            assert end.key == f"k{number}"
