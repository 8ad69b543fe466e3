"""One client in whatever loops there are: nothing on stderr, whatever they end like."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.programs import HEAD, Served, interpreted, run, serving

SETTINGS = """[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as made:
        yield made


def test_successive_runs(served: Served):
    run(served, "for _ in range(3): asyncio.run(look())")

    assert served.connections == 3


def test_successive_runs_that_are_ended_by_ctrl_c_or_an_error(served: Served):
    run(
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
    run(
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
    interpreted(
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
    run(
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
    run(
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
    run(served, COUNTED.format(drop=drop))


def test_a_client_that_is_dropped_when_its_loops_have_ended_says_nothing(served: Served):
    run(
        served,
        """
        client.itself = client
        asyncio.run(look())
        del client
        gc.collect()
        """,
    )
