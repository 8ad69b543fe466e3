"""One request as the handlers see it: path, query, and a body read at most once, hashed as it comes."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

import attrs
import msgspec

from .answers import JSON, RefusedError
from .multipart import MultipartReader, PartHead, boundary_of

_MAX_JSON_BYTES = 10 * 1024 * 1024
FORM = "multipart/form-data"


class Journal(Protocol):
    """Where the hashes go; `Received` is one."""

    body_sha256: str | None
    body_length: int
    file_sha256: str | None
    file_name: str | None
    file_content_type: str | None
    request_id: str


@attrs.frozen
class Part:
    """One part of a form; its chunks are read before the next part is asked for."""

    head: PartHead
    chunks: AsyncIterator[bytes]

    async def read(self, limit: int) -> bytes:
        """Read all of it.

        Raises:
            RefusedError: 413 if it is longer than *limit* bytes.
        """
        content = bytearray()
        async for chunk in self.chunks:
            content += chunk
            if len(content) > limit:
                raise RefusedError(413, f"part {self.head.name!r} is longer than {limit} bytes")
        return bytes(content)


@attrs.define(eq=False)
class Call:
    """One request.

    Args:
        method: In upper case.
        params: Path parameters, decoded.
        query: First value of each query parameter.
        content_type: The header as it came; empty when there was none.
        length: Of the body in bytes as announced; None when it was not.
        read: Gives the next bytes of the body, empty at its end.
        journal: Where the hashes go.
    """

    method: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    content_type: str
    length: int | None
    read: Callable[[], Awaitable[bytes]]
    journal: Journal
    _hash: Any = attrs.field(init=False, factory=hashlib.sha256)
    _begun: bool = attrs.field(init=False, default=False)

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.content_type.partition(";")[0].strip().lower()

    async def json(self) -> Any:
        """Read the body as JSON.

        Raises:
            RefusedError: 415 if it is not sent as JSON, 413 if it is too long, 400 if it cannot be read.
        """
        if self.media_type != JSON:
            raise RefusedError(415, f"send the body as {JSON}")
        return parse_json(await self.body())

    async def body(self) -> bytes:
        """Read the whole body.

        Raises:
            RefusedError: 413 if it is longer than 10 MiB.
        """
        content = bytearray()
        while chunk := await self._next():
            content += chunk
            if len(content) > _MAX_JSON_BYTES:
                raise RefusedError(413, f"the body is longer than {_MAX_JSON_BYTES} bytes")
        return bytes(content)

    async def parts(self) -> AsyncIterator[Part]:
        """Read the body as a form, part by part.

        Raises:
            RefusedError: 415 if it is not sent as a form, 400 if it breaks the format.
        """
        if self.media_type != FORM:
            raise RefusedError(415, f"send the body as {FORM}")
        reader = MultipartReader(self._next, boundary_of(self.content_type))
        while (head := await reader.next_part()) is not None:
            yield Part(head, self._hashed(head, reader.chunks()))

    async def drain(self) -> None:
        """Read what nobody has read, so that the hashes are there; a broken form is no error here."""
        if not self._begun and self.media_type == FORM:
            with suppress(RefusedError):
                async for part in self.parts():
                    async for _ in part.chunks:
                        pass
        while await self._next():
            pass

    async def _next(self) -> bytes:
        self._begun = True
        chunk = await self.read()
        if chunk:
            self._hash.update(chunk)
            self.journal.body_length += len(chunk)
        else:
            self.journal.body_sha256 = self._hash.hexdigest()
        return chunk

    async def _hashed(self, head: PartHead, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        if head.file_name is None and head.name != "file":
            async for chunk in chunks:
                yield chunk
            return
        digest = hashlib.sha256()
        async for chunk in chunks:
            digest.update(chunk)
            yield chunk
        self.journal.file_name = head.file_name
        self.journal.file_content_type = head.content_type
        self.journal.file_sha256 = digest.hexdigest()


def parse_json(content: bytes) -> Any:
    """Read JSON strictly: UTF-8, no NaN, no trailing text.

    Raises:
        RefusedError: 400 if it is no JSON.
    """
    try:
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(400, "the body is not readable as JSON") from error
