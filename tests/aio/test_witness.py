"""A source that is read again must give what it gave before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async._aio.parts import Chunks
from plextera_async._aio.witness import Witness
from plextera_async.errors import InvalidInputError


async def cut(content: bytes, size: int) -> Chunks:
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def read(witness: Witness, content: bytes, size: int, *, stop_after: int | None = None) -> bytes:
    got = b""
    async for chunk in witness.watch(cut(content, size)):
        got += chunk
        if stop_after is not None and len(got) >= stop_after:
            break
    return got


@given(
    content=st.binary(min_size=1, max_size=40),
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=4),
    stop_after=st.integers(0, 40),
)
async def test_the_same_content_passes_however_it_is_cut_and_wherever_it_broke_off(
    content, sizes, stop_after
):
    witness = Witness()
    await read(witness, content, sizes[0], stop_after=stop_after)

    for size in sizes:
        assert await read(witness, content, size) == content


@given(
    content=st.binary(min_size=2, max_size=40),
    size=st.integers(1, 50),
    again=st.integers(1, 50),
    data=st.data(),
)
async def test_other_content_never_passes_whole(content, size, again, data):
    witness = Witness()
    await read(witness, content, size)
    at = data.draw(st.integers(0, len(content) - 1))
    other = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    with pytest.raises(InvalidInputError, match="changed between two attempts"):
        await read(witness, other, again)
    with pytest.raises(InvalidInputError, match="changed between two attempts"):
        await read(witness, content[:-1], again)
