"""A server that does nothing but let jobs end: fast, so that what is measured is the client. Run in a process of its own.

`python -m tests.benchmarks.pretend_jobs [SCALE]` prints its port. Times of jobs are divided by SCALE; the times that it
tells are not, so that a second of the server is a second of the client.
"""

import asyncio
import json
import math
import random
import sys
import time
from bisect import insort
from datetime import UTC, datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

MEDIAN, SIGMA = 20.0, 0.6
_QUEUED = 0.5  # seconds before work begins
_FIELDS = [
    {"id": f"f{number}", "name": f"Field {number}", "value": "x" * 20, "confidence": 0.9}
    for number in range(20)
]
_COMPLETED = "document-insights.extraction.completed"
_DELIVERY = 0.15  # seconds from an end to its event


def stamp(moment: float) -> str:
    """Write a time as the API does, with seconds only."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Job:
    """One extraction or run."""

    __slots__ = ("created", "ended", "id", "key", "kind", "status", "updated")

    def __init__(self, id: str, kind: str, now: float) -> None:
        self.id, self.kind, self.status = id, kind, "QUEUED"
        self.created = self.updated = now
        self.ended: float | None = None
        self.key: tuple[float, str] = (-now, id)

    def show(self, *, whole: bool) -> dict[str, object]:
        shown: dict[str, object] = {
            "id": self.id,
            "status": self.status,
            "createdAt": stamp(self.created),
            "updatedAt": stamp(self.updated),
        }
        if self.kind == "run":
            shown["workflow"] = {"id": "daily", "name": "Daily"}
        else:
            shown["outputAvailable"] = self.ended is not None
        if self.ended is not None:
            shown["completedAt"] = stamp(self.ended)
        if whole and self.ended is not None:
            shown |= {"steps": []} if self.kind == "run" else {"output": {"fields": _FIELDS}}
        return shown


class World:
    """The jobs, in the order of their last change; counts what is asked."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.jobs: dict[str, Job] = {}
        self.order: dict[str, list[tuple[tuple[float, str], Job]]] = {"extraction": [], "run": []}
        self.running: dict[str, dict[str, dict[str, Job]]] = {
            kind: {"QUEUED": {}, "PROCESSING": {}} for kind in self.order
        }
        self.requests = {"list": 0, "get": 0, "create": 0}
        self.numbers = count()
        self.dice = random.Random(7)  # noqa: S311 - the same durations in each run
        self.streams: list[asyncio.Transport] = []

    def create(self, kind: str) -> Job:
        job = Job(f"{next(self.numbers):024x}", kind, time.time())
        self.jobs[job.id] = job
        insort(self.order[kind], (job.key, job), key=lambda pair: pair[0])
        self.running[kind]["QUEUED"][job.id] = job
        duration = MEDIAN * math.exp(SIGMA * self.dice.gauss(0, 1)) / self.scale
        loop = asyncio.get_running_loop()
        loop.call_later(min(_QUEUED, duration / 2), self.change, job, "PROCESSING")
        loop.call_later(duration, self.change, job, "COMPLETED")
        return job

    def change(self, job: Job, status: str) -> None:
        now = time.time()
        order = self.order[job.kind]
        low, high = 0, len(order)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if order[middle][0] < job.key else (low, middle)
        del order[low]
        del self.running[job.kind][job.status][job.id]
        job.status, job.updated, job.key = status, now, (-now, job.id)
        insort(order, (job.key, job), key=lambda pair: pair[0])
        if status == "COMPLETED":
            job.ended = now
            self.tell(job)
        else:
            self.running[job.kind][status][job.id] = job

    def tell(self, job: Job) -> None:
        """Send the event of an end, one line of JSON, to those who listen, a little later as deliveries do."""
        body = {
            "eventId": f"evt_{job.id}",
            "eventType": "workflow.run.completed" if job.kind == "run" else _COMPLETED,
            "occurredAt": stamp(job.updated),
            "apiVersion": "v1",
            "data": job.show(whole=True),
        }
        line = json.dumps(body).encode() + b"\n"
        for stream in self.streams:
            asyncio.get_running_loop().call_later(_DELIVERY, stream.write, line)

    def page(self, kind: str, query: dict[str, str]) -> dict[str, object]:
        self.requests["list"] += 1
        number, size = int(query.get("page", "0")), int(query.get("size", "50"))
        start = number * size
        if "status" in query:
            found = list(self.running[kind].get(query["status"], {}).values())
            total, shown = len(found), found[start : start + size]
        else:
            total = len(self.order[kind])
            shown = [job for _, job in self.order[kind][start : start + size]]
        info = {"page": number, "size": size, "totalItems": total, "totalPages": -(-total // size)}
        return {"data": [job.show(whole=False) for job in shown], "pageInfo": info}

    def answer(self, method: str, target: str) -> tuple[int, object]:
        url = urlsplit(target)
        path = url.path
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if path == "/counts":
            ends = {job.id: job.ended for job in self.jobs.values()}
            return 200, {"requests": self.requests, "ends": ends}
        if method == "POST":
            self.requests["create"] += 1
            return 202, self.create("run" if path.startswith("/workflows") else "extraction").show(whole=True)
        if path in ("/document-insights/extractions", "/workflow-runs"):
            return 200, self.page("run" if path == "/workflow-runs" else "extraction", query)
        self.requests["get"] += 1
        job = self.jobs.get(path.rpartition("/")[2])
        return (200, job.show(whole=True)) if job is not None else (404, {})


class Connection(asyncio.Protocol):
    """HTTP/1.1, as much of it as one known client needs."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.buffer = b""

    def connection_made(self, transport: Any) -> None:
        self.transport: asyncio.Transport = transport

    def connection_lost(self, _: Exception | None) -> None:
        if self.transport in self.world.streams:
            self.world.streams.remove(self.transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].decode("latin-1").split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in head[1:])
            whole = end + 4 + int(fields.get("content-length", "0"))
            if len(self.buffer) < whole:
                return
            self.buffer = self.buffer[whole:]
            method, target, _ = head[0].split(" ")
            if target == "/events":
                self.world.streams.append(self.transport)
                self.transport.write(b"\n")
                return
            status, content = self.world.answer(method, target)
            body = json.dumps(content).encode()
            lines = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self.transport.write(lines.encode() + body)


async def serve(scale: float) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    world = World(scale)
    server = await loop.create_server(lambda: Connection(world), "127.0.0.1", 0, backlog=1000)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
