"""Extractions, jobs and feedback as the API shows them."""

from typing import Any

from plextera_async.sandbox.wire.times import stamp
from plextera_async.sandbox.world.records import Document, Extraction, Feedback

_DEFAULT_HUB = "5f0000000000000000000001"


def shown_extraction(extraction: Extraction, *, with_output: bool) -> dict[str, Any]:
    """Write an extraction, or a job with its own names."""
    shown: dict[str, Any] = {
        "id": extraction.id,
        "status": extraction.status,
        "outputAvailable": extraction.output_available,
        "createdAt": stamp(extraction.created_at),
        "updatedAt": stamp(extraction.updated_at),
        "document": _shown_document(extraction.document),
    }
    if extraction.is_job:
        shown |= _job_only(extraction)
    elif extraction.tags is not None:
        shown["tags"] = extraction.tags
    if extraction.completed_at is not None:
        shown["completedAt"] = stamp(extraction.completed_at)
    if extraction.error is not None:
        shown["error"] = {"code": extraction.error.code, "message": extraction.error.message}
    if with_output and extraction.output_available:
        shown["output"] = extraction.output
    return shown | extraction.extra


def shown_feedback(feedback: Feedback, *, is_job: bool) -> dict[str, Any]:
    """Write a remark; `type` came with the second generation."""
    shown: dict[str, Any] = {
        "id": feedback.id,
        "jobId" if is_job else "extractionId": feedback.about,
        "message": feedback.message,
        "fieldId": feedback.field_id,
        "createdAt": stamp(feedback.created_at),
    }
    return shown if is_job else shown | {"type": feedback.type}


def _job_only(job: Extraction) -> dict[str, Any]:
    shown: dict[str, Any] = {"operation": "extract", "hubId": job.hub_id or _DEFAULT_HUB}
    shown["hubName"] = "Requested hub" if job.hub_id else "Default hub"
    if job.tags is not None:
        shown["metadata"] = job.tags
    if job.started_at is not None:
        shown["startedAt"] = stamp(job.started_at)
    return shown


def _shown_document(document: Document) -> dict[str, Any]:
    shown: dict[str, Any] = {"fileName": document.name}
    if document.file_id is not None:
        shown["fileId"] = document.file_id
    if document.content is not None:
        shown["mimeType"] = document.mime_type
        shown["sizeBytes"] = document.content.size
    return shown
