"""`client.extractions`: documents in, fields out."""

from collections.abc import Mapping
from datetime import datetime

import attrs

from plextera_async._aio.bodies import MultipartBody, Piece
from plextera_async._aio.sender import Answer
from plextera_async._aio.sources import Source
from plextera_async._generated import operations
from plextera_async._generated.operations import Operation
from plextera_async._sansio.codec import to_json
from plextera_async._sansio.inputs import checked, keyed_tags
from plextera_async._sansio.message import Body, Intent
from plextera_async.client.calls import Resource, document_reference, file_piece, given, json_body
from plextera_async.client.handles import ExtractionHandle
from plextera_async.client.lookups import Lookups
from plextera_async.client.pages import Pages
from plextera_async.client.reconciling import Creating
from plextera_async.client.waits import Reader
from plextera_async.errors import InvalidInputError
from plextera_async.models import (
    Extraction,
    ExtractionCreate,
    ExtractionFeedback,
    ExtractionFeedbackCreate,
    ExtractionPage,
    ExtractionSortKey,
    ExtractionStatus,
    ExtractionUpload,
    FeedbackType,
    ListExtractionsParameters,
    SortOrder,
)

__all__ = ["Extractions"]


@attrs.frozen
class Extractions(Resource):
    """Extractions of the current generation. Contract: Document Insights reference."""

    lookups: Lookups = attrs.field(
        init=False, repr=False, default=attrs.Factory(lambda self: Lookups(self._sender), takes_self=True)
    )
    """Finds by key and proves absence: for `find`, for creates, and for pipelines that keep a journal."""

    async def create(
        self,
        *,
        file_id: str | None = None,
        url: str | None = None,
        tags: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> ExtractionHandle:
        """Submit a document that is on the server, or at a public https address.

        Args:
            file_id: Id of an uploaded file. Exactly one of this and *url*.
            url: Public https address, without credentials; should stay valid until the document was fetched.
            tags: Up to 50 labels of 1 to 64 characters with values of 1 to 512. `docType` routes the document, where
                that is configured for the workspace.
            key: A name of yours for this submission; it travels as the tag `plexteraClientKey`. None makes one, unless
                there are 50 tags or `ClientOptions(reconcile=False)`.

        Raises:
            InvalidInputError: If an argument breaks one of these rules; nothing was sent.
            AmbiguousCreateError: If it was sent and its fate stays unknown. After a 5xx, a lost connection, silence or
                an unreadable answer it is looked for by its key, for some ten seconds; if it is found, that is the
                handle that is given; if its absence is proven, it is sent once more, and never a third time.
            PlexteraError: As every call does.

        Not safe to call twice: each call makes an extraction, and the same document twice may be REJECTED. Cancelling
        may leave an extraction behind, which `find` finds by a key of yours.
        """
        document = document_reference(file_id=file_id, url=url)
        intent = self._intent(tags, key)
        body = json_body(ExtractionCreate, document=document, **given(tags=intent.tags or None))
        return await self._create(operations.CREATE_EXTRACTION, body, intent)

    async def upload(
        self,
        source: Source,
        *,
        name: str | None = None,
        content_type: str | None = None,
        tags: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> ExtractionHandle:
        """Upload a document and submit it, in one request.

        Args:
            source: As for `client.files.upload`.
            name: File name to tell; by default the source's own, or `document`.
            content_type: Media type to tell; by default guessed from the name.
            tags: As for `create`.
            key: As for `create`.

        Raises:
            InvalidInputError: If the source cannot be read, is empty or larger than 50 MB, or a tag breaks a rule.
            AmbiguousCreateError: As for `create`; it is not sent again if the source cannot be read again.
            Exception: What reading the source raised, as it is; the upload was broken off.
            PlexteraError: As every call does.

        Not safe to call twice, as `create`.
        """
        intent = self._intent(tags, key)
        with checked():
            ExtractionUpload(**given(tags=intent.tags or None))
            tags_json = to_json(dict(intent.tags))
        pieces = [await file_piece("file", source, name=name, content_type=content_type)]
        if intent.tags:
            pieces.insert(0, Piece(name="tags", content=tags_json, content_type="application/json"))
        return await self._create(operations.UPLOAD_EXTRACTION, MultipartBody(pieces), intent)

    async def get(self, extraction_id: str) -> Extraction:
        """Read an extraction; with its output, once that is available.

        Raises:
            NotFoundError: If there is none with this id in the workspace.
            PlexteraError: As every call does.
        """
        return (
            await self._call(operations.GET_EXTRACTION, Extraction, path={"extractionId": extraction_id})
        ).model

    def list(
        self,
        *,
        status: ExtractionStatus | str | None = None,
        sort_by: ExtractionSortKey | str | None = None,
        sort: SortOrder | str | None = None,
        size: int = 100,
        extra_query: Mapping[str, object] | None = None,
    ) -> Pages[Extraction]:
        """List extractions, by default the newest first. Items come without output.

        Args:
            status: Only those in this status.
            sort_by: `createdAt` (the server's default), `updatedAt` or `completedAt`.
            sort: `desc` (the server's default) or `asc`.
            size: Items asked for at a time, 1 to 100.
            extra_query: Query parameters that this release does not know.

        Raises:
            InvalidInputError: At once, if an argument breaks one of these rules.
        """
        return self._pages(
            operations.LIST_EXTRACTIONS,
            ExtractionPage,
            ListExtractionsParameters,
            size=size,
            extra_query=extra_query,
            restless=status is not None or sort_by not in (None, ExtractionSortKey.CREATED_AT),
            status=status,
            sort_by=sort_by,
            sort=sort,
        )

    async def find(self, key: str, *, since: datetime | None = None) -> ExtractionHandle | None:
        """Look for the extraction that was created under a key: with `key=`, or one that an error told.

        Reads the list from the newest on; items that do not show their tags are read by their id, at most 100.

        Args:
            key: The value of the tag `plexteraClientKey`; upper and lower case differ.
            since: When the create began, by this machine's clock, aware. What is more than five minutes older (by the
                server's clock, where it tells it) does not count, and the list is read no further than that. None reads
                all of it.

        Returns:
            A handle on the oldest extraction with this key; the ids of further ones are in its `also_created`. None if
            none is to be seen: that does not prove that there is none, or that none will appear.

        Raises:
            InvalidInputError: If *key* is empty, or *since* is no aware datetime; nothing was sent.
            PlexteraError: As every call does.
        """
        if not isinstance(key, str) or not key:
            raise InvalidInputError("key must be a non-empty str")
        if since is not None and (not isinstance(since, datetime) or since.utcoffset() is None):
            raise InvalidInputError("since must be an aware datetime, such as datetime.now(UTC)")
        sighting = await self.lookups.look(key, since)
        if not sighting.matches:
            return None
        oldest = sighting.matches[0]
        handle = ExtractionHandle(oldest.id, self._extraction_reader(), answer=Answer(oldest))
        handle.also_created = sighting.others
        return handle

    async def feedback(
        self,
        extraction_id: str,
        message: str,
        *,
        type: FeedbackType | str | None = None,
        field_id: str | None = None,
    ) -> ExtractionFeedback:
        """Comment on a result, as a whole or on one field.

        Args:
            extraction_id: The extraction's id.
            message: 1 to 1024 characters.
            type: `ERROR` (the server's default) sends the extraction to correction and review, `INFO` is a note.
            field_id: Id of the field, 1 to 256 characters; None is the whole result.

        Raises:
            InvalidInputError: If an argument breaks one of these rules; nothing was sent.
            AmbiguousCreateError: If it was sent and its fate is unknown; it was sent once.
            PlexteraError: As every call does.
        """
        body = json_body(ExtractionFeedbackCreate, message=message, **given(type=type, field_id=field_id))
        operation = operations.SUBMIT_EXTRACTION_FEEDBACK
        return (
            await self._call(operation, ExtractionFeedback, body=body, path={"extractionId": extraction_id})
        ).model

    def handle(self, extraction_id: str) -> ExtractionHandle:
        """Give a handle on an extraction that was created elsewhere or earlier; sends nothing."""
        return ExtractionHandle(extraction_id, self._extraction_reader())

    def _intent(self, tags: Mapping[str, str] | None, key: str | None) -> Intent:
        new_key = self._sender.clock.new_id if self._sender.options.reconcile else None
        used, all_tags = keyed_tags(tags, key, new_key)
        return Intent(key=used, tags=all_tags)

    async def _create(self, operation: Operation, body: Body, intent: Intent) -> ExtractionHandle:
        request = self._request(operation, body=body, intent=intent)
        return await Creating(self._sender, self.lookups, self._extraction_reader(), request).run()

    def _extraction_reader(self) -> Reader[Extraction]:
        return self._reader(operations.GET_EXTRACTION, Extraction, "extractionId")
