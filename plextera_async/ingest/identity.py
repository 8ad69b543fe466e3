"""What a document is told apart by, from one run to the next."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import anyio.to_thread

from plextera_async._aio.parts import MAX_BYTES
from plextera_async._sansio.inputs import KEY_TAG
from plextera_async.client.documents import Document
from plextera_async.errors import InvalidInputError
from plextera_async.ingest.rows import Entry

__all__ = ["content_hash", "identify", "without_query"]

_CHUNK = 1024 * 1024


async def identify(document: Document, new_key: Callable[[], str]) -> Entry:
    """Give what is written down of a document when it is first seen.

    A key of the caller's is the identity. Without one it is the path with size and time of change, the web address, or the
    id of the file; the ledger keeps a hash of these.

    Args:
        document: The document.
        new_key: Makes a key for a document that has none.

    Raises:
        InvalidInputError: If nothing about it is the same the next time.
    """
    key = _own_key(document)
    if key is not None:
        return Entry(identity=_hash("key", key), key=key, source=_known_name(document))
    if document.url is not None:
        return Entry(identity=_hash("url", document.url), key=new_key(), source=without_query(document.url))
    if document.file_id is not None:
        return Entry(identity=_hash("file", document.file_id), key=new_key(), source=document.file_id)
    path = _path(document)
    if path is None:
        raise InvalidInputError(
            "the ledger would not know it again: give it a key (only paths, addresses and file ids need none)"
        )
    state = await anyio.to_thread.run_sync(_state_of_file, path)
    return Entry(identity=_hash("path", path, *state), key=new_key(), source=_readable(path))


async def content_hash(document: Document) -> bytes | None:
    """Hash the bytes of a document; None if they cannot be read ahead of being sent, or not at all."""
    source: Any = document.source
    if isinstance(source, bytes | bytearray | memoryview):
        return hashlib.sha256(cast("bytes", source)).digest()
    path = _path(document)
    return None if path is None else await anyio.to_thread.run_sync(_hash_of_file, path)


def _own_key(document: Document) -> str | None:
    held = document.tags.get(KEY_TAG) if isinstance(document.tags, dict) else None
    key = document.key if document.key is not None else held
    if key is not None and not isinstance(key, str):
        raise InvalidInputError(f"key must be text, not {type(key).__name__}")
    return key


def _known_name(document: Document) -> str | None:
    if document.url is not None:
        return without_query(document.url)
    path = _path(document)
    return document.file_id if path is None else _readable(path)


def _path(document: Document) -> str | None:
    source: Any = document.source
    if not isinstance(source, str | os.PathLike):
        return None
    return os.path.abspath(os.fsdecode(cast("str", source)))  # noqa: PTH100 - Path.resolve would follow links


def _state_of_file(path: str) -> tuple[int, ...]:
    """Give what changes with its content; nothing if it cannot be looked at, which sending it will tell."""
    try:
        status = Path(path).stat()
    except (OSError, ValueError):
        return ()
    return (status.st_size, status.st_mtime_ns)


def _hash_of_file(path: str) -> bytes | None:
    hashed = hashlib.sha256()
    try:
        if not Path(path).is_file() or Path(path).stat().st_size > MAX_BYTES:
            return None
        with Path(path).open("rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                hashed.update(chunk)
    except (OSError, ValueError):  # sending it will tell
        return None
    return hashed.digest()


def _hash(*parts: str | int) -> bytes:
    text = "\0".join(map(str, parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


_NO_ADDRESS = "an address that cannot be read"


def without_query(url: str) -> str:
    """Give an address for people, without what may be a secret: a signature in the query, a password before the host."""
    try:
        address = urlsplit(url)
        host = address.hostname or ""
    except (ValueError, AttributeError, TypeError):  # no address: refused when it is sent
        return _NO_ADDRESS
    if not (address.scheme and host):  # what stands where could be anything, a password too
        return _NO_ADDRESS
    return f"{address.scheme}://{host}{address.path}"


def _readable(path: str) -> str:
    """Give it as valid Unicode: bytes of a file name that are not UTF-8 appear escaped."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
