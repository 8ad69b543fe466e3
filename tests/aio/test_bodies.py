"""The writing of bodies: lengths, the watch over progress, and how it ends."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from plextera_async._aio.bodies import JsonBody, MultipartBody, Piece, Sending, sending
from plextera_async._aio.parts import CHUNK, BytesPart, StreamPart
from plextera_async.errors import RequestTimeoutError
from tests.support.sources import pieces
from tests.support.waiting import until


class Line:
    """A connection as aiohttp's writer shows it: takes *takes* bytes whenever somebody waits for it."""

    def __init__(self, takes: Callable[[], int]) -> None:
        self.transport = self
        self.unsent = 0
        self.written = bytearray()
        self._takes = takes

    async def write(self, chunk: bytes, *, drain: bool) -> None:
        assert not drain
        self.unsent += len(chunk)
        self.written += chunk

    async def drain(self) -> None:
        self.unsent = max(0, self.unsent - self._takes())
        if self.unsent:
            await asyncio.Event().wait()

    def get_write_buffer_size(self) -> int:
        return self.unsent


def _form(content: Any) -> MultipartBody:
    return MultipartBody([Piece(name="file", content=content, file_name="a.pdf")])


async def _write(body: JsonBody | MultipartBody, line: Any) -> Sending:
    outgoing = Sending(body, stall=0.005)
    await outgoing.write(line)
    return outgoing


async def test_a_line_that_takes_a_little_each_time_is_waited_for() -> None:
    line = Line(lambda: CHUNK // 3)

    outgoing = await _write(_form(BytesPart(bytes(2 * CHUNK))), line)

    assert len(line.written) == outgoing.size
    assert outgoing.failure is None


async def test_a_line_that_takes_nothing_is_given_up() -> None:
    left = iter([CHUNK // 2, 10])
    line = Line(lambda: next(left, 0))
    outgoing = Sending(_form(BytesPart(bytes(2 * CHUNK))), stall=0.005)

    with pytest.raises(RequestTimeoutError, match=r"0\.005 s") as caught:
        await outgoing.write(line)

    assert outgoing.failure is caught.value
    assert caught.value.may_have_been_applied


async def test_a_connection_that_is_gone_counts_as_one_that_takes_nothing() -> None:
    line: Any = Line(lambda: 0)
    line.transport = None
    outgoing = Sending(JsonBody(b"x"), stall=0.005)

    with pytest.raises(RequestTimeoutError):
        await outgoing.write(line)


async def test_finished_waits_for_the_writer_to_let_go() -> None:
    outgoing = Sending(_form(BytesPart(bytes(CHUNK))), stall=60)
    await outgoing.finished()  # nothing was begun: nothing to wait for
    writing = asyncio.ensure_future(outgoing.write(Line(lambda: 0)))  # type: ignore[arg-type]
    await until(lambda: outgoing.begun)
    waiting = asyncio.ensure_future(outgoing.finished())
    await asyncio.sleep(0.005)
    assert not waiting.done()

    writing.cancel()

    await waiting
    assert writing.cancelled() or writing.cancelling()


def test_a_body_is_never_shown() -> None:
    outgoing = Sending(JsonBody(b"secret"), stall=1)

    with pytest.raises(TypeError):
        outgoing.decode()
    assert "secret" not in repr(outgoing) + repr(JsonBody(b"secret")) + repr(_form(BytesPart(b"secret")))
    assert "secret" not in repr(Piece(name="file", content=b"secret", file_name="secret"))


def test_small_json_goes_out_at_once_and_large_is_streamed() -> None:
    assert sending(JsonBody(b"x" * 65_536), stall=1) == b"x" * 65_536
    large = sending(JsonBody(b"x" * 65_537), stall=1)
    assert isinstance(large, Sending)
    assert large.size == 65_537


def test_the_length_of_a_form_is_known_when_that_of_every_part_is() -> None:
    stream = StreamPart([b"x"], pieces(b"y"))
    known = _form(BytesPart(b"x"))

    assert known.size is not None
    assert _form(stream).size is None
    assert MultipartBody([*_pieces_of(known), Piece(name="b", content=stream)]).size is None


def _pieces_of(_: MultipartBody) -> list[Piece]:
    return [Piece(name="a", content=b"text")]


async def test_a_form_can_be_sent_until_its_stream_was_touched() -> None:
    body = MultipartBody(
        [*_pieces_of(_form(b"")), Piece(name="b", content=StreamPart([b"x"], pieces(b"yz")))]
    )
    assert body.can_be_sent

    line = Line(lambda: CHUNK)
    await _write(body, line)

    assert b"xyz" in line.written
    assert not body.can_be_sent


async def test_chunks_are_never_large() -> None:
    for part in (
        BytesPart(bytes(3 * CHUNK)),
        StreamPart([bytes(2 * CHUNK)], pieces(bytes(CHUNK * 3), 3 * CHUNK)),
    ):
        sizes = [len(chunk) async for chunk in part.chunks()]
        assert max(sizes) <= CHUNK
