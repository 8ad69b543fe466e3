"""One client in whatever loops there are: each program runs in an interpreter of its own, and stderr stays empty."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import attrs
import pytest

from tests.support.raw_server import RawServer, Wire, answer

HEAD = """
import asyncio, gc, logging, os, sys
from plextera_async import AsyncPlextera

logging.getLogger("asyncio").setLevel(logging.ERROR)  # on a busy machine, callbacks are slow

client = AsyncPlextera("key", base_url=sys.argv[1])

async def look(who="parent"):
    await client.runs.list(extra_query={"who": who})

"""


SETTINGS = """[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
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


@pytest.fixture
def served() -> Iterator[Served]:
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


def _run(served: Served, program: str) -> str:
    """Run a program that has a client, and give what it printed; it must not have a word to say on stderr."""
    return _interpreted("-c", HEAD + dedent(program), served.base_url)


def _interpreted(*arguments: str) -> str:
    command = [sys.executable, "-X", "dev", "-W", "error", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


def test_successive_runs(served: Served):
    _run(served, "for _ in range(3): asyncio.run(look())")

    assert served.connections == 3


def test_successive_runs_that_are_ended_by_ctrl_c_or_an_error(served: Served):
    _run(
        served,
        """
        async def broken(error):
            await look()
            raise error

        for error in (KeyboardInterrupt, ValueError, SystemExit):
            try:
                asyncio.run(broken(error))
            except error:
                pass
        asyncio.run(look())
        """,
    )

    assert served.connections == 4


def test_a_loop_that_is_closed_without_more_ado(served: Served):
    """Without `shutdown_asyncgens`, as older programs do: the next use, or the end of the client, clears up."""
    _run(
        served,
        """
        def work():
            loop = asyncio.new_event_loop()
            loop.run_until_complete(look())
            loop.close()

        work()
        work()
        gc.collect()
        asyncio.run(look())
        work()
        """,
    )

    assert served.connections == 4


def test_a_test_each_with_a_loop_of_its_own(served: Served, tmp_path: Path):
    tests = HEAD.replace("sys.argv[1]", repr(served.base_url))
    tests += "".join(f"async def test_{number}():\n    await look()\n\n" for number in range(3))
    (tmp_path / "test_module.py").write_text(tests)
    (tmp_path / "pytest.ini").write_text(SETTINGS)
    _interpreted(
        "-m",
        "pytest",
        "-p",
        "pytest_asyncio.plugin",
        "-p",
        "no:cacheprovider",
        "--disable-plugin-autoload",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    )

    assert served.connections == 3


def test_uvloop(served: Served):
    _run(
        served,
        """
        import uvloop
        for _ in range(2):
            uvloop.run(look())
        asyncio.run(look())
        """,
    )

    assert served.connections == 3


def test_two_threads_with_two_loops(served: Served):
    _run(
        served,
        """
        import threading
        barrier = threading.Barrier(2)

        async def work():
            for _ in range(3):
                await asyncio.gather(*(look() for _ in range(3)))

        def run():
            barrier.wait()  # both come first
            asyncio.run(work())

        threads = [threading.Thread(target=run) for _ in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert not client._sender.transport.sessions._open
        """,
    )

    assert len(served.asked) == 18


# After fork


def test_a_child_has_connections_of_its_own(served: Served):
    """A fork in the midst of a loop: parent and child share its poll, so that the child must not touch what is on it."""
    _run(
        served,
        """
        async def work():
            await look()
            child = os.fork()
            if not child:
                status = 1
                try:
                    asyncio.run(look("child"))
                    asyncio.run(look("child"))
                    status = 0
                finally:
                    os._exit(status)
            assert os.waitpid(child, 0)[1] == 0
            await look()
            await client.aclose()

        asyncio.run(work())
        """,
    )

    parent, child = served.told_by("parent"), served.told_by("child")
    assert len(parent) == len(child) == 2
    assert len(set(parent)) == 1
    assert not {*parent} & {*child}


@pytest.mark.parametrize("end", ["client = None", "asyncio.run(client.aclose())", "pass"])
def test_a_child_that_drops_or_closes_the_client_leaves_the_parents_connections_alone(
    served: Served, end: str
):
    _run(
        served,
        f"""
        async def work():
            global client
            await look()
            child = os.fork()
            if not child:
                status = 1
                try:
                    {end}
                    gc.collect()
                    status = 0
                finally:
                    os._exit(status)
            assert os.waitpid(child, 0)[1] == 0
            await look()
            await client.aclose()

        asyncio.run(work())
        """,
    )

    assert len(served.asked) == 2
    assert served.connections == 1


def test_workers_of_multiprocessing(served: Served):
    _run(
        served,
        """
        import multiprocessing

        def work(number):
            asyncio.run(look(f"child{number}"))

        async def main():
            await look()
            context = multiprocessing.get_context("fork")
            workers = [context.Process(target=work, args=(number,)) for number in range(2)]
            [worker.start() for worker in workers]
            [worker.join() for worker in workers]
            assert [worker.exitcode for worker in workers] == [0, 0]
            await look()
            await client.aclose()

        asyncio.run(main())
        """,
    )

    used = [set(served.told_by(who)) for who in ("parent", "child0", "child1")]
    assert [len(numbers) for numbers in used] == [1, 1, 1]
    assert len(set.union(*used)) == 3


# Dropped without being closed

COUNTED = """
        import warnings
        warnings.resetwarnings()
        seen = []
        warnings.showwarning = lambda message, *_, **__: seen.append(str(message))

        async def work():
            global client
            await look()
            {drop}
            gc.collect()
            for _ in range(20):
                await asyncio.sleep(0)
            gc.collect()

        asyncio.run(work())
        gc.collect()
        assert len(seen) == 1 and "aclose()" in seen[0], seen
"""


@pytest.mark.parametrize(
    "drop",
    [
        "client = None",
        "client.itself = client; client = None",
        "client.pair = [client, client._sender.transport.sessions]; client = None",
    ],
)
def test_a_client_that_is_dropped_open_warns_once(served: Served, drop: str):
    _run(served, COUNTED.format(drop=drop))


def test_a_client_that_is_dropped_when_its_loops_have_ended_says_nothing(served: Served):
    _run(
        served,
        """
        client.itself = client
        asyncio.run(look())
        del client
        gc.collect()
        """,
    )
