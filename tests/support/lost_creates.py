"""Creates of extractions whose answers get lost."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from plextera_async import AsyncPlextera, ExtractionHandle, errors
from plextera_async.options import RetryPolicy, Timeouts
from tests.support.fickle_server import LOST

Create = Callable[..., Awaitable[ExtractionHandle]]

CREATES: dict[str, Create] = {
    "create": lambda c, **more: c.extractions.create(file_id="f", **{"key": "mine", **more}),
    "upload": lambda c, **more: c.extractions.upload(b"Total: 1", **{"key": "mine", **more}),
}
BOTH = pytest.mark.parametrize("create", CREATES.values(), ids=CREATES.keys())
EVERY_LOSS = pytest.mark.parametrize("loss", LOST)
GRACE = 10.0


def losing(client: AsyncPlextera, loss: str) -> AsyncPlextera:
    """Give a view that does not wait long for an answer that never comes."""
    if loss != "silence":
        return client
    return client.with_options(timeouts=Timeouts(read=0.5), retry=RetryPolicy(max_attempts=10))


async def unknown(call: Awaitable[Any]) -> errors.AmbiguousCreateError:
    with pytest.raises(errors.AmbiguousCreateError) as caught:
        await call
    assert caught.value.key == "mine"
    assert caught.value.tags["plexteraClientKey"] == "mine"
    assert caught.value.cause is caught.value.__cause__ is not None
    return caught.value
