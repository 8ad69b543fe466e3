"""The server of the benchmarks: the contract's calls on a bare asyncio protocol, so that it is never what is measured.

`python -m tests.benchmarks.server [--delay SECONDS] [--verify]` prints its port and serves until it is stopped.
"""

import argparse
import asyncio
import hashlib
import json
from collections import Counter
from functools import partial
from typing import Any, cast

from tests.benchmarks import answers

__all__ = ["Book", "serve"]

_END = b"\r\n\r\n"
_JOBS = "/document-insights/extractions"
_COMPLETED_AT = 3  # the poll that finds the job at its end
_OK, _CREATED, _ACCEPTED, _MISSING = b"200 OK", b"201 Created", b"202 Accepted", b"404 Not Found"


class Book:
    """What the connections share: counters, and in verification the hashes of the files that came."""

    def __init__(self, *, delay: float, verify: bool) -> None:
        self.base_url = ""
        self.delay = delay
        self.verify = verify
        self.requests: Counter[str] = Counter()
        self.digests: list[str] = []
        self.connections = 0
        self._polls: Counter[str] = Counter()
        self._file = answers.file("{id}")  # made once: JSON would be most of the server's work
        self._completed = answers.completed("{id}")
        self._queued = answers.pending("{id}", "QUEUED")
        self._pending = answers.pending("{id}", "PROCESSING")

    def answer(self, line: str, kind: str, body: bytes | None) -> bytes:
        """Give the whole answer to a request; *body* is None where nobody will look at it."""
        method, target, _ = line.split(" ", 2)
        path = target.partition("?")[0]
        if method == "POST":
            return self._created(path, kind, body)
        if path == "/seen":
            told = {"requests": self.requests, "digests": self.digests, "connections": self.connections}
            return _whole(_OK, json.dumps(told).encode())
        if path.endswith(_JOBS):
            return _whole(_MISSING, b"")  # no lists: waits look at each job as often as those that have none
        return self._read(path.rpartition("/")[2])

    def _created(self, path: str, kind: str, body: bytes | None) -> bytes:
        if path.endswith("/files"):
            self.requests["upload"] += 1
            if body is not None:
                self.digests.append(hashlib.sha256(_file_part(kind, body)).hexdigest())
            return _whole(_CREATED, self._file.replace(b"{id}", b"file_%026d" % self.requests["upload"]))
        if path.endswith(_JOBS):
            self.requests["create"] += 1
            if body is not None and not json.loads(body)["document"]["fileId"].startswith("file_"):
                raise ValueError("a create without the file's id")
            return _whole(_ACCEPTED, self._queued.replace(b"{id}", b"job-%d" % self.requests["create"]))
        raise ValueError(f"no such call: {path}")

    def _read(self, id: str) -> bytes:
        self.requests["read"] += 1
        self._polls[id] += 1
        ended = id.startswith("job-") and self._polls[id] == _COMPLETED_AT
        if ended:
            del self._polls[id]
        return _whole(_OK, (self._completed if ended else self._pending).replace(b"{id}", id.encode()))


def _file_part(kind: str, body: bytes) -> bytes:
    """Give the content of the one file part of a form."""
    boundary = b"--" + kind.partition("boundary=")[2].strip('"').encode()
    for part in body.split(boundary):
        head, _, content = part.partition(_END)
        if b'name="file"' in head:
            return content.removesuffix(b"\r\n")
    raise ValueError("a form without a file")


def _whole(status: bytes, body: bytes) -> bytes:
    head = (
        b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nX-Request-Id: 7f3a\r\nContent-Length: %d\r\n\r\n"
    )
    return head % (status, len(body)) + body


class _Wire(asyncio.Protocol):
    """One connection: heads are parsed, bodies counted, and kept only where they are looked at."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._head = b""
        self._line = self._kind = ""
        self._left = -1  # bytes of the body that are still to come; -1 while a head is read
        self._kept: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._book.connections += 1

    def data_received(self, data: bytes) -> None:
        while data:
            if self._left < 0:
                data = self._read_head(data)
                continue
            taken, data = data[: self._left], data[self._left :]
            self._left -= len(taken)
            if self._book.verify:
                self._kept.append(taken)
            if self._left == 0:
                self._reply()

    def _read_head(self, data: bytes) -> bytes:
        """Read a head; give what follows it, nothing while it is not complete."""
        head, found, rest = (self._head + data).partition(_END)
        if not found:
            self._head = head
            return b""
        self._head = b""
        self._line, *rows = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rows)}
        if "transfer-encoding" in headers:
            raise ValueError("a body without a length: no arm may send one")
        self._kind = headers.get("content-type", "")
        self._left = int(headers.get("content-length", "0"))
        if headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._left == 0:
            self._reply()
        return rest

    def _reply(self) -> None:
        self._left = -1
        kept, self._kept = self._kept, []
        reply = self._book.answer(self._line, self._kind, b"".join(kept) if self._book.verify else None)
        if self._book.delay:
            asyncio.get_running_loop().call_later(self._book.delay, partial(self._transport.write, reply))
        else:
            self._transport.write(reply)


async def serve(book: Book) -> asyncio.Server:
    """Serve on a free port of loopback."""
    return await asyncio.get_running_loop().create_server(lambda: _Wire(book), "127.0.0.1", 0, backlog=4096)


async def _forever(arguments: Any) -> None:
    server = await serve(Book(delay=arguments.delay, verify=arguments.verify))
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how the parent learns of it
    await server.serve_forever()


def main() -> None:
    """Serve, on uvloop."""
    import uvloop  # noqa: PLC0415 - the tests use `serve` without it

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--verify", action="store_true")
    uvloop.run(_forever(parser.parse_args()))


if __name__ == "__main__":
    main()
