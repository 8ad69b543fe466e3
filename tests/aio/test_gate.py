"""Who leaves, in what order, and that nothing is left of those who went away."""

import asyncio
from collections.abc import Coroutine
from itertools import pairwise
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plextera_async._aio.gate import Gate, Turn
from plextera_async._sansio.pacing import Kind, Pace, Told
from tests.support.virtual_time import VirtualClock, run


@attrs.define
class Door:
    """A gate, and a list of who left it and when."""

    gate: Gate
    clock: VirtualClock = attrs.field(factory=VirtualClock)
    left: list[tuple[str, float]] = attrs.field(factory=list)

    async def goes(
        self, name: str, *, kind: Kind = "reads", lasts: float = 0.0, told: Told = Told.TAKEN, **rest: Any
    ) -> None:
        """Make one attempt."""
        await self.tries(name, self.gate.turn(kind, self.clock, **rest), lasts=lasts, told=told)

    async def tries(
        self, name: str, turn: Turn, *, lasts: float = 0.0, told: Told = Told.TAKEN, pause: float = 0.0
    ) -> None:
        """Make one attempt of a call."""
        says = Told.NOTHING
        if not turn.begins():
            await turn.wait()
        try:
            self.left.append((name, self.clock.monotonic()))
            await asyncio.sleep(lasts)
            says = told
        finally:
            turn.ends(says, pause)

    def pace(self, kind: Kind = "reads") -> Pace:
        """Tell how a kind goes."""
        pace: Pace = getattr(self.gate.paces(self.clock.monotonic()), kind)
        return pace

    def names(self) -> str:
        """Give who left, in order."""
        return "".join(name for name, _ in self.left)


def _at_once(*coroutines: Coroutine[Any, Any, None]) -> "list[asyncio.Task[None]]":
    return [asyncio.ensure_future(coroutine) for coroutine in coroutines]


async def _refused(door: Door, *, taken: int, pause: float, kind: Kind = "reads") -> None:
    """Let the server take so many, and then refuse one."""
    for _ in range(taken):
        await door.goes("", kind=kind)
    await door.tries("", door.gate.turn(kind, door.clock), told=Told.REFUSED, pause=pause)
    door.left.clear()


def test_calls_leave_in_the_order_in_which_they_were_made():
    async def main() -> Door:
        door = Door(Gate(2))
        await asyncio.gather(*(door.goes(name, lasts=1) for name in "abcdef"))
        return door

    door = run(main())

    assert door.left == [("a", 0), ("b", 0), ("c", 1), ("d", 1), ("e", 2), ("f", 2)]


def test_a_repeated_attempt_has_its_old_place():
    async def main() -> Door:
        door = Door(Gate(1))
        turn = door.gate.turn("reads", door.clock)
        await door.tries("a", turn, told=Told.FAILED)
        others = _at_once(*(door.goes(name, lasts=1) for name in "bcd"))
        await asyncio.sleep(0.5)
        await door.tries("A", turn)
        await asyncio.gather(*others)
        return door

    assert run(main()).names() == "abAcd"


def test_a_refusal_holds_back_its_kind_until_the_time_named_and_no_other():
    async def main() -> Door:
        door = Door(Gate(100))
        await _refused(door, taken=10, pause=3.0)
        assert door.pace() == Pace(per_second=10, paused_for=3.0, in_flight=0, most_in_flight=100, waiting=0)
        reads = _at_once(*(door.goes("r") for _ in range(4)))
        creates = _at_once(*(door.goes("c", kind="creates") for _ in range(4)))
        await asyncio.gather(*creates)
        assert door.names() == "cccc"
        assert (door.pace().waiting, door.pace("creates").per_second) == (4, None)
        door.left.clear()
        await asyncio.gather(*reads)
        return door

    moments = [at for _, at in run(main()).left]

    assert moments[0] == pytest.approx(3.0)
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert gaps == pytest.approx([0.1, 0.1, 0.1], rel=0.05)  # spread, at the rate that was learned


def test_refusals_of_what_left_before_the_first_one_do_not_cut_again():
    async def main() -> Pace:
        door = Door(Gate(100))
        herd = _at_once(*(door.goes("", lasts=1) for _ in range(20)))
        turns = [door.gate.turn("reads", door.clock) for _ in range(10)]
        refused = _at_once(
            *(
                door.tries("", turn, lasts=1 + n / 100, told=Told.REFUSED, pause=2)
                for n, turn in enumerate(turns)
            )
        )
        await asyncio.gather(*herd, *refused)
        return door.pace()

    pace = run(main())

    assert pace.per_second == 20
    assert pace.paused_for == pytest.approx(2.0)  # from the last of them


def test_whoever_sleeps_for_the_others_may_go_away():
    async def main() -> Door:
        door = Door(Gate(100))
        await _refused(door, taken=10, pause=1.0)
        first, *others = _at_once(*(door.goes(name) for name in "abcd"))
        await asyncio.sleep(0.5)
        first.cancel()
        await asyncio.gather(*others)
        return door

    door = run(main())

    assert door.names() == "bcd"
    assert [at for _, at in door.left] == pytest.approx([1.0, 1.1, 1.2], rel=0.02)


def test_looks_let_others_go_first_but_not_for_ever():
    async def main() -> Door:
        door = Door(Gate(1))
        await asyncio.gather(
            door.goes("-", lasts=1),
            *(door.goes("p", lasts=1, poll=True) for _ in range(3)),
            *(door.goes("r", lasts=1) for _ in range(8)),
            *(door.goes("c", kind="creates", lasts=1) for _ in range(2)),
        )
        return door

    assert run(main()).names() == "-rrrprrrprrcpc"


def test_a_kind_that_waits_for_its_rate_takes_no_room_from_the_others():
    async def main() -> Door:
        door = Door(Gate(2))
        await _refused(door, taken=2, pause=0.5, kind="uploads")
        await asyncio.gather(
            *(door.goes("u", kind="uploads", lasts=0.1) for _ in range(3)),
            *(door.goes("r", lasts=0.1) for _ in range(6)),
        )
        return door

    assert run(main()).names()[:6] == "rrrrrr"


def test_gates_of_one_client_share_what_they_learn_and_not_their_room():
    async def main() -> tuple[Pace, Pace]:
        door = Door(Gate(100))
        await _refused(door, taken=10, pause=1.0)
        beside = Door(Gate(1, door.gate.lessons))
        tasks = _at_once(*(one.goes(name) for one in (door, beside) for name in "ab"))
        await asyncio.sleep(0.5)
        paces = door.pace(), beside.pace()
        await asyncio.gather(*tasks)
        moments = sorted(at for one in (door, beside) for _, at in one.left)
        assert moments == pytest.approx([1.0, 1.1, 1.2, 1.3], rel=0.03)
        return paces

    first, second = run(main())

    assert first == Pace(per_second=10, paused_for=0.5, in_flight=0, most_in_flight=100, waiting=2)
    assert second == attrs.evolve(first, most_in_flight=1)


def test_every_loop_has_its_own():
    gate = Gate(1)

    async def main(lasts: float) -> int:
        door = Door(gate)
        assert door.pace() == Pace(per_second=None, paused_for=0.0, in_flight=0, most_in_flight=1, waiting=0)
        await _refused(door, taken=1, pause=lasts)
        tasks = _at_once(door.goes("a"), door.goes("b"))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return door.pace().in_flight

    assert [run(main(1.0)), run(main(2.0))] == [0, 0]
    with pytest.raises(RuntimeError):
        gate.paces(0.0)


@attrs.frozen
class Caller:
    """When a task begins, how long it takes, when it is cancelled, and what it learns."""

    kind: Kind
    poll: bool
    begins: float
    lasts: float
    cancelled: float | None
    told: Told


callers = st.builds(
    Caller,
    kind=st.sampled_from(["uploads", "creates", "reads"]),
    poll=st.booleans(),
    begins=st.floats(0, 2),
    lasts=st.sampled_from([0.0, 0.1, 1.0]),
    cancelled=st.none() | st.floats(0, 4),
    told=st.sampled_from(Told),
)


@settings(max_examples=150, deadline=None)
@given(limit=st.integers(1, 5), everybody=st.lists(callers, max_size=25))
def test_whoever_is_cancelled_leaves_no_trace_and_everybody_else_leaves(limit: int, everybody: list[Caller]):
    async def call(door: Door, caller: Caller) -> bool:
        await asyncio.sleep(caller.begins)
        turn = door.gate.turn(caller.kind, door.clock, poll=caller.poll and caller.kind == "reads")
        await door.tries("x", turn, lasts=caller.lasts, told=caller.told, pause=0.3)
        return True

    async def main() -> None:
        door = Door(Gate(limit))
        tasks = [asyncio.ensure_future(call(door, caller)) for caller in everybody]
        loop = asyncio.get_running_loop()
        for task, caller in zip(tasks, everybody, strict=True):
            if caller.cancelled is not None:
                loop.call_at(caller.cancelled, task.cancel)
        done = await asyncio.gather(*tasks, return_exceptions=True)
        for kind in ("uploads", "creates", "reads"):
            assert (door.pace(kind).in_flight, door.pace(kind).waiting) == (0, 0)
        for ended, caller in zip(done, everybody, strict=True):
            assert ended is True or caller.cancelled is not None
        await asyncio.sleep(100)
        await asyncio.gather(*(door.goes("y", kind=kind) for kind in ("uploads", "creates", "reads")))

    run(main())
