"""Files: upload, metadata, download."""

from typing import Any
from urllib.parse import quote

from plextera_async.sandbox.wire.answers import Answer, json_answer
from plextera_async.sandbox.wire.calls import Call
from plextera_async.sandbox.wire.times import stamp
from plextera_async.sandbox.world.records import StoredFile
from plextera_async.sandbox.world.world import World

from .checks import found
from .uploads import read_upload


async def upload_file(world: World, call: Call) -> Answer:
    """POST /files."""
    upload = await read_upload(world, call)
    return json_answer(201, shown_file(upload.file))


async def get_file(world: World, call: Call) -> Answer:
    """GET /files/{fileId}."""
    return json_answer(200, shown_file(_file(world, call)))


async def download_file(world: World, call: Call) -> Answer:
    """GET /files/{fileId}/download."""
    file = _file(world, call)
    disposition = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    return Answer(200, file.content, file.mime_type, {"Content-Disposition": disposition})


def shown_file(file: StoredFile) -> dict[str, Any]:
    """Write a file as the API shows it."""
    return {
        "id": file.id,
        "name": file.name,
        "mimeType": file.mime_type,
        "sizeBytes": file.content.size,
        "createdAt": stamp(file.created_at),
    }


def _file(world: World, call: Call) -> StoredFile:
    file: StoredFile = found(world.files, call.params["fileId"], "file")
    return file
