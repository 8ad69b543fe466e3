"""The store in memory: one caller gets an event, claims expire, and it never grows past its bound."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async.errors import ConfigurationError
from plextera_async.webhooks import Claim, InMemorySeenEvents


class Time:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def seen(time):
    return InMemorySeenEvents(max_events=3, claim_seconds=60, clock=time)


async def test_an_event_is_new_then_running_then_done(seen):
    assert await seen.claim("a") is Claim.NEW
    assert await seen.claim("a") is Claim.RUNNING
    assert await seen.claim("b") is Claim.NEW
    await seen.complete("a")
    assert await seen.claim("a") is Claim.DONE
    assert repr(seen) == "<InMemorySeenEvents 1 done 1 claimed>"


async def test_what_is_released_is_new_again_and_what_is_done_stays_done(seen):
    await seen.claim("a")
    await seen.release("a")
    assert await seen.claim("a") is Claim.NEW
    await seen.complete("a")
    await seen.release("a")
    await seen.release("never seen")
    assert await seen.claim("a") is Claim.DONE


async def test_a_claim_expires(seen, time):
    await seen.claim("a")
    time.now += 59.9
    assert await seen.claim("a") is Claim.RUNNING
    time.now += 0.1
    assert await seen.claim("a") is Claim.NEW


async def test_who_completes_after_the_claim_expired_still_did_it(seen, time):
    await seen.claim("a")
    time.now += 61
    await seen.complete("a")
    assert await seen.claim("a") is Claim.DONE
    assert len(seen) == 1


async def test_the_oldest_that_are_done_are_forgotten_first(seen):
    for event_id in "abc":
        await seen.claim(event_id)
    await seen.complete("b")
    await seen.complete("a")
    assert await seen.claim("d") is Claim.NEW  # in place of b, which was done first
    assert [await seen.claim(event_id) for event_id in "acd"] == [Claim.DONE, Claim.RUNNING, Claim.RUNNING]
    assert len(seen) == 3


async def test_when_claims_alone_are_too_many_the_next_event_waits(seen, time):
    for event_id in "abc":
        await seen.claim(event_id)
    assert await seen.claim("d") is Claim.RUNNING
    await seen.release("b")
    assert await seen.claim("d") is Claim.NEW
    time.now += 60
    assert await seen.claim("e") is Claim.NEW


@pytest.mark.parametrize("wrong", [{"max_events": 0}, {"claim_seconds": 0}, {"claim_seconds": float("nan")}])
def test_numbers_that_cannot_work_are_refused(wrong):
    with pytest.raises(ConfigurationError):
        InMemorySeenEvents(**wrong)


STEPS = st.lists(
    st.tuples(st.sampled_from(["claim", "complete", "release", "wait"]), st.sampled_from("abcdef"))
)


@given(steps=STEPS)
def test_it_never_grows_past_its_bound_and_never_gives_one_event_to_two(steps):
    time = Time()
    seen = InMemorySeenEvents(max_events=3, claim_seconds=60, clock=time)
    held: dict[str, float] = {}

    async def play() -> None:
        for step, event_id in steps:
            if step == "wait":
                time.now += 25
            elif step == "claim":
                if await seen.claim(event_id) is Claim.NEW:
                    assert held.get(event_id, 0) <= time.now
                    held[event_id] = time.now + 60
            else:
                await getattr(seen, step)(event_id)
                held.pop(event_id, None)
            assert len(seen) <= 3

    asyncio.run(play())
