"""The last events, for waits that begin after the event came: it can be faster than the answer of the create."""

from collections import OrderedDict

import attrs

from plextera_async._sansio.events import JobEvent

__all__ = ["RecentEvents"]

_MOST = 5000
_MOST_WHOLE = 100  # outputs can be large; of older events only the end is remembered, and the job is read


class RecentEvents:
    """The latest event of each of the jobs that events told of last."""

    def __init__(self) -> None:
        """Begin with none."""
        self._whole: OrderedDict[tuple[str, str], JobEvent] = OrderedDict()
        self._short: OrderedDict[tuple[str, str], JobEvent] = OrderedDict()

    def add(self, event: JobEvent) -> None:
        """Remember an event, unless a later one of the same job is there."""
        name = (event.kind, event.id)
        known = self.of(*name)
        if known is not None and known.occurred_at > event.occurred_at:
            return
        self._short.pop(name, None)
        self._whole[name] = event
        self._whole.move_to_end(name)
        if len(self._whole) > _MOST_WHOLE:
            old, oldest = self._whole.popitem(last=False)
            self._short[old] = attrs.evolve(oldest, model=None)
        if len(self._short) > _MOST:
            self._short.popitem(last=False)

    def of(self, kind: str, id: str) -> JobEvent | None:
        """Give the latest event of a job; its model is None if it came some time ago."""
        return self._whole.get((kind, id)) or self._short.get((kind, id))
