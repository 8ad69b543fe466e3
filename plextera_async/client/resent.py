"""The handle of a create that was sent twice: the second may be refused as a duplicate of the first."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any, cast

from plextera_async._aio.sender import Answer
from plextera_async.client.handles import ExtractionHandle
from plextera_async.client.lookups import Lookups, Sighting
from plextera_async.client.waits import DEFAULT, Timeout
from plextera_async.models import Extraction, ExtractionOutput, ExtractionStatus

__all__ = ["ResentHandle"]


class ResentHandle(ExtractionHandle):
    """An extraction whose create was sent twice under one key, because the first seemed to have been lost.

    If it ends REJECTED and an older extraction carries the same key, the first had arrived after all, and this one was
    refused as its duplicate: then the handle moves to the older one, and its `id` changes. Waits look for it once, which
    takes 10 seconds more where there is none, whatever their limit.
    """

    _look_for_older: Callable[[], Awaitable[Sighting | None]]
    _is_settled = False

    def look_with(self, lookups: Lookups, key: str, since: Callable[[], datetime]) -> None:
        """Say where an older one is to be looked for."""
        self._look_for_older = lambda: lookups.older(key, since(), than=self.id)

    async def wait(self, timeout: Timeout = DEFAULT, *, check: bool = True) -> Extraction:  # noqa: ASYNC109 - as there
        """Wait as `ExtractionHandle.wait` does, for the older extraction if this is its duplicate.

        Raises:
            PlexteraError: As there; also if looking for an older one failed. Then wait again.
        """
        return await super().wait(await self._settle(timeout), check=check)

    async def result(self, timeout: Timeout = DEFAULT) -> ExtractionOutput:  # noqa: ASYNC109 - as there
        """Wait as `ExtractionHandle.result` does, for the older extraction if this is its duplicate.

        Raises:
            PlexteraError: As there; also if looking for an older one failed. Then wait again.
        """
        return await super().result(await self._settle(timeout))

    async def watch(self, timeout: Timeout = DEFAULT) -> AsyncIterator[Extraction]:  # noqa: ASYNC109 - as there
        """Watch as `ExtractionHandle.watch` does, and go on with the older extraction if this is its duplicate.

        Raises:
            PlexteraError: As there; also if looking for an older one failed. Then watch again.
        """
        began = self._reader.clock.monotonic()
        async with aclosing(cast("Any", super().watch(timeout))) as snapshots:
            async for job in snapshots:
                if await self._moves(job):
                    break
                yield job
            else:
                return
        async for job in super().watch(self._left(timeout, began)):
            yield job

    async def _settle(self, limit: Timeout) -> Timeout:
        """Wait until it is known which extraction this is; give what is left of the time."""
        if self._is_settled:
            return limit
        began = self._reader.clock.monotonic()
        await self._moves(await super().wait(limit, check=False))
        return self._left(limit, began)

    async def _moves(self, job: Extraction) -> bool:
        """Move to the older extraction if there is one."""
        if self._is_settled or job.status != ExtractionStatus.REJECTED:
            return False
        older = await self._look_for_older()
        self._is_settled = True
        if older is None:
            return False
        self.also_created = older.others
        self.id = older.matches[0].id
        self._take(Answer(older.matches[0]))
        return True

    def _left(self, limit: Timeout, began: float) -> Timeout:
        seconds = self._reader.policy.wait_timeout if limit is DEFAULT else limit
        if seconds is None:
            return None
        return max(0.0, seconds - (self._reader.clock.monotonic() - began))
