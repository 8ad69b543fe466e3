"""A small pretend API of its own, over raw sockets, that loses answers, lags, hides tags and tells wrong times on request.

It shares nothing with the sandbox: what creates promise is to hold against a second reading of the contract.
"""

import json
import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Self

import attrs

from tests.support.raw_server import RawServer, Wire, answer

Change = Callable[[list["Job"]], Iterable["Job"]]

LOST = ("drop", "500", "502", "truncated", "empty", "silence")
"""Ways to lose the answer of a create."""


@attrs.define
class Job:
    """An extraction as this server keeps it."""

    id: str
    created_at: datetime
    tags: dict[str, str] | None = None
    status: str = "QUEUED"
    listed_from: datetime | None = None
    """When lists begin to show it; None is at once."""


@attrs.define
class FickleServer:
    """Serves `POST` and `GET` of extractions; `async with` starts and stops it.

    Attributes:
        jobs: In the order in which they were created.
        plan: What to do with the creates to come, one after the other: `ok`, or `apply` or `skip` with one of LOST
            behind a space, or the status line of an error below 500; `ok` when it is used up.
        order: Puts a list into order; by default the newest first.
        list_tags: Makes the tags that lists show out of a job's.
        ahead: How far the server's clock is ahead; its `Date` is `date_ahead` more, None for no such header.
        lag: Seconds before lists show a new job.
        lists: How many lists were read.
        sends: Bodies of the creates that arrived whole.
        on_list: Called before a list is answered, with the number of the page.
        list_faults: Answers to lists to come, in place of a page; get_faults likewise.
        rejects_repeats: Whether a job whose key was there before is rejected.
    """

    now: Callable[[], datetime]
    jobs: list[Job] = attrs.field(factory=list)
    plan: list[str] = attrs.field(factory=list)
    order: Change = lambda jobs: sorted(jobs, key=lambda job: job.created_at, reverse=True)
    list_tags: Callable[[dict[str, str] | None], dict[str, str] | None] = lambda tags: tags
    ahead: timedelta = timedelta(0)
    date_ahead: timedelta | None = timedelta(0)
    lag: float = 0
    lists: int = 0
    gets: int = 0
    sends: list[bytes] = attrs.field(factory=list)
    on_list: Callable[[int], object] = lambda _: None
    list_faults: list[bytes] = attrs.field(factory=list)
    get_faults: list[bytes] = attrs.field(factory=list)
    rejects_repeats: bool = False
    _server: Any = None

    async def __aenter__(self) -> Self:
        self._server = RawServer(self._serve)
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *ended: object) -> None:
        await self._server.__aexit__(*ended)

    @property
    def base_url(self) -> str:
        return self._server.base_url

    def add(self, *, age: float = 0, tags: dict[str, str] | None = None, status: str = "COMPLETED") -> Job:
        """Keep a job that was created *age* seconds ago."""
        job = Job(f"job{len(self.jobs)}", self._time() - timedelta(seconds=age), tags, status)
        self.jobs.append(job)
        return job

    def keyed(self, key: str) -> list[Job]:
        """Give the jobs that carry a key."""
        return [job for job in self.jobs if (job.tags or {}).get("plexteraClientKey") == key]

    def _time(self) -> datetime:
        return self.now() + self.ahead

    async def _serve(self, wire: Wire) -> None:
        while True:
            line, headers, body = await wire.request()
            method, target, _ = line.split(" ")
            if method == "POST":
                self.sends.append(body)
                await self._create(wire, _tags(headers["content-type"], body))
            else:
                await wire.send(self._read(target))

    async def _create(self, wire: Wire, tags: dict[str, str] | None) -> None:
        fate = self.plan.pop(0) if self.plan else "ok"
        if fate[0].isdigit():
            await wire.send(self._answer({"error": {"code": "X", "message": "no"}}, status=fate))
            return
        deed, _, loss = fate.partition(" ")
        job = Job("not-kept", self._time(), tags)
        if deed != "skip":
            job = self.add(tags=tags, status="QUEUED")
            job.listed_from = job.created_at + timedelta(seconds=self.lag)
            if (
                self.rejects_repeats
                and len(self.jobs) > 1
                and self.keyed((tags or {})["plexteraClientKey"])[1:]
            ):
                job.status = "REJECTED"
        await self._tell(wire, job, loss)

    async def _tell(self, wire: Wire, job: Job, loss: str) -> None:
        whole = self._answer(_shown(job, job.tags), status="202 Accepted")
        if loss in ("500", "502"):
            await wire.send(self._answer({}, status=f"{loss} x"))
        elif loss == "truncated":
            await wire.send(whole[:-10])
            wire.reset()
        elif loss == "empty":
            await wire.send(answer(status="202 Accepted"))
        elif loss == "drop":
            wire.reset()
        elif not loss:
            await wire.send(whole)

    def _read(self, target: str) -> bytes:
        if match := re.search(r"extractions/([^/?]+)$", target):
            self.gets += 1
            if self.get_faults:
                return self.get_faults.pop(0)
            job = next(job for job in self.jobs if job.id == match[1])
            return self._answer(_shown(job, job.tags))
        self.lists += 1
        if self.list_faults:
            return self.list_faults.pop(0)
        page, size = (int(re.search(rf"[?&]{name}=(\d+)", target)[1]) for name in ("page", "size"))  # type: ignore[index]
        self.on_list(page)
        now = self._time()
        listed = [job for job in self.order(list(self.jobs)) if (job.listed_from or now) <= now]
        data = [_shown(job, self.list_tags(job.tags)) for job in listed[page * size : (page + 1) * size]]
        info = {"page": page, "size": size, "totalItems": len(listed), "totalPages": -(-len(listed) // size)}
        return self._answer({"data": data, "pageInfo": info})

    def _answer(self, value: Any, *, status: str = "200 OK") -> bytes:
        headers = ""
        if self.date_ahead is not None:
            headers = f"Date: {format_datetime(self._time() + self.date_ahead, usegmt=True)}\r\n"
        return answer(json.dumps(value).encode(), status=status, headers=headers)


def _shown(job: Job, tags: dict[str, str] | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": job.id, "status": job.status, "createdAt": job.created_at.isoformat()}
    if job.status == "COMPLETED":
        shown |= {"outputAvailable": True, "output": {"fields": []}, "completedAt": shown["createdAt"]}
    return shown if tags is None else shown | {"tags": tags}


def _tags(content_type: str, body: bytes) -> dict[str, str] | None:
    if content_type == "application/json":
        return json.loads(body).get("tags")
    match = re.search(rb'name="tags"\r\n.*?\r\n\r\n(.*?)\r\n--', body, re.DOTALL)
    return None if match is None else json.loads(match[1])
