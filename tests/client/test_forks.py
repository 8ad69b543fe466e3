"""A forked child leaves the connections of its parent alone, and has its own."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.programs import Served, run, serving


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as made:
        yield made


def test_a_child_has_connections_of_its_own(served: Served):
    """A fork in the midst of a loop: parent and child share its poll, so that the child must not touch what is on it."""
    run(
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
    run(
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
    run(
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_parent_and_child_never_give_a_request_the_same_id():
    program = """
import os
from plextera_async._aio.clock import Clock

def tell():
    os.write(1, f"{Clock().request_id()}\\n".encode())  # at once, as two processes write

tell()
child = os.fork()
tell()
if not child:
    os._exit(0)
os.waitpid(child, 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=50
    )

    ids = done.stdout.split()
    assert len(set(ids)) == 3
    assert len({id[:16] for id in ids}) == 2
