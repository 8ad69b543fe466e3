"""200 tasks against a quota that nobody told them: nearly all of it is used, and hardly anything refused."""

import pytest

from tests.support.quotas import Answers, Bucket, Quota, Server, Window, http_date, keep_busy
from tests.support.virtual_time import run

FROM = 5.0


def _check(answers: Answers, quota: float, *, begin: float = FROM, end: float) -> None:
    assert answers.share(begin, end, quota) >= 0.85
    assert answers.refused(begin, end) < 0.05
    assert answers.worst_wait(begin) < 10
    assert answers.attempts < 5


@pytest.mark.parametrize(
    "quota",
    [
        *(Bucket(rate, burst) for rate in (20, 50, 100, 200, 400) for burst in (1, 0.25)),
        *(Window(rate) for rate in (20, 100, 300)),
    ],
    ids=str,
)
@pytest.mark.parametrize("latency", [0.004, 0.06])
def test_most_of_a_quota_is_used(quota: Quota, latency: float) -> None:
    answers = run(keep_busy(Server(quota=quota, latency=latency), seconds=25))

    _check(answers, quota.rate, end=25)


def test_a_quota_as_large_as_a_client_can_use_at_all() -> None:
    _check(run(keep_busy(Server(quota=Bucket(1000, 0.25)), seconds=15)), 1000, end=15)
