"""Reads multipart/form-data piece by piece (RFC 7578, RFC 2046); memory does not grow with the parts."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import unquote

import attrs

from .answers import RefusedError

_MAX_HEADER_BYTES = 16 * 1024
_MAX_PARTS = 1000
_BOUNDARY = re.compile(r"boundary=(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;]+))", re.IGNORECASE)
_PARAMETER = re.compile(r";\s*([\w!#$&+^`{}~*.-]+)\s*=\s*(?:\"((?:\\\"|\\\\|[^\"])*)\"|([^\s;]*))")
_ESCAPED = re.compile(r"\\([\"\\])")
_PERCENT = {"%22": '"', "%0D": "\r", "%0A": "\n"}
_PLAIN_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})

Read = Callable[[], Awaitable[bytes]]


@attrs.frozen
class PartHead:
    """What stands above the content of one part."""

    name: str
    file_name: str | None
    content_type: str | None


def boundary_of(content_type: str) -> bytes:
    """Take the boundary out of a Content-Type header.

    Raises:
        RefusedError: 400 if there is none, or one that RFC 2046 does not allow.
    """
    found = _BOUNDARY.search(content_type)
    boundary = (found[1] or found[2] or "") if found else ""
    if not 1 <= len(boundary) <= 70 or not boundary.isascii():  # noqa: PLR2004 (RFC 2046, 5.1.1)
        raise _broken("the multipart boundary is missing or malformed")
    return boundary.encode()


class MultipartReader:
    """Hands out the parts of a body one after the other.

    Args:
        read: Gives the next bytes of the body, empty at its end.
        boundary: Without the leading hyphens.
    """

    def __init__(self, read: Read, boundary: bytes) -> None:
        self._read = read
        self._delimiter = b"\r\n--" + boundary
        # The first delimiter may stand at the very start; a line break put before it makes all alike.
        self._buffer = bytearray(b"\r\n")
        self._inside = True  # of the preamble, which is skipped like the rest of a part
        self._parts = 0

    async def next_part(self) -> PartHead | None:
        """Go to the next part, skipping what is left of this one; None after the last.

        Raises:
            RefusedError: 400 if the body breaks the format, or ends early.
        """
        async for _ in self.chunks():
            pass
        if await self._is_last():
            return None
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise _broken(f"there are more than {_MAX_PARTS} parts")
        self._inside = True
        return _parse_head(await self._header_block())

    async def chunks(self) -> AsyncIterator[bytes]:
        """Read the content of the current part up to the next delimiter.

        Raises:
            RefusedError: 400 if the body ends before the delimiter.
        """
        keep = len(self._delimiter) - 1
        while self._inside:
            at = self._buffer.find(self._delimiter)
            if at >= 0:
                self._inside = False
                chunk = bytes(self._buffer[:at])
                del self._buffer[: at + len(self._delimiter)]
            else:
                # The tail may be the beginning of a delimiter.
                chunk = bytes(self._buffer[:-keep])
                del self._buffer[: len(chunk)]
                await self._fill()
            if chunk:
                yield chunk

    async def _is_last(self) -> bool:
        line = await self._until(b"\r\n", first=b"--")
        if line == b"--":
            await self._skip_epilogue()
            return True
        if line.strip(b" \t"):
            raise _broken("a boundary line carries more than the boundary")
        return False

    async def _header_block(self) -> bytes:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > _MAX_HEADER_BYTES:
                raise _broken("the headers of a part are too long")
            await self._fill()
        block = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        return block

    async def _until(self, end: bytes, *, first: bytes) -> bytes:
        while True:
            if self._buffer.startswith(first):
                del self._buffer[: len(first)]
                return first
            at = self._buffer.find(end)
            if at >= 0:
                line = bytes(self._buffer[:at])
                del self._buffer[: at + len(end)]
                return line
            if len(self._buffer) > _MAX_HEADER_BYTES:
                raise _broken("a boundary line is too long")
            await self._fill()

    async def _fill(self) -> None:
        more = await self._read()
        if not more:
            raise _broken("the multipart body ends before its closing boundary")
        self._buffer += more

    async def _skip_epilogue(self) -> None:
        self._buffer.clear()
        while await self._read():
            pass


def _parse_head(block: bytes) -> PartHead:
    headers: dict[str, str] = {}
    for line in block.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon:
            raise _broken("a part has a line in its headers that is none")
        headers[name.strip().lower()] = value.strip()
    if headers.get("content-transfer-encoding", "").lower() not in _PLAIN_ENCODINGS:
        raise _broken("content-transfer-encoding is not used in multipart/form-data (RFC 7578, 4.7)")
    parameters = _parameters(headers.get("content-disposition", ""))
    if "name" not in parameters:
        raise _broken("a part has no Content-Disposition with a name")
    return PartHead(parameters["name"], parameters.get("filename"), headers.get("content-type"))


def _parameters(disposition: str) -> dict[str, str]:
    """Read `form-data; name="..."; filename="..."`, with the ways to escape that clients really use."""
    if disposition.partition(";")[0].strip().lower() != "form-data":
        return {}
    found: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(disposition):
        found[name.lower()] = _unescape(quoted) if quoted else bare
    extended = found.pop("filename*", None)
    if extended is not None and extended.lower().startswith("utf-8'"):
        found["filename"] = unquote(extended.split("'", 2)[-1])
    return found


def _unescape(quoted: str) -> str:
    """Undo RFC 2616 backslashes and the three percent escapes of the WHATWG form encoding."""
    text = _ESCAPED.sub(r"\1", quoted)
    for escape, character in _PERCENT.items():
        text = text.replace(escape, character)
    return text


def _broken(why: str) -> RefusedError:
    return RefusedError(400, why)
