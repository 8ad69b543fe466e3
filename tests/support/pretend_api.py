"""Jobs that end, and lists of them, without a socket: what a watcher meets, in virtual time, with a server's oddities."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import attrs

from plextera_async import errors, models
from plextera_async._aio.sender import Answer
from plextera_async._sansio.events import EventSource, JobEvent, Listener
from plextera_async.client.handles import ExtractionHandle, ExtractJobHandle, Handle, RunHandle
from plextera_async.client.waits import Reader
from plextera_async.client.watcher import Lister
from plextera_async.client.watchers import Watchers
from plextera_async.options import PollPolicy
from tests.support import virtual_time

T = TypeVar("T")

_START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_KINDS: Mapping[str, tuple[Any, Any]] = {
    "extraction": (models.Extraction, ExtractionHandle),
    "run": (models.WorkflowRun, RunHandle),
    "job": (models.ExtractJob, ExtractJobHandle),
}


class _Clock(virtual_time.VirtualClock):
    """A clock that begins at 1000, and whose dice always show the middle."""

    def monotonic(self) -> float:
        return 1000 + asyncio.get_running_loop().time()

    def jitter(self) -> float:
        return 0.5


def failure(status: int, retry_after: float | None = None) -> errors.APIError:
    """Make what the sender raises for an error status."""
    kinds = {
        400: errors.InvalidRequestError,
        401: errors.AuthenticationError,
        403: errors.PermissionDeniedError,
        404: errors.NotFoundError,
        429: errors.RateLimitedError,
    }
    kind = kinds.get(status, errors.ServerError)
    return kind("pretended", status=status, retryable=status >= 429, retry_after=retry_after)


class Events(EventSource):
    """A source of events that tells what it is told."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []

    def subscribe(self, listener: Listener, /) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener) if listener in self.listeners else None

    def tell(self, event: JobEvent) -> None:
        for listener in tuple(self.listeners):
            listener(event)


@attrs.define
class Life:
    """One job: when it was made, began and ends, in seconds of the loop, and with which status."""

    id: str
    made: float
    begins: float
    ends: float
    end: str = "COMPLETED"
    output_after: float = 0.0

    def status(self, now: float) -> str:
        return self.end if now >= self.ends else "PROCESSING" if now >= self.begins else "QUEUED"

    def changed(self, now: float) -> float:
        return self.ends if now >= self.ends else self.begins if now >= self.begins else self.made


class PretendApi:
    """Answers reads as the API would, or not quite.

    Attributes:
        requests: How many there were, by `get` and `list`.
        queries: Those of lists, with their times.
        on_list: Called with each query: raises what is to go wrong, or changes the items of the whole list.
        on_get: Called with each id: raises what is to go wrong.
        shows_time: Whether list items tell `updatedAt`; `shows_info`: whether lists tell how many there are.
        sorts: Whether the order asked for is kept.
        filters: Whether the status asked for is kept.
        unlisted: Ids that no list shows.
    """

    def __init__(
        self, kind: str = "extraction", *, events: Events | None = None, policy: PollPolicy | None = None
    ):
        self.kind = kind
        self.clock = _Clock()
        self.events = events
        self.policy = policy or PollPolicy()
        self.watchers = Watchers(events)
        self.lives: dict[str, Life] = {}
        self.requests: Counter[str] = Counter()
        self.queries: list[tuple[float, Mapping[str, Any]]] = []
        self.gets: list[tuple[float, str]] = []
        self.on_list: Callable[[Mapping[str, Any], list[Life]], list[Life]] = lambda _, lives: lives
        self.on_get: Callable[[str], object] = lambda _: None
        self.shows_time = self.shows_info = self.sorts = self.filters = True
        self.lists_output = False
        self.unlisted: set[str] = set()
        self.round_trip = 0.05
        self.list_lag = 0.0

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    def reader(self) -> Reader[Any]:
        return Reader(self.read, Lister(self.kind, self.read_page, self.policy, self.clock), self.watchers)

    def create(
        self, lasts: float, *, queued: float = 0.5, end: str = "COMPLETED", output_after: float = 0.0
    ) -> Any:
        """Make a job that ends after so many seconds; gives its handle."""
        now = self.now
        life = Life(
            f"job-{len(self.lives)}", now, now + min(queued, lasts / 2), now + lasts, end, output_after
        )
        self.lives[life.id] = life
        return _KINDS[self.kind][1](life.id, self.reader(), answer=Answer(self.show(life, now), "made"))

    def handle(self, id: str) -> Handle[Any]:
        return _KINDS[self.kind][1](id, self.reader())

    async def read(self, id: str, _retry: object) -> Answer[Any]:
        self.requests["get"] += 1
        self.gets.append((self.now, id))
        await asyncio.sleep(self.round_trip)
        self.on_get(id)
        if id not in self.lives:
            raise failure(404)
        return Answer(self.show(self.lives[id], self.now, whole=True), "got")

    async def read_page(self, query: Mapping[str, Any]) -> Answer[Any]:
        self.requests["list"] += 1
        self.queries.append((self.now, query))
        await asyncio.sleep(self.round_trip)
        now = self.now - self.list_lag
        lives = [life for life in self.lives.values() if life.id not in self.unlisted and life.made <= now]
        lives.sort(key=lambda life: life.made, reverse=True)
        if self.sorts and query.get("sortBy") == "updatedAt":
            lives.sort(key=lambda life: life.changed(now), reverse=True)
        if self.filters and query.get("status") is not None:
            lives = [life for life in lives if life.status(now) == query["status"]]
        lives = self.on_list(query, lives)
        start = query["page"] * query["size"]
        items = [self.show(life, now, item=True) for life in lives[start : start + query["size"]]]
        info = models.PageInfo(total_items=len(lives), total_pages=-(-len(lives) // query["size"]))
        page = models.ExtractionPage(data=items, page_info=info if self.shows_info else None)
        return Answer(page, "listed")

    def show(self, life: Life, now: float, *, whole: bool = False, item: bool = False) -> Any:
        status = life.status(now)
        model = _KINDS[self.kind][0]
        is_over = now >= life.ends
        values: dict[str, Any] = {
            "id": life.id,
            "status": status,
            "created_at": self.stamp(life.made),
            "updated_at": self.stamp(life.changed(now)) if self.shows_time or not item else None,
            "completed_at": self.stamp(life.ends) if is_over else None,
        }
        if is_over and life.end in ("FAILED", "REJECTED") and not item:
            values["error"] = models.ProcessingError(code="SOME_CODE", message="text")
        has_output = whole or (item and self.lists_output)
        if has_output and is_over and life.end == "COMPLETED" and now >= life.ends + life.output_after:
            if self.kind == "run":
                values["steps"] = [models.RunStep(id="s", status="COMPLETED")]
            else:
                values["output"] = models.ExtractionOutput(fields=[])
        return model(**values)

    def event(self, life: Life, *, whole: bool = True) -> JobEvent:
        """Make the event of a job's end."""
        model = self.show(life, life.ends, whole=whole)
        return JobEvent(kind=self.kind, id=life.id, occurred_at=self.stamp(life.ends), model=model)

    def deliver(self, life: Life, *, after: float = 0.15, whole: bool = True) -> None:
        """Have the event of a job's end come so long after it."""
        assert self.events is not None
        asyncio.get_running_loop().call_later(
            life.ends + after - self.now, self.events.tell, self.event(life, whole=whole)
        )

    @staticmethod
    def stamp(moment: float) -> datetime:
        """Give a time of day, with seconds only, as the API does."""
        return _START + timedelta(seconds=int(moment))


def durations(number: int, *, median: float = 20.0, sigma: float = 0.6) -> list[float]:
    """Give log-normal durations, the same in each run."""
    dice = random.Random(1)  # noqa: S311 - reproducible
    return [median * dice.lognormvariate(0, sigma) for _ in range(number)]


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time, and check that it leaves no task behind."""

    async def watched() -> T:
        result = await main
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return result

    return virtual_time.run(watched())


async def late_by(api: PretendApi, handle: Any, call: str = "wait", **arguments: Any) -> float:
    """Wait, and give how many seconds after the job's end that was over."""
    await getattr(handle, call)(**arguments)
    return api.now - api.lives[handle.id].ends


async def all_ended(api: PretendApi, lengths: Sequence[float], call: str = "wait") -> list[float]:
    """Make jobs that last so long and wait for all; give, sorted, how late that was."""
    handles = [api.create(length) for length in lengths]
    late = await asyncio.gather(*(late_by(api, handle, call) for handle in handles))
    assert not any(api.watchers._by_loop.values())
    assert all(handle.status == "COMPLETED" for handle in handles)
    return sorted(late)
