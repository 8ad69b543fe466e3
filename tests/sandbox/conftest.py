"""A sandbox on a virtual clock, and a bare HTTP caller for it."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.support import Api, running


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with running() as api:
        yield api
