"""Many waits leave nothing behind: no task, no word on standard error, over several loops and threads."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]

_BEGIN = """
import asyncio, threading
from plextera_async import AsyncPlextera, ClientOptions, PollPolicy
from plextera_async.sandbox import Sandbox, Timing
from plextera_async.webhooks import WebhookReceiver, WebhookVerifier

ready, over = threading.Event(), threading.Event()
held = []

async def calmly(main):
    asyncio.get_running_loop().slow_callback_duration = 60  # a busy machine is slow, and that is no leak
    return await main

async def serve():
    async with Sandbox(timing=Timing(queued=0.01, processing=0.05)) as sandbox:
        held.append(sandbox)
        ready.set()
        await asyncio.to_thread(over.wait)

thread = threading.Thread(target=asyncio.run, args=(calmly(serve()),))
thread.start()
ready.wait()
receiver = WebhookReceiver(WebhookVerifier("secret"))
client = AsyncPlextera(
    held[0].api_key, base_url=held[0].base_url, events=receiver,
    options=ClientOptions(polling=PollPolicy(first_delay=0.02, max_delay=0.1)),
)

async def ends():
    handles = [await client.runs.start("daily") for _ in range(8)]
    return [run.status for run in await asyncio.gather(*(handle.wait() for handle in handles))]

async def breaks_off():
    held[0].timing = Timing(queued=1000)
    handles = [await client.runs.start("daily") for _ in range(8)]
    waits = [asyncio.ensure_future(handle.wait()) for handle in handles]
    await asyncio.sleep(0.1)

async def cancels():
    held[0].timing = Timing(queued=1000)
    handles = [await client.runs.start("daily") for _ in range(8)]
    waits = [asyncio.ensure_future(handle.wait()) for handle in handles]
    await asyncio.sleep(0.1)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)
    assert asyncio.all_tasks() == {asyncio.current_task()}
"""

_END = """
assert not any(client._watchers._by_loop.values())
over.set()
thread.join()
print("over")
"""

PROGRAMS = {
    "successive loops": "for _ in range(3):\n    assert asyncio.run(calmly(ends())) == ['COMPLETED'] * 8",
    "two threads": """
threads = [threading.Thread(target=asyncio.run, args=(calmly(ends()),)) for _ in range(2)]
for each in threads:
    each.start()
for each in threads:
    each.join()
""",
    "a loop that ends with open waits": "asyncio.run(calmly(breaks_off()))\nasyncio.run(calmly(breaks_off()))",
    "cancellation": "asyncio.run(calmly(cancels()))",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_nothing_is_left_and_nothing_is_said(program: str) -> None:
    whole = textwrap.dedent(_BEGIN) + program + _END
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", whole],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert (done.stdout, done.stderr, done.returncode) == ("over\n", "", 0)
