"""Document Insights: extractions, and the jobs of the first generation, the same under other names."""

from collections.abc import Iterator

from plextera_async.sandbox.wire.answers import Answer, json_answer
from plextera_async.sandbox.wire.calls import Call
from plextera_async.sandbox.world.ids import hex_id
from plextera_async.sandbox.world.records import Document, Extraction, Feedback
from plextera_async.sandbox.world.shelf import Shelf
from plextera_async.sandbox.world.world import World, document_of

from .checks import Checked, found
from .paging import chosen, page_answer, span_of
from .show_extraction import shown_extraction, shown_feedback
from .uploads import read_upload

STATUSES = ("QUEUED", "PROCESSING", "COMPLETED", "FAILED", "REJECTED")
_SORT_FIELDS = ("createdAt", "updatedAt", "completedAt")
_FEEDBACK_TYPES = ("ERROR", "INFO")
_MAX_MESSAGE, _MAX_FIELD_ID = 1024, 256


async def extract_document(world: World, call: Call) -> Answer:
    """POST /document-insights/extractions."""
    body = Checked(await call.json())
    document = _document(world, body)
    tags = body.string_map("tags")
    body.done()
    return _accepted(world.extract(_settled(world, document), tags=tags))


async def upload_and_extract_document(world: World, call: Call) -> Answer:
    """POST /document-insights/extractions/upload."""
    upload = await read_upload(world, call)
    body = Checked({} if upload.tags is None else {"tags": upload.tags})
    tags = body.string_map("tags")
    body.done()
    return _accepted(world.extract(document_of(upload.file), tags=tags))


async def extract_job(world: World, call: Call) -> Answer:
    """POST /document-insights/jobs/extract."""
    body = Checked(await call.json())
    document = _document(world, body)
    metadata, hub_id = body.string_map("metadata"), body.hub_id("hubId")
    body.done()
    return _accepted(world.extract(_settled(world, document), tags=metadata, hub_id=hub_id, is_job=True))


async def get_extraction(world: World, call: Call) -> Answer:
    """GET /document-insights/extractions/{extractionId}."""
    return _got(found(world.extractions, call.params["extractionId"], "extraction"))


async def get_job(world: World, call: Call) -> Answer:
    """GET /document-insights/jobs/{jobId}."""
    return _got(found(world.jobs, call.params["jobId"], "job"))


async def list_extractions(world: World, call: Call) -> Answer:
    """GET /document-insights/extractions."""
    sort_by = chosen(call.query, "sortBy", _SORT_FIELDS) or "createdAt"
    descending = chosen(call.query, "sort", ("asc", "desc")) != "asc"
    return _listed(call, world.extractions, _ordered(world.extractions, sort_by, descending=descending))


async def list_jobs(world: World, call: Call) -> Answer:
    """GET /document-insights/jobs, newest first."""
    return _listed(call, world.jobs, world.jobs.by_creation(descending=True))


async def submit_extraction_feedback(world: World, call: Call) -> Answer:
    """POST /document-insights/extractions/{extractionId}/feedback."""
    extraction = found(world.extractions, call.params["extractionId"], "extraction")
    return await _feedback(world, call, extraction)


async def submit_job_feedback(world: World, call: Call) -> Answer:
    """POST /document-insights/jobs/{jobId}/feedback."""
    return await _feedback(world, call, found(world.jobs, call.params["jobId"], "job"))


def _document(world: World, body: Checked) -> str | Document | None:
    """Read `document`: a file id that is not looked up yet, or what stands at a URL."""
    value = body.object("document", required=True)
    if value is None:
        return None
    if ("fileId" in value) == ("url" in value):
        body.problem("document", "needs exactly one of fileId and url")
        return None
    inner = body.inside("document", value)
    if "fileId" in value:
        return inner.string("fileId", required=True)
    url = inner.https_uri("url")
    return None if url is None else world.document_at(url)


def _settled(world: World, document: str | Document | None) -> Document:
    """Look the file up, now that the rest of the body is in order."""
    if isinstance(document, Document):
        return document
    return document_of(found(world.files, document or "", "file"))


def _accepted(extraction: Extraction) -> Answer:
    return json_answer(202, shown_extraction(extraction, with_output=False))


def _got(extraction: Extraction) -> Answer:
    return json_answer(200, shown_extraction(extraction, with_output=True))


def _ordered(shelf: Shelf[Extraction], sort_by: str, *, descending: bool) -> Iterator[Extraction]:
    if sort_by == "createdAt":
        return shelf.by_creation(descending=descending)
    if sort_by == "updatedAt":
        return shelf.by_change(descending=descending)
    # What has not ended yet comes last, whichever way.
    ended = [one for one in shelf.by_change(descending=False) if one.completed_at is not None]
    ended.sort(key=lambda one: one.completed_at or 0, reverse=descending)
    open_ones = [one for one in shelf.by_creation(descending=descending) if one.completed_at is None]
    return iter(ended + open_ones)


def _listed(call: Call, shelf: Shelf[Extraction], ordered: Iterator[Extraction]) -> Answer:
    span = span_of(call.query)
    status = chosen(call.query, "status", STATUSES)
    total = len(shelf)
    if status is not None:
        matching = [one for one in ordered if one.status == status]
        ordered, total = iter(matching), len(matching)
    return page_answer(span, ordered, total, lambda one: shown_extraction(one, with_output=False))


async def _feedback(world: World, call: Call, about: Extraction) -> Answer:
    body = Checked(await call.json())
    message = body.text("message", longest=_MAX_MESSAGE, required=True)
    field_id = body.text("fieldId", longest=_MAX_FIELD_ID)
    kind = None if about.is_job else body.choice("type", _FEEDBACK_TYPES)
    body.done()
    feedback = Feedback(hex_id(), about.id, message or "", kind or "ERROR", field_id, world.now())
    world.feedback[feedback.id] = feedback
    return json_answer(202, shown_feedback(feedback, is_job=about.is_job))
