"""The benchmarks' server and the arm of this package do the work that is measured; nothing is timed here."""

from collections.abc import AsyncIterator

import pytest

from tests.benchmarks.answers import FIELDS
from tests.benchmarks.arms import sdk, sdk_defaults, sdk_result
from tests.benchmarks.driving import Run, drive
from tests.benchmarks.server import Book, serve
from tests.benchmarks.verifying import check
from tests.benchmarks.work import Arm

ARMS = [sdk.calls, sdk_defaults.calls]


@pytest.fixture
async def book() -> AsyncIterator[Book]:
    """A served book; its address is in it."""
    book = Book(delay=0, verify=True)
    server = await serve(book)
    book.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield book
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("arm", [*ARMS, sdk_result.calls])
async def test_an_arm_sends_each_document_whole_and_reads_the_result(arm: Arm, book: Book):
    run = Run(arm="", base_url=book.base_url, work="job", count=40, in_flight=4, seed=7)

    seen = await drive(arm, run)

    check("sdk", {"requests": book.requests, "digests": book.digests}, seen.gave)
    assert seen.count == 40


@pytest.mark.parametrize("arm", ARMS)
async def test_an_arm_reads_each_status_once(arm: Arm, book: Book):
    run = Run(arm="", base_url=book.base_url, work="status", count=30, in_flight=8)

    seen = await drive(arm, run)

    assert seen.gave == ["PROCESSING"]
    assert book.requests["read"] == 30 + 20


def test_work_that_was_not_done_is_noticed():
    with pytest.raises(ValueError, match=r"^some: other files arrived"):
        check("some", {"requests": {}, "digests": []}, [FIELDS])
