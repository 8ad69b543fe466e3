"""`client.runs`: workflows."""

import io
import os
from collections.abc import Mapping, Sequence
from typing import Any, cast

import attrs

from plextera_async._aio.bodies import JsonBody, MultipartBody, Piece
from plextera_async._aio.sender import Answer
from plextera_async._aio.sources import Source
from plextera_async._generated import operations
from plextera_async._sansio.inputs import json_bytes
from plextera_async._sansio.message import Body
from plextera_async.client.calls import Resource, file_piece
from plextera_async.client.handles import RunHandle
from plextera_async.client.pages import Pages
from plextera_async.errors import InvalidInputError
from plextera_async.models import ListRunsParameters, RunStatus, WorkflowRun, WorkflowRunPage

__all__ = ["FormFile", "Runs"]


@attrs.frozen
class FormFile:
    """A file of a form, where its name or media type must be given, or where its path is a bare `str`."""

    source: Source = attrs.field(repr=False)
    name: str | None = attrs.field(default=None, repr=False)
    content_type: str | None = None


class Runs(Resource):
    """Workflow runs. Contract: Workflows reference and the Workflow Runs guide."""

    async def start(self, workflow_id: str, payload: Any = None) -> RunHandle:
        """Start a run of a published workflow.

        Args:
            workflow_id: The workflow's identifier, such as `daily-lab-loader`.
            payload: Any JSON value, handed to the workflow as it is; None sends no body.

        Raises:
            InvalidInputError: If the payload is not JSON (NaN, Infinity, keys that are not text, other types).
            AmbiguousCreateError: If it was sent and its fate is unknown; it was sent once.
            PlexteraError: As every call does.

        Not safe to call twice: each call starts a run.
        """
        body = None if payload is None else JsonBody(json_bytes(payload, what="the payload"))
        return await self._start(workflow_id, body)

    async def start_form(self, workflow_id: str, fields: Mapping[str, Any]) -> RunHandle:
        """Start a run of a workflow that was designed for a form.

        Args:
            workflow_id: The workflow's identifier.
            fields: By part name: a `str` is a text part; a `Path`, bytes, a binary file, anything with `async read(n)`,
                an async iterator or a `FormFile` is a file part; a list of those is several files under one name;
                everything else is a JSON part. A path as a bare `str` needs `FormFile(path)`.

        Raises:
            InvalidInputError: If there are no fields, or one can never be sent; nothing was sent.
            AmbiguousCreateError: If it was sent and its fate is unknown; it was sent once.
            PlexteraError: As every call does.

        Not safe to call twice: each call starts a run.
        """
        if not isinstance(fields, Mapping) or not fields:
            raise InvalidInputError("fields must be a mapping of part names to parts, with at least one")
        pieces = [piece for name, value in fields.items() for piece in await _pieces(name, value)]
        return await self._start(workflow_id, MultipartBody(pieces))

    async def get(self, run_id: str) -> WorkflowRun:
        """Read a run with its steps.

        Raises:
            NotFoundError: If there is none with this id in the workspace.
            PlexteraError: As every call does.
        """
        return (await self._call(operations.GET_RUN, WorkflowRun, path={"runId": run_id})).model

    def list(
        self,
        *,
        status: RunStatus | str | None = None,
        workflow_id: str | None = None,
        size: int = 100,
        extra_query: Mapping[str, object] | None = None,
    ) -> Pages[WorkflowRun]:
        """List runs, in an order that the API does not state.

        Args:
            status: Only those in this status.
            workflow_id: Only those of this workflow.
            size: Items asked for at a time, 1 to 100.
            extra_query: Query parameters that this release does not know.

        Raises:
            InvalidInputError: At once, if an argument breaks one of these rules.
        """
        return self._pages(
            operations.LIST_RUNS,
            WorkflowRunPage,
            ListRunsParameters,
            size=size,
            extra_query=extra_query,
            restless=status is not None,
            status=status,
            workflow_id=workflow_id,
        )

    def handle(self, run_id: str) -> RunHandle:
        """Give a handle on a run that was started elsewhere or earlier; sends nothing."""
        return self._handle(run_id)

    async def _start(self, workflow_id: str, body: Body | None) -> RunHandle:
        request = self._request(operations.START_RUN, body=body, path={"workflowId": workflow_id})
        answer = await self._sender.call(request, WorkflowRun)
        return self._handle(answer.model.id, answer)

    def _handle(self, id: str, answer: Answer[WorkflowRun] | None = None) -> RunHandle:
        return RunHandle(id, self._reader(operations.GET_RUN, WorkflowRun, "runId"), answer=answer)


async def _pieces(name: str, value: Any) -> Sequence[Piece]:
    if not isinstance(name, str) or not name:
        raise InvalidInputError("part names must be non-empty text")
    if isinstance(value, str):
        return [_text(name, value)]
    files = _files(value)
    if files:
        return [await _file(name, item) for item in files]
    return [
        Piece(
            name=name, content=json_bytes(value, what=f"the part {name!r}"), content_type="application/json"
        )
    ]


def _files(value: object) -> Sequence[Any]:
    items = cast("Sequence[Any]", value) if isinstance(value, list | tuple) else (value,)
    return items if all(map(_is_file, items)) else ()


def _is_file(value: object) -> bool:
    kinds = (FormFile, os.PathLike, bytes, bytearray, memoryview, io.IOBase)
    return (
        isinstance(value, kinds) or hasattr(value, "read") or hasattr(value, "__aiter__") or callable(value)
    )


async def _file(name: str, value: Any) -> Piece:
    file = value if isinstance(value, FormFile) else FormFile(value)
    try:
        return await file_piece(name, file.source, name=file.name, content_type=file.content_type)
    except InvalidInputError as refused:
        reason = str(refused)
    raise InvalidInputError(f"the part {name!r}: {reason}")


def _text(name: str, value: str) -> Piece:
    try:
        return Piece(name=name, content=value.encode())
    except UnicodeEncodeError:
        raise InvalidInputError(f"the part {name!r} is not valid Unicode text") from None
