"""Which page to read next while the list moves, and which of its items are new.

Offset pages shift: an item that arrives before the seam of two pages pushes known items onto the later one (harmless:
they are seen twice), and one that leaves pulls unread items back over the seam (they would be missed). A seam shows
what happened: with nothing but arrivals at the head, a page repeats as many items of the page before as the list has
grown. Where that does not hold, or where items can leave and arrive unnoticed, both sides of the seam are read again.
"""

from collections.abc import Generator, Sequence

import attrs

__all__ = ["Seen", "Walk"]

_MOST_LOOKS_BACK = 3  # over one seam, so that a list in uproar cannot hold the walk for ever


@attrs.frozen(kw_only=True)
class Seen:
    """What one answer told: ids in order, and the list's own figures where it gave them."""

    ids: Sequence[str]
    total_items: int | None = None
    total_pages: int | None = None


Answers = tuple[Seen, list[int]]
Steps = Generator[int, Answers, None]
Looks = Generator[int, Answers, Seen]


class Walk:
    """One pass over a list: read `page`, tell `feed`, until `page` is None.

    Attributes:
        page: Zero-based page to read next; None at the end.
        drifted: Whether the list was seen to change during the pass.
    """

    def __init__(self, *, size: int, restless: bool = False) -> None:
        """Begin at page 0.

        Args:
            size: Items asked for on each page.
            restless: Items can leave the list or change places while it is read (a status filter, an order by a time
                that changes), so that a seam can hide a loss: then the page before each seam is read twice. So it is
                where the server does not tell how many items there are.
        """
        self._size = size
        self._restless = restless
        self._known: set[str] = set()
        self._has_pages = True
        self._steps = self._plan()
        self.drifted = False
        self.page: int | None = next(self._steps)

    def feed(self, seen: Seen) -> list[int]:
        """Take the answer for `page`; give the positions of those of its items that are new, and move on."""
        fresh: list[int] = []
        for position, id_ in enumerate(seen.ids):
            if id_ not in self._known:
                self._known.add(id_)
                fresh.append(position)
        try:
            self.page = self._steps.send((seen, fresh))
        except StopIteration:
            self.page = None
        return fresh

    def _plan(self) -> Steps:
        before: Seen | None = None
        front = stale = 0
        while True:
            seen, fresh = yield front
            stale = 0 if fresh else stale + 1
            self.drifted = self.drifted or len(fresh) < len(seen.ids)
            if before is not None:
                seen = yield from self._mend(front, before, seen)
            if self._is_last(front, before, seen, stale=stale):
                break
            before, front = seen, front + 1
        if self._restless and self.drifted:
            yield from self._sweep()

    def _mend(self, front: int, before: Seen, seen: Seen) -> Looks:
        """Read both sides of a seam again until nothing can have slipped over it; give its later side as last seen."""
        for _ in range(_MOST_LOOKS_BACK):
            torn = self._is_torn(before, seen)
            if not torn and not self._is_blind(seen):
                break
            back = yield from self._look_back(front - 1, seen)
            if back == before and not torn:
                break
            before, (seen, _) = back, (yield front)
        else:  # two pages that stay one: the server does not know what a page is
            self._has_pages = before != seen
        return seen

    def _is_torn(self, before: Seen, seen: Seen) -> bool:
        """Say whether the seam before a page shows that items may have slipped over it."""
        grown = (seen.total_items or 0) - (before.total_items or 0)
        repeated = len(set(before.ids).intersection(seen.ids))
        self.drifted = self.drifted or bool(grown) or bool(repeated)
        return repeated != grown

    def _is_blind(self, seen: Seen) -> bool:
        """Say whether a seam can hide a loss."""
        return self._restless or seen.total_items is None

    def _look_back(self, page: int, after: Seen) -> Looks:
        """Read the page before *after* again, and further back while it begins with nothing that was read before it."""
        seen, fresh = yield page
        start = page
        while start > 0 and (not seen.ids or fresh[:1] == [0] or seen.ids[0] in after.ids):
            start -= 1
            seen, fresh = yield start
        for later in range(start + 1, page + 1):
            seen, _ = yield later
        return seen

    def _is_last(self, front: int, before: Seen | None, seen: Seen, *, stale: int) -> bool:
        """Say whether the list ends here; its own figures count only where they agree with its items."""
        most_stale = len(self._known) // self._size + 1 + _MOST_LOOKS_BACK  # what was read fills fewer pages
        if not seen.ids or not self._has_pages or stale > most_stale:
            return True
        if front + 1 != seen.total_pages:
            return False
        if seen.total_items is None:  # then only a page that is not full says so too
            return len(seen.ids) < self._size
        full = 0 if before is None else len(before.ids)  # which may be less than was asked for
        return seen.total_items == front * full + len(seen.ids)

    def _sweep(self) -> Steps:
        """Read the head again, to which items that were not read yet may have moved."""
        page = 0
        while (yield page)[1]:
            page += 1
