"""What the pretend service remembers: files, jobs, runs, feedback, subscriptions. Moments are epoch seconds."""

from collections.abc import Callable
from typing import Any

import attrs

from .storage import Content

EXTRACTION_ENDS = frozenset({"COMPLETED", "FAILED", "REJECTED"})
RUN_ENDS = frozenset({"COMPLETED", "FAILED", "CLOSED"})


@attrs.frozen
class Problem:
    """Why a job did not complete: `error` of an extraction or a run."""

    code: str
    message: str


@attrs.frozen
class StoredFile:
    """An uploaded file."""

    id: str
    name: str
    mime_type: str
    content: Content
    created_at: float


@attrs.frozen
class Document:
    """What an extraction is made from: an uploaded file, or what stands (or does not stand) at a URL."""

    name: str
    mime_type: str | None = None
    content: Content | None = attrs.field(default=None, repr=False)
    file_id: str | None = None


@attrs.define(eq=False, kw_only=True)
class Extraction:
    """An extraction, or a job of the first generation: the same thing under other names."""

    id: str
    number: int
    document: Document
    created_at: float
    updated_at: float
    tags: dict[str, str] | None = None
    """`metadata` for a job."""
    is_job: bool = False
    """Whether it belongs to the first generation."""
    is_duplicate: bool = False
    """Whether the same document had been submitted before."""
    hub_id: str | None = None
    status: str = "QUEUED"
    started_at: float | None = None
    completed_at: float | None = None
    error: Problem | None = None
    output: dict[str, Any] | None = attrs.field(default=None, repr=False)
    output_available: bool = False
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])
    """Properties to add to every answer."""
    turn: int = 0
    """Goes up when what was scheduled for it no longer counts."""
    told: set[tuple[str, str]] = attrs.field(factory=set[tuple[str, str]], repr=False)
    """Subscription and type of the events that told of its end; none once it is no longer at an end."""
    on_end: list[Callable[["Extraction"], None]] = attrs.field(
        factory=list["Callable[[Extraction], None]"], repr=False
    )

    @property
    def key(self) -> str | None:
        """What makes two documents the same one."""
        return self.document.content.sha256 if self.document.content else None


@attrs.frozen
class Feedback:
    """A remark on an extraction or a job."""

    id: str
    about: str
    message: str
    type: str
    field_id: str | None
    created_at: float


@attrs.define(eq=False, kw_only=True)
class Subscription:
    """An event subscription."""

    id: str
    endpoint_url: str
    event_types: list[str]
    signing_secret: str = attrs.field(repr=False)
    filters: dict[str, Any] | None
    created_at: float
    updated_at: float
    status: str = "active"


@attrs.frozen
class WorkflowStep:
    """One step of a workflow.

    Args:
        name: As shown to people.
        type: `document_insights` makes a real extraction of the document that the trigger input brings.
        nested: Id of the workflow that the step runs as a nested run; None for none.
        fails: Let the step fail with this message, and the run with it; None lets it complete.
    """

    name: str
    type: str = "web_function"
    nested: str | None = None
    fails: str | None = None


@attrs.frozen
class Workflow:
    """A published workflow."""

    id: str
    name: str
    steps: tuple[WorkflowStep, ...]


@attrs.define(eq=False, kw_only=True)
class Step:
    """One step of one run."""

    id: str
    plan: WorkflowStep
    status: str = "QUEUED"
    message: str | None = None
    output: Any = attrs.field(default=None, repr=False)
    nested: list["Run"] = attrs.field(factory=list["Run"])


@attrs.define(eq=False, kw_only=True)
class Run:
    """One run of a workflow."""

    id: str
    number: int
    workflow: Workflow
    input: Any = attrs.field(repr=False)
    """The trigger input as the workflow sees it; None without a body."""
    created_at: float
    updated_at: float
    started_at: float
    steps: list[Step]
    status: str = "PROCESSING"
    completed_at: float | None = None
    error: Problem | None = None
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])
    turn: int = 0
    told: set[tuple[str, str]] = attrs.field(factory=set[tuple[str, str]], repr=False)
    on_end: list[Callable[["Run"], None]] = attrs.field(factory=list["Callable[[Run], None]"], repr=False)
