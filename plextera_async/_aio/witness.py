"""Sees to it that a source which is sent again gives what it gave before."""

import zlib
from contextlib import aclosing

from plextera_async._aio.parts import Chunks, changed

__all__ = ["Witness"]


class Witness:
    """Remembers the longest reading of a source by its checksum, and holds every later reading against it.

    A checksum, not a hash: it guards against a file or a function that changed meanwhile, not against an enemy.
    """

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._length = 0
        self._sum = 0

    async def watch(self, chunks: Chunks) -> Chunks:
        """Pass chunks on.

        Raises:
            InvalidInputError: If they are not those of an earlier reading. What was sent of them then is no whole
                form, and nothing that a server takes.
        """
        length, known = self._length, self._sum
        read = checksum = 0
        async with aclosing(chunks):
            async for chunk in chunks:
                view = memoryview(chunk)
                if read < length <= read + len(view) and zlib.crc32(view[: length - read], checksum) != known:
                    raise changed()
                checksum = zlib.crc32(view, checksum)
                read += len(view)
                if read > self._length:
                    self._length, self._sum = read, checksum
                yield chunk
        if read < length:
            raise changed()
