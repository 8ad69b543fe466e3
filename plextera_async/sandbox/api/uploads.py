"""Takes the file out of a form, whichever operation it came to."""

import attrs

from plextera_async.sandbox.extraction import is_executable
from plextera_async.sandbox.wire.answers import RefusedError
from plextera_async.sandbox.wire.calls import Call, Part, parse_json
from plextera_async.sandbox.world.records import StoredFile
from plextera_async.sandbox.world.storage import TooLargeError
from plextera_async.sandbox.world.world import World

_MAX_FIELD_BYTES = 1024 * 1024
_UNNAMED = "document"


@attrs.frozen
class Upload:
    """What a form with one file brought."""

    file: StoredFile
    tags: object | None
    """The JSON of the part `tags`, unchecked; None when there is no such part."""


async def read_upload(world: World, call: Call) -> Upload:
    """Read a form with one part `file` and perhaps a part `tags`; other parts are ignored.

    Raises:
        RefusedError: 400 if there is not exactly one file, or `tags` is no JSON; 413 if the file is too large; 415 if
            it is an executable or a script, or the body is no form.
    """
    if call.length is not None and call.length > world.storage.max_bytes + _MAX_FIELD_BYTES:
        raise too_large(world)
    file: StoredFile | None = None
    tags: object | None = None
    async for part in call.parts():
        if part.head.name == "file":
            if file is not None:
                raise RefusedError(400, "send exactly one part named file")
            file = await keep_file(world, part)
        elif part.head.name == "tags":
            tags = parse_json(await part.read(_MAX_FIELD_BYTES))
        else:
            await part.read(_MAX_FIELD_BYTES)
    if file is None:
        raise RefusedError(400, "the part named file is missing")
    return Upload(file, tags)


async def keep_file(world: World, part: Part) -> StoredFile:
    """Store the file of one part.

    Raises:
        RefusedError: 413 if it is too large, 415 if it is an executable or a script.
    """
    name = part.head.file_name or _UNNAMED
    try:
        content = await world.storage.keep(part.chunks)
    except TooLargeError:
        raise too_large(world) from None
    if is_executable(name, content.head):
        world.storage.drop(content)
        raise RefusedError(415, "Executable and script files are not accepted.")
    return world.add_file(name, content)


def too_large(world: World) -> RefusedError:
    """Make the refusal of a file over the limit."""
    return RefusedError(413, f"Files may have at most {world.storage.max_bytes} bytes.")
