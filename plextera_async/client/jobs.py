"""`client.jobs`: the first generation of extractions, which the API's documentation no longer shows."""

from collections.abc import Mapping

from plextera_async._aio.sender import Answer
from plextera_async._generated import operations
from plextera_async.client.calls import Resource, document_reference, given, json_body
from plextera_async.client.handles import ExtractJobHandle
from plextera_async.client.pages import Pages
from plextera_async.models import (
    ExtractionStatus,
    ExtractJob,
    ExtractJobCreate,
    ExtractJobFeedback,
    ExtractJobFeedbackCreate,
    ExtractJobPage,
    ListExtractJobsParameters,
)

__all__ = ["Jobs"]


class Jobs(Resource):
    """Jobs of the first generation, deprecated in the API: use `client.extractions` for new code."""

    async def extract(
        self,
        *,
        file_id: str | None = None,
        url: str | None = None,
        hub_id: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> ExtractJobHandle:
        """Submit a document to a hub.

        Args:
            file_id: Id of an uploaded file. Exactly one of this and *url*.
            url: Public https address.
            hub_id: 24 hexadecimal digits; None lets the server choose.
            metadata: Up to 50 entries; keys of 1 to 64 characters and values of 1 to 512, not blank.

        Raises:
            InvalidInputError: If an argument breaks one of these rules; nothing was sent.
            AmbiguousCreateError: If it was sent and its fate is unknown; it was sent once.
            PlexteraError: As every call does.

        Not safe to call twice.
        """
        body = json_body(
            ExtractJobCreate,
            document=document_reference(file_id=file_id, url=url),
            **given(hub_id=hub_id, metadata=None if metadata is None else dict(metadata)),
        )
        request = self._request(operations.CREATE_EXTRACT_JOB, body=body)
        answer = await self._sender.call(request, ExtractJob)
        return self._handle(answer.model.id, answer)

    async def get(self, job_id: str) -> ExtractJob:
        """Read a job; with its output, once that is available.

        Raises:
            NotFoundError: If there is none with this id in the workspace.
            PlexteraError: As every call does.
        """
        return (await self._call(operations.GET_EXTRACT_JOB, ExtractJob, path={"jobId": job_id})).model

    def list(
        self,
        *,
        status: ExtractionStatus | str | None = None,
        size: int = 100,
        extra_query: Mapping[str, object] | None = None,
    ) -> Pages[ExtractJob]:
        """List jobs.

        Args:
            status: Only those in this status.
            size: Items asked for at a time, 1 to 100.
            extra_query: Query parameters that this release does not know.

        Raises:
            InvalidInputError: At once, if an argument breaks one of these rules.
        """
        return self._pages(
            operations.LIST_EXTRACT_JOBS,
            ExtractJobPage,
            ListExtractJobsParameters,
            size=size,
            extra_query=extra_query,
            restless=status is not None,
            status=status,
        )

    async def feedback(self, job_id: str, message: str, *, field_id: str | None = None) -> ExtractJobFeedback:
        """Comment on a result, as a whole or on one field.

        Args:
            job_id: The job's id.
            message: 1 to 1024 characters.
            field_id: Id of the field; None is the whole result.

        Raises:
            InvalidInputError: If an argument breaks one of these rules; nothing was sent.
            AmbiguousCreateError: If it was sent and its fate is unknown; it was sent once.
            PlexteraError: As every call does.
        """
        body = json_body(ExtractJobFeedbackCreate, message=message, **given(field_id=field_id))
        return (
            await self._call(
                operations.SUBMIT_EXTRACT_JOB_FEEDBACK, ExtractJobFeedback, body=body, path={"jobId": job_id}
            )
        ).model

    def handle(self, job_id: str) -> ExtractJobHandle:
        """Give a handle on a job that was created elsewhere or earlier; sends nothing."""
        return self._handle(job_id)

    def _handle(self, id: str, answer: Answer[ExtractJob] | None = None) -> ExtractJobHandle:
        return ExtractJobHandle(
            id, self._reader(operations.GET_EXTRACT_JOB, ExtractJob, "jobId"), answer=answer
        )
