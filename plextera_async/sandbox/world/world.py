"""The whole state of one sandbox, by id, and the ways in which it is changed."""

import itertools
import re
from collections.abc import Callable
from typing import Any, TypeGuard, cast

from plextera_async.sandbox.extraction import media_type

from .agenda import Agenda
from .extracting import Extracting
from .ids import hex_id, prefixed_id
from .records import (
    Document,
    Extraction,
    Feedback,
    Problem,
    Run,
    StoredFile,
    Subscription,
    Workflow,
    WorkflowStep,
)
from .running import Running
from .shelf import Shelf
from .storage import Content, Storage

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_NOT_PUBLISHED = ("unknown-", "unpublished-")
_DEFAULT_STEPS = (
    WorkflowStep("Read input"),
    WorkflowStep("Extract document", "document_insights"),
    WorkflowStep("Deliver result"),
)


class World:
    """The state of the pretend service.

    Args:
        agenda: Time and workers.
        max_file_bytes: Limit of one file.
    """

    def __init__(self, agenda: Agenda, max_file_bytes: int) -> None:
        self.agenda = agenda
        self.storage = Storage(max_file_bytes)
        self.files: dict[str, StoredFile] = {}
        self.feedback: dict[str, Feedback] = {}
        self.subscriptions: Shelf[Subscription] = Shelf()
        self.workflows: dict[str, Workflow] = {}
        self.urls: dict[str, Document] = {}
        self.listeners: list[Callable[[Extraction | Run], object]] = []
        """Called with each job that has ended."""
        self.extracting = Extracting(agenda, max_file_bytes, self._tell)
        self.running = Running(agenda, self.workflow, self._extract_input, self._tell)
        self._numbers = itertools.count(1)

    @property
    def extractions(self) -> Shelf[Extraction]:
        """Extractions by id."""
        return self.extracting.extractions

    @property
    def jobs(self) -> Shelf[Extraction]:
        """Jobs of the first generation by id."""
        return self.extracting.jobs

    @property
    def runs(self) -> Shelf[Run]:
        """Workflow runs by id, nested ones included."""
        return self.running.runs

    def now(self) -> float:
        """Say what time it is in the sandbox."""
        return self.agenda.clock.now()

    def add_file(self, name: str, content: Content) -> StoredFile:
        """Keep an uploaded file."""
        mime_type = media_type(name, content.head)
        file = StoredFile(prefixed_id("file_"), name, mime_type, content, self.now())
        self.files[file.id] = file
        return file

    def add_url(self, url: str, content: bytes, name: str | None) -> None:
        """Let a URL have content."""
        name = name or _name_in(url)
        kept = self.storage.keep_bytes(content)
        self.urls[url] = Document(name, media_type(name, kept.head), kept)

    def document_at(self, url: str) -> Document:
        """Say what stands at a URL; a document without content if nothing does."""
        return self.urls.get(url) or Document(_name_in(url))

    def extract(
        self,
        document: Document,
        *,
        tags: dict[str, str] | None = None,
        hub_id: str | None = None,
        is_job: bool = False,
        may_repeat: bool = False,
    ) -> Extraction:
        """Accept a document for extraction.

        Args:
            document: What to extract from.
            tags: `metadata` for a job.
            hub_id: As asked for; jobs only.
            is_job: Whether it belongs to the first generation.
            may_repeat: The same document may have been submitted before without being rejected.
        """
        now = self.now()
        extraction = Extraction(
            id=prefixed_id("dijob_") if is_job else hex_id(),
            number=next(self._numbers),
            document=document,
            created_at=now,
            updated_at=now,
            tags=tags,
            hub_id=hub_id,
            is_job=is_job,
        )
        self.extracting.submit(extraction, may_repeat=may_repeat)
        return extraction

    def workflow(self, workflow_id: str) -> Workflow | None:
        """Find a published workflow.

        Every well-formed slug is one, with three steps unless it was added with others; only ids that begin
        with `unknown-` or `unpublished-` are not.
        """
        if workflow_id in self.workflows:
            return self.workflows[workflow_id]
        if workflow_id.startswith(_NOT_PUBLISHED) or not _SLUG.fullmatch(workflow_id):
            return None
        return Workflow(workflow_id, _title(workflow_id), _DEFAULT_STEPS)

    def add_workflow(self, workflow_id: str, name: str | None, steps: tuple[WorkflowStep, ...]) -> None:
        """Publish a workflow.

        Raises:
            ValueError: If it is there already, or nests one that is not.
        """
        if workflow_id in self.workflows:
            raise ValueError(f"workflow {workflow_id!r} is there already")
        for step in steps:
            if step.nested is not None and step.nested not in self.workflows:
                raise ValueError(f"add the nested workflow {step.nested!r} first")
        self.workflows[workflow_id] = Workflow(
            workflow_id, name or _title(workflow_id), steps or _DEFAULT_STEPS
        )

    def job(self, job_id: str) -> Extraction | Run:
        """Find an extraction, a job or a run.

        Raises:
            KeyError: If there is none of this id.
        """
        return self.runs[job_id] if job_id in self.runs else self.extraction_or_job(job_id)

    def extraction_or_job(self, job_id: str) -> Extraction:
        """Find an extraction or a job.

        Raises:
            KeyError: If there is none of this id.
        """
        return self.jobs[job_id] if job_id in self.jobs else self.extractions[job_id]

    def force(
        self,
        job: Extraction | Run,
        *,
        status: str,
        error: Problem | None,
        output: dict[str, Any] | None,
        ended: bool,
    ) -> None:
        """Put a job into a state, in which it stays."""
        now = self.now()
        if not ended:
            job.completed_at = None
            job.told.clear()
        if isinstance(job, Run):
            change = self.running.end if ended else self.running.hold
            change(job, now, status=status, error=error)
        else:
            act = self.extracting.end if ended else self.extracting.hold
            act(job, now, status=status, error=error, output=output)

    def _tell(self, job: Extraction | Run) -> None:
        for listener in self.listeners:
            listener(job)

    def _extract_input(self, payload: Any) -> Extraction | None:
        """Start the extraction of `document` in a trigger input: `{"fileId": ...}` or file nodes."""
        node = _mapping(payload).get("document")
        nodes = node if _is_list(node) else [node]
        file = self.files.get(f"{_mapping(next(iter(nodes), None)).get('fileId')}")
        # A workflow works on a document whoever else did.
        return None if file is None else self.extract(document_of(file), may_repeat=True)


def document_of(file: StoredFile) -> Document:
    """Make a file the document of an extraction."""
    return Document(file.name, file.mime_type, file.content, file.id)


def _is_list(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _title(slug: str) -> str:
    return re.sub(r"[-_.]+", " ", slug).title()


def _name_in(url: str) -> str:
    return re.split(r"[?#]", url, maxsplit=1)[0].rpartition("/")[2] or "document"
