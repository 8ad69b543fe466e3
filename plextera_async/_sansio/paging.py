"""Which page to read next while the list moves, and which of its items are new.

Offset pages shift: an item that arrives before the seam of two pages pushes known items onto the later one (harmless:
they are seen twice), and one that leaves pulls unread items back over the seam (they would be missed). A seam shows
what happened: with nothing but arrivals at the head, a page repeats as many items as the list has grown. Where that
does not hold, or where items can leave and arrive unnoticed, the page before the seam is read again.
"""

from collections.abc import Generator, Sequence
from itertools import count

import attrs

__all__ = ["Seen", "Walk"]

_MOST_LOOKS_BACK = 3  # over one seam, so that a list in uproar cannot hold the walk for ever


@attrs.frozen(kw_only=True)
class Seen:
    """What one answer told: ids in order, and the list's own figures where it gave them."""

    ids: Sequence[str]
    total_items: int | None = None
    total_pages: int | None = None


Steps = Generator[int, tuple[Seen, list[int]], None]


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
                that changes), so that a seam can hide a loss: then the page before each seam is read twice.
        """
        self._size = size
        self._restless = restless
        self._known: set[str] = set()
        self._steps = self._plan()
        self.drifted = False
        self.page: int | None = next(self._steps)

    def feed(self, seen: Seen) -> list[int]:
        """Take the answer for `page`; give the positions of those of its items that are new, and move on."""
        fresh = []
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
        for front in count():
            seen, fresh = yield front
            if before is not None and self._is_torn(before, seen, fresh):
                yield from self._look_back(front - 1)
            if self._is_last(front, seen, before):
                break
            before = seen
        if self._restless and self.drifted:
            yield from self._sweep()

    def _is_torn(self, before: Seen, seen: Seen, fresh: list[int]) -> bool:
        """Say whether the seam before this page may hide items that were never read."""
        known_totals = seen.total_items is not None and before.total_items is not None
        grown = (seen.total_items or 0) - (before.total_items or 0) if known_totals else 0
        repeated = len(seen.ids) - len(fresh)
        self.drifted = self.drifted or bool(grown) or bool(repeated)
        return repeated != grown or self._restless

    def _look_back(self, page: int) -> Steps:
        """Read the page before a seam again, and further back while even its first item is new."""
        for earlier in range(page, max(-1, page - _MOST_LOOKS_BACK), -1):
            _, fresh = yield earlier
            self.drifted = self.drifted or bool(fresh)
            if not fresh or fresh[0] != 0:
                return

    def _is_last(self, front: int, seen: Seen, before: Seen | None) -> bool:
        """Say whether the list ends here; its own figures count only where they agree with its items."""
        repeats_for_ever = before is not None and list(seen.ids) == list(before.ids)
        if not seen.ids or repeats_for_ever:
            return True
        read = front * self._size + len(seen.ids)
        return (
            seen.total_pages is not None and front + 1 >= seen.total_pages and read >= (seen.total_items or 0)
        )

    def _sweep(self) -> Steps:
        """Read the head again, to which items that were not read yet may have moved."""
        for page in count():
            _, fresh = yield page
            if not fresh:
                return
