"""200 tasks against a quota that nobody told them: nearly all of it is used, and hardly anything refused."""

from collections.abc import Callable, Sequence

import pytest

from plextera_async.options import ClientOptions, Limits
from tests.support.quotas import Answers, Bucket, Quota, Server, Window, http_date, keep_busy
from tests.support.virtual_time import VirtualClock, run

BURSTS: dict[str, Callable[[float], Quota]] = {
    "burst R": lambda rate: Bucket(rate, 1.0),
    "burst R/4": lambda rate: Bucket(rate, 0.25),
}
KINDS_OF_QUOTA = {**BURSTS, "seconds of the clock": Window}


def _check(answers: Answers, quota: float, *, begin: float = 5.0, end: float) -> None:
    assert answers.share(begin, end, quota) >= 0.85
    assert answers.refused(begin, end) < 0.05
    assert answers.worst_wait(begin) < 10
    assert answers.attempts < 5


@pytest.mark.parametrize(("rate", "latency"), [(20, 0.06), (60, 0.004), (200, 0.02)])
@pytest.mark.parametrize("quota", BURSTS.values(), ids=BURSTS.keys())
def test_most_of_a_quota_is_used(quota: Callable[[float], Quota], rate: float, latency: float) -> None:
    answers = run(keep_busy(Server(quota=quota(rate), latency=latency), seconds=25))

    _check(answers, rate, end=15)
    _check(answers, rate, begin=15, end=25)


@pytest.mark.parametrize("quota", BURSTS.values(), ids=BURSTS.keys())
def test_most_of_a_large_quota_is_used(quota: Callable[[float], Quota]) -> None:
    _check(run(keep_busy(Server(quota=quota(1000)), seconds=12)), 1000, end=12)


@pytest.mark.parametrize("kinds", [("reads", "creates"), ("reads", "creates", "uploads")], ids=len)
@pytest.mark.parametrize("quota", KINDS_OF_QUOTA.values(), ids=KINDS_OF_QUOTA.keys())
def test_one_quota_for_all_kinds_is_shared(quota: Callable[[float], Quota], kinds: Sequence[str]) -> None:
    answers = run(keep_busy(Server(quota=quota(60)), seconds=30, kinds=kinds))

    _check(answers, 60, end=30)
    shares = [sum(seen.taken and seen.kind == kind for seen in answers.seen) for kind in kinds]
    assert min(shares) * 4 > max(shares)


@pytest.mark.parametrize(
    ("retry_after", "least"),
    [
        (None, 0.85),
        ("0", 0.85),
        ("garbage", 0.85),
        ("0.4", 0.85),
        ("1", 0.82),
        (http_date(1), 0.85),
        ("2", 0.75),  # a probe that fails costs twice as much
    ],
    ids=["none", "zero", "garbage", "fraction", "one", "date", "two"],
)
@pytest.mark.parametrize("quota", KINDS_OF_QUOTA.values(), ids=KINDS_OF_QUOTA.keys())
def test_whatever_a_refusal_says(
    quota: Callable[[float], Quota], retry_after: str | Callable[[VirtualClock], str] | None, least: float
) -> None:
    answers = run(keep_busy(Server(quota=quota(40), retry_after=retry_after), seconds=40))

    assert answers.share(5, 40, 40) >= least
    assert answers.refused(5, 40) < 0.05
    assert answers.worst_wait(5) < 10


@pytest.mark.parametrize("quota", BURSTS.values(), ids=BURSTS.keys())
@pytest.mark.parametrize("change", [15, 18, 21])
def test_a_quota_that_changes_is_followed(quota: Callable[[float], Quota], change: float) -> None:
    """First to a half, then to four times that."""
    back = change + 20
    answers = run(keep_busy(Server(quota=quota(200)), seconds=back + 30, then=[(change, 100), (back, 400)]))

    _check(answers, 200, end=change)
    _check(answers, 100, begin=change + 5, end=back)
    _check(answers, 400, begin=back + 12, end=back + 30)


def test_a_server_that_takes_all_is_held_back_by_nothing() -> None:
    server = Server(quota=Bucket(1e9), latency=0.05)
    options = ClientOptions(limits=Limits(concurrency=150))
    answers = run(keep_busy(server, seconds=3, options=options))

    assert answers.share(0, 3, 150 / 0.05) > 0.95  # as many at once as `Limits` allows
    assert server.paces is not None
    assert server.paces.reads.per_second is None
    assert server.paces.reads.most_in_flight == 150


@pytest.mark.parametrize("most", [4, 10, 40])
def test_too_many_at_once_are_noticed(most: int) -> None:
    """A server that answers 500 to what is over its number at once gets about that number."""
    server = Server(quota=Bucket(1e9), latency=0.2, cuts_off_at=most)
    answers = run(keep_busy(server, seconds=40, tasks=60))

    assert answers.refused(20, 40) < 0.15
    assert answers.share(20, 40, most / 0.1) > 0.4  # half of the time of a request is the server's
