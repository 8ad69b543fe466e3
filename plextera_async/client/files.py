"""`client.files`: what is uploaded for later use."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from os import PathLike
from pathlib import Path

from plextera_async._aio.bodies import MultipartBody
from plextera_async._aio.downloads import Download
from plextera_async._aio.sources import Source
from plextera_async._generated import operations
from plextera_async.client.calls import Resource, file_piece
from plextera_async.models import File

__all__ = ["Files"]

_ANY_TYPE = "*/*"


class Files(Resource):
    """Files: upload, look at, read back. Contract: Files reference."""

    async def upload(
        self, source: Source, *, name: str | None = None, content_type: str | None = None
    ) -> File:
        """Upload a file and give what the server knows of it; its `id` is the `file_id` of other calls.

        Args:
            source: A path (a bare `str` is always a path), bytes, a binary file, anything with `async read(n)`, an
                async iterator of bytes, or a function without arguments that makes one of those. Streamed; an open
                file is read from where it stands and left open.
            name: File name to tell; by default the source's own, or `document`.
            content_type: Media type to tell; by default guessed from the name. The server detects its own.

        Raises:
            InvalidInputError: If the source cannot be read, is empty or larger than 50 MB; nothing was sent.
            PayloadTooLargeError, UnsupportedMediaTypeError: If the server refuses it.
            PlexteraError: As every call does.

        Repeated after a failure when the source can be read again and has not changed, unless
        `ClientOptions(retry_uploads=False)`. A failure may leave a file behind on the server: it costs nothing, is kept
        for a limited time, and cannot be deleted. Cancelling breaks the upload off.
        """
        piece = await file_piece("file", source, name=name, content_type=content_type)
        return (
            await self._call(
                operations.UPLOAD_FILE,
                File,
                body=MultipartBody([piece]),
                repeats=self._sender.options.retry_uploads,
            )
        ).model

    async def get(self, file_id: str) -> File:
        """Read what the server knows of a file.

        Raises:
            NotFoundError: If there is no such file, or it is no longer kept.
            PlexteraError: As every call does.
        """
        return (await self._call(operations.GET_FILE, File, path={"fileId": file_id})).model

    async def read(self, file_id: str) -> bytes:
        """Download a file into memory.

        Raises:
            NotFoundError: If there is no such file, or it is no longer kept.
            DecodeError: If it is larger than 64 MB; use `download` or `stream`.
            PlexteraError: As every call does.
        """
        request = self._request(operations.DOWNLOAD_FILE, path={"fileId": file_id}, accept=_ANY_TYPE)
        return (await self._sender.send(request)).content

    async def download(self, file_id: str, to: str | PathLike[str], *, overwrite: bool = False) -> Path:
        """Download a file to disk, in constant memory, and give its path.

        Args:
            file_id: The file's id.
            to: Path of the file to make; never a name that the server chose.
            overwrite: Whether a file that is there may be replaced.

        Raises:
            InvalidInputError: If *to* is a folder, its folder is missing or closed to us, or the file is there.
            NotFoundError: If there is no such file on the server.
            OSError: If the disk fails or is full; without the file's name in it.
            PlexteraError: As every call does.

        The file appears whole or not at all, readable by its owner only: a transfer that breaks is begun again, and
        after the last failure, or when cancelled, nothing is left behind.
        """
        request = self._request(operations.DOWNLOAD_FILE, path={"fileId": file_id}, accept=_ANY_TYPE)
        async with Download(to, overwrite=overwrite) as download:
            await self._sender.send(request, receive=download.receive)
            return await download.keep()

    def stream(self, file_id: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Download a file piece by piece: `async with client.files.stream(id) as chunks: async for chunk in chunks`.

        Raises:
            NotFoundError: On entering, if there is no such file.
            ConnectionLostError, RequestTimeoutError: While iterating, if the transfer breaks; it is not begun again.
            PlexteraError: As every call does.

        Leaving the block early closes the connection.
        """
        return self._sender.stream(
            self._request(operations.DOWNLOAD_FILE, path={"fileId": file_id}, accept=_ANY_TYPE)
        )
