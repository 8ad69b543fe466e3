"""How programs end: silently, whatever they forgot. Each runs in an interpreter of its own that takes every warning for an error."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PRELUDE = """
import asyncio, gc, logging, sys
logging.getLogger("asyncio").addFilter(lambda record: "Executing" not in record.msg)  # a slow machine is no fault
from plextera_async import AsyncPlextera
from plextera_async.sandbox import Sandbox

async def use(client):
    await client.runs.list()
    await client.runs.start("daily")
    await client.files.upload(bytes(300_000))
"""

PROGRAMS = {
    "closed": """
        async def main():
            async with Sandbox() as sandbox, AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url) as client:
                await use(client)
        asyncio.run(main())
    """,
    "left open by a module": """
        client = None
        async def main():
            global client
            async with Sandbox() as sandbox:
                client = AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url)
                await use(client)
        for _ in range(3):
            asyncio.run(main())
    """,
    "loop closed without shutting down": """
        async def main():
            async with Sandbox() as sandbox:
                client = AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url)
                await use(client)
                return client
        loop = asyncio.new_event_loop()
        client = loop.run_until_complete(main())
        loop.close()
        del client
        gc.collect()
    """,
    "used again after such a loop": """
        clients = []
        async def main():
            async with Sandbox(api_key="k", port=PORT) as sandbox:
                if not clients:
                    clients.append(AsyncPlextera("k", base_url=sandbox.base_url))
                await use(clients[0])
        import socket
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            PORT = free.getsockname()[1]
        for _ in range(2):
            loop = asyncio.new_event_loop()
            loop.run_until_complete(main())
            loop.close()
        clients.clear()
        gc.collect()
    """,
    "cancelled upload": """
        async def main():
            async with Sandbox() as sandbox, AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url) as client:
                async def endless():
                    while True:
                        yield bytes(1000)
                        await asyncio.sleep(0)
                task = asyncio.create_task(client.files.upload(endless))
                while not sandbox.requests:
                    await asyncio.sleep(0.001)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        asyncio.run(main())
    """,
    "interrupted in a wait": """
        async def main():
            async with Sandbox() as sandbox, AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url) as client:
                handle = await client.runs.start("daily")
                asyncio.get_running_loop().call_later(0.02, asyncio.current_task().cancel)
                await handle.wait()
        try:
            asyncio.run(main())
        except asyncio.CancelledError:
            pass
    """,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_it_ends_silently(program: str) -> None:
    _run(_PRELUDE + textwrap.dedent(program))


def _run(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", program],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert done.stderr == ""
    assert done.returncode == 0


def test_errors_and_options_need_no_aiohttp() -> None:
    _run(
        "import sys, plextera_async.errors\n"
        "from plextera_async import NotFoundError, ClientOptions\n"
        "assert not {'aiohttp', 'anyio', 'cattrs'} & set(sys.modules)"
    )
