"""Paged lists: awaitable for the first page, iterable over all items."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Sequence
from typing import Any, Generic, Protocol, TypeVar

import attrs

from plextera_async._aio.sender import Answer
from plextera_async._sansio.paging import Seen, Walk
from plextera_async.models import PageInfo

__all__ = ["Fetch", "Page", "Pages", "seen_on"]


class _Listed(Protocol):
    @property
    def id(self) -> str: ...


ItemT = TypeVar("ItemT", bound=_Listed)


class _Envelope(Protocol[ItemT]):
    @property
    def data(self) -> list[ItemT]: ...

    @property
    def page_info(self) -> PageInfo | None: ...


Fetch = Callable[[int], Awaitable[Answer[Any]]]
"""Reads the page with this zero-based number; the model of its answer has `data` and `page_info`."""


@attrs.frozen(kw_only=True)
class Page(Generic[ItemT]):
    """Items that one answer brought.

    Iterating a `Pages` gives pages without the items that an earlier page of the same pass had; awaiting it gives the
    first page as the server sent it.
    """

    items: Sequence[ItemT]
    page_info: PageInfo | None = None
    request_id: str | None = None


class Pages(Generic[ItemT]):
    """A list on the server, read as far as it is iterated.

    `await pages` reads the first page; `async for item in pages` reads all, each page when it is needed, and each id
    at most once however the list moves meanwhile; `by_page()` gives pages instead of items. Each of these starts
    anew. Leaving a loop early leaves nothing open.

    Attributes:
        drift_detected: Whether the list was seen to change during the last pass.
    """

    def __init__(self, fetch: Fetch, *, size: int, restless: bool = False) -> None:
        """Made by the client."""
        self._fetch = fetch
        self._size = size
        self._restless = restless
        self.drift_detected = False

    def __await__(self) -> Generator[Any, None, Page[ItemT]]:
        """Read the first page.

        Raises:
            PlexteraError: As every call does.
        """
        return self._first().__await__()

    async def _first(self) -> Page[ItemT]:
        return _page(await self._fetch(0))

    async def __aiter__(self) -> AsyncIterator[ItemT]:
        """Give all items.

        Raises:
            PlexteraError: As every call does; the items that came before stand.
        """
        async for page in self.by_page():
            for item in page.items:
                yield item

    async def by_page(self) -> AsyncIterator[Page[ItemT]]:
        """Give the pages, with the items that are new in each; after the first, pages with none are passed over.

        Raises:
            PlexteraError: As every call does.
        """
        self.drift_detected = False
        walk = Walk(size=self._size, restless=self._restless)
        first = True
        while walk.page is not None:
            page: Page[ItemT] = _page(await self._fetch(walk.page))
            fresh = walk.feed(seen_on(page))
            self.drift_detected = walk.drifted
            if fresh or first:
                first = False
                yield attrs.evolve(page, items=[page.items[position] for position in fresh])


def _page(answer: Answer[_Envelope[ItemT]]) -> Page[ItemT]:
    return Page(items=answer.model.data, page_info=answer.model.page_info, request_id=answer.request_id)


def seen_on(page: Page[Any]) -> Seen:
    """Give what a walk needs to know of a page."""
    info = page.page_info
    ids = [item.id for item in page.items]
    if info is None:
        return Seen(ids=ids)
    return Seen(ids=ids, total_items=info.total_items, total_pages=info.total_pages)
