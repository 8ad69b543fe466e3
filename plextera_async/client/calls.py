"""What every resource is built on: requests from operations, checked input, answers as models."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import attrs

from plextera_async._aio.bodies import JsonBody, Piece
from plextera_async._aio.sender import Answer, Sender
from plextera_async._aio.sources import Source, prepare
from plextera_async._generated import operations
from plextera_async._generated.operations import Operation
from plextera_async._sansio.codec import encode, plain
from plextera_async._sansio.inputs import checked
from plextera_async._sansio.message import NO_INTENT, Body, Intent, Request, fill, query_string
from plextera_async._sansio.multipart import check_content_type, guess_content_type, is_content_type
from plextera_async._sansio.polling import Job
from plextera_async.client.pages import Pages
from plextera_async.client.waits import Reader
from plextera_async.client.watcher import Lister
from plextera_async.client.watchers import Watchers
from plextera_async.errors import InvalidInputError
from plextera_async.models import (
    DocumentByFileId,
    DocumentByUrl,
    ExtractionPage,
    ExtractJobPage,
    WorkflowRunPage,
)

__all__ = ["Resource", "document_reference", "file_piece", "given", "json_body"]

_NO_PATH: Mapping[str, str] = {}

T = TypeVar("T")
JobT = TypeVar("JobT", bound=Job)

_LISTS: Mapping[str, tuple[str, Operation, type[Any]]] = {
    operations.GET_EXTRACTION.id: ("extraction", operations.LIST_EXTRACTIONS, ExtractionPage),
    operations.GET_RUN.id: ("run", operations.LIST_RUNS, WorkflowRunPage),
    operations.GET_EXTRACT_JOB.id: ("job", operations.LIST_EXTRACT_JOBS, ExtractJobPage),
}
"""By the operation that reads a job: its kind, and the list that shows it."""


def given(**arguments: Any) -> dict[str, Any]:
    """Leave out what is None: an argument that was not given is not sent."""
    return {name: value for name, value in arguments.items() if value is not None}


def json_body(model: Callable[..., Any], **values: Any) -> JsonBody:
    """Make a JSON body from a request model.

    Raises:
        InvalidInputError: If the values break one of its rules.
    """
    with checked():
        return JsonBody(encode(model(**values)))


async def file_piece(part_name: str, source: Source, *, name: str | None, content_type: str | None) -> Piece:
    """Prepare a source as the part of a form.

    Raises:
        InvalidInputError: If it can never be sent.
    """
    if name is not None and (not isinstance(name, str) or not name):
        raise InvalidInputError("name must be a non-empty str")
    if content_type is not None:
        check_content_type(content_type)
    prepared = await prepare(source)
    file_name = name or prepared.name or "document"
    told = (
        prepared.content_type if is_content_type(prepared.content_type) else None
    )  # an upload's, from anywhere
    kind = content_type or told or guess_content_type(file_name)
    return Piece(name=part_name, content=prepared.part, content_type=kind, file_name=file_name)


def document_reference(*, file_id: str | None, url: str | None) -> DocumentByFileId | DocumentByUrl:
    """Make the reference to a document.

    Raises:
        InvalidInputError: If not exactly one of the two is given, or it cannot be one.
    """
    if file_id == "":
        raise InvalidInputError("file_id must not be empty")
    with checked():
        if file_id is not None and url is None:
            return DocumentByFileId(file_id=file_id)
        if url is not None and file_id is None:
            return DocumentByUrl(url=url)
    raise InvalidInputError("give exactly one of file_id= and url=")


def request_for(
    operation: Operation,
    *,
    body: Body | None = None,
    intent: Intent = NO_INTENT,
    repeats: bool = True,
    accept: str | None = None,
    path: Mapping[str, str] = _NO_PATH,
    query: str = "",
) -> Request:
    """Make a request, its path filled in.

    Raises:
        InvalidInputError: If a path parameter is not text or empty.
    """
    return Request(
        operation=operation,
        path=fill(operation, **path),
        query=query,
        body=body,
        intent=intent,
        repeats=repeats,
        accept=accept,
    )


@attrs.frozen
class Resource:
    """A group of calls."""

    _sender: Sender = attrs.field(repr=False)
    _watchers: Watchers = attrs.field(factory=Watchers, repr=False)
    _readers: dict[str, Reader[Any]] = attrs.field(factory=dict[str, Any], init=False, repr=False)

    def _request(self, operation: Operation, **parts: Any) -> Request:
        self._watchers.listen()  # from before the first create on
        return request_for(operation, **parts)

    def _call(self, operation: Operation, type_: type[T], **request: Any) -> Awaitable[Answer[T]]:
        return self._sender.call(self._request(operation, **request), type_)

    def _pages(
        self,
        operation: Operation,
        envelope: type[Any],
        parameters: Callable[..., Any],
        *,
        size: int,
        extra_query: Mapping[str, object] | None,
        restless: bool,
        **filters: Any,
    ) -> Pages[Any]:
        """Make a list; its parameters are checked now, before the first page is asked for."""
        if extra_query is not None and "page" in extra_query:
            raise InvalidInputError("extra_query must not hold page: iterating the list sets it")
        with checked():
            query = plain(parameters(size=size, **given(**filters)))
        fixed = query_string({**query, **(extra_query or {})})

        async def fetch(page: int) -> Answer[Any]:
            return await self._call(operation, envelope, query=f"page={page}&{fixed}")

        return Pages(fetch, size=size, restless=restless)

    def _reader(self, operation: Operation, type_: type[JobT], parameter: str) -> Reader[JobT]:
        """Give what lets a handle read its job."""
        found = self._readers.get(operation.id)
        if found is None:
            found = self._readers[operation.id] = _reader(
                self._sender, self._watchers, operation, type_=type_, parameter=parameter
            )
        return found


def _reader(
    sender: Sender, watchers: Watchers, operation: Operation, *, type_: type[JobT], parameter: str
) -> Reader[JobT]:
    """Make a reader; of the client it holds what it needs, and no circle, so that a dropped client goes at once."""

    def read(id: str, retry: bool) -> Awaitable[Answer[JobT]]:  # noqa: FBT001 - the reader's one switch
        watchers.listen()
        return sender.call(request_for(operation, path={parameter: id}), type_, retry=retry)

    kind, list_operation, envelope = _LISTS[operation.id]

    async def read_page(query: Mapping[str, object]) -> Answer[Any]:
        request = request_for(list_operation, query=query_string(query))
        return await sender.call(request, envelope, retry=False)

    return Reader(read, Lister(kind, read_page, sender.options.polling, sender.clock), watchers)
