"""The watch over silence, look by look."""

import asyncio
import gc
from typing import Any

import pytest

from plextera_async._aio.silence import Silence

LOOKS = 8


class Transport:
    """Says whether it reads."""

    reads = True
    closes = False
    tells = True

    def is_reading(self) -> bool:
        if not self.tells:
            raise NotImplementedError
        return self.reads and not self.closes

    def is_closing(self) -> bool:
        return self.closes


class Answer:
    """As much of one, of its connection and of its protocol as is looked at."""

    def __init__(self) -> None:
        self.connection: Answer | None = self
        self.protocol = self
        self.transport = Transport()
        self.read_timeout: float | None = None
        self.started = 0
        self.content: Answer | None = None
        self.total_raw_bytes = 0

    def start_timeout(self) -> None:
        self.started += 1


@pytest.fixture
async def silence() -> Any:
    """Give a watch whose looks the test makes itself."""
    silence = Silence(1000)
    yield silence
    silence.close()


def _look(silence: Silence, times: int) -> None:
    for _ in range(times):
        assert silence._timer is not None
        silence._timer.cancel()
        silence._look()


async def test_silence_is_broken_off_after_eight_looks_that_saw_nothing_new(silence: Silence) -> None:
    answer = Answer()
    silence.watch(answer)
    _look(silence, 1 + LOOKS - 1)
    assert not answer.started

    _look(silence, 1)
    assert answer.started == 1
    assert answer.read_timeout is not None
    assert 0 < answer.read_timeout < 0.01


async def test_looks_are_an_eighth_of_the_limit_apart(silence: Silence) -> None:
    answer = Answer()
    loop = asyncio.get_running_loop()
    silence.watch(answer)
    assert isinstance(silence._timer, asyncio.TimerHandle)
    assert silence._timer.when() - loop.time() == pytest.approx(125, abs=5)


@pytest.mark.parametrize("news", ["head", "body", "unpacked"])
async def test_whatever_comes_begins_anew(silence: Silence, news: str) -> None:
    answer = Answer()
    if news != "head":
        answer.content = Answer()
    silence.watch(answer)
    _look(silence, LOOKS)
    if news == "head":
        answer.content = Answer()
    else:
        assert answer.content is not None
        answer.content.total_raw_bytes += 1
    _look(silence, LOOKS)
    assert not answer.started

    _look(silence, 1)
    assert answer.started


async def test_a_paused_reader_is_not_silence(silence: Silence) -> None:
    answer = Answer()
    answer.transport.reads = False
    silence.watch(answer)
    _look(silence, 3 * LOOKS)
    assert not answer.started

    answer.transport.reads = True
    _look(silence, LOOKS)
    assert answer.started


@pytest.mark.parametrize("attribute", ["closes", "tells"])
async def test_a_transport_that_closes_or_does_not_tell_is_no_slow_reader(
    silence: Silence, attribute: str
) -> None:
    answer = Answer()
    setattr(answer.transport, attribute, attribute == "closes")
    silence.watch(answer)
    _look(silence, 1 + LOOKS)

    assert answer.started


async def test_what_is_not_broken_off_at_once_is_told_again(silence: Silence) -> None:
    """aiohttp drops its timer on an answer 1xx."""
    answer = Answer()
    silence.watch(answer)
    _look(silence, 1 + LOOKS + 2)

    assert answer.started == 3


async def test_an_empty_body_has_no_count(silence: Silence) -> None:
    answer = Answer()
    answer.content = Answer()
    del answer.content.total_raw_bytes
    silence.watch(answer)
    _look(silence, 1 + LOOKS)

    assert answer.started


@pytest.mark.parametrize("end", ["released", "of aiohttp", "garbage"])
async def test_what_has_ended_or_is_watched_by_aiohttp_is_let_go(silence: Silence, end: str) -> None:
    answer = Answer()
    silence.watch(answer)
    if end == "released":
        answer.connection = None
    elif end == "of aiohttp":
        answer.read_timeout = 60
    else:
        del answer
        gc.collect()  # it stands for its own connection
    _look(silence, 1)

    assert silence._timer is None


async def test_one_that_fails_does_not_end_the_watch(silence: Silence) -> None:
    broken = Answer()
    del broken.transport
    silence.watch(broken)
    _look(silence, 1)
    with pytest.raises(AttributeError):
        _look(silence, 1)

    assert silence._timer is not None
