"""Programs with a client, each in an interpreter of its own that must not have a word to say on stderr."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import dedent

import attrs

from tests.support.raw_server import RawServer, Wire, answer

HEAD = """
import asyncio, gc, logging, os, sys
from plextera_async import AsyncPlextera

logging.getLogger("asyncio").setLevel(logging.ERROR)  # on a busy machine, callbacks are slow

client = AsyncPlextera("key", base_url=sys.argv[1])

async def look(who="parent"):
    await client.runs.list(extra_query={"who": who})

"""


@attrs.define
class Served:
    """A server in a thread, and who asked it on which connection."""

    base_url: str = ""
    asked: list[tuple[int, str]] = attrs.field(factory=list)

    @property
    def connections(self) -> int:
        return len({number for number, _ in self.asked})

    def told_by(self, who: str) -> list[int]:
        return [number for number, asker in self.asked if asker == who]


@contextmanager
def serving() -> Iterator[Served]:
    """Serve for as long as the block lasts."""
    made, started, ended = Served(), threading.Event(), threading.Event()

    async def script(wire: Wire) -> None:
        while True:
            line, _, _ = await wire.request()
            made.asked.append((wire.number, line.partition("who=")[2].partition(" ")[0]))
            await wire.send(answer(b'{"data": []}'))

    async def serve() -> None:
        async with RawServer(script) as server:
            made.base_url = server.base_url
            started.set()
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait(10)
    yield made
    ended.set()
    thread.join()


def run(served: Served, program: str) -> str:
    """Run a program that has a client, and give what it printed; it must not have a word to say on stderr."""
    return interpreted("-c", HEAD + dedent(program), served.base_url)


def interpreted(*arguments: str) -> str:
    command = [sys.executable, "-X", "dev", "-W", "error", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout
