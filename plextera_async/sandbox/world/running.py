"""The life of a workflow run: its steps one after the other, extractions and nested runs included."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from .agenda import Agenda
from .ids import hex_id
from .records import Extraction, Problem, Run, Step, Workflow
from .shelf import Shelf


class Running:
    """Moves runs through their lives.

    Args:
        agenda: Time and workers.
        find_workflow: The published workflow of an id.
        extract: Starts an extraction of the document in a trigger input; None when there is none in it.
        tell: Hears of each end.
    """

    def __init__(
        self,
        agenda: Agenda,
        find_workflow: Callable[[str], Workflow | None],
        extract: Callable[[Any], Extraction | None],
        tell: Callable[[Run], object],
    ) -> None:
        self.runs: Shelf[Run] = Shelf()
        self._agenda = agenda
        self._find_workflow = find_workflow
        self._extract = extract
        self._tell = tell
        self._numbers = itertools.count(1)

    def start(self, workflow: Workflow, payload: Any, at: float) -> Run:
        """Begin a run."""
        steps = [Step(id=f"step_{place:02}", plan=plan) for place, plan in enumerate(workflow.steps, 1)]
        run = Run(
            id=hex_id(),
            number=next(self._numbers),
            workflow=workflow,
            input=payload,
            created_at=at,
            updated_at=at,
            steps=steps,
            started_at=at,
        )
        self.runs.put(run, at)
        self._agenda.at(at + self._agenda.phase("queued", run.number), partial(self._step, run, run.turn, 0))
        return run

    def end(self, run: Run, at: float, *, status: str, error: Problem | None = None) -> None:
        """Bring a run to its end, whatever was planned for it."""
        run.completed_at = at
        self.hold(run, at, status=status, error=error)
        self._tell(run)
        callbacks, run.on_end = run.on_end, []
        for callback in callbacks:
            callback(run)

    def hold(self, run: Run, at: float, *, status: str, error: Problem | None = None) -> None:
        """Put a run into a state in which it stays, whatever was planned for it."""
        run.turn += 1
        run.status = status
        run.error = error
        self.runs.put(run, at)

    def _step(self, run: Run, turn: int, place: int, at: float) -> None:
        if run.turn != turn:
            return
        if place == len(run.steps):
            self.end(run, at, status="COMPLETED")
            return
        step = run.steps[place]
        step.status = "PROCESSING"
        self.runs.put(run, at)

        def done(at: float, failure: str | None, output: Any = None) -> None:
            if run.turn == turn:
                self._step_done(run, place, at, failure=failure or step.plan.fails, output=output)

        if not (self._nested(run, step, done, at) or self._extracts(run, step, done)):
            output = run.input if place == 0 else None
            wait = self._agenda.phase("processing", run.number)
            self._agenda.at(at + wait, partial(done, failure=None, output=output))

    def _nested(self, run: Run, step: Step, done: "Done", at: float) -> bool:
        workflow = self._find_workflow(step.plan.nested) if step.plan.nested else None
        if workflow is None:
            return False
        child = self.start(workflow, run.input, at)
        step.nested.append(child)

        def follow(ended: Run) -> None:
            failure = None if ended.status == "COMPLETED" else f"The nested run ended {ended.status}."
            done(ended.updated_at, failure)

        child.on_end.append(follow)
        return True

    def _extracts(self, run: Run, step: Step, done: "Done") -> bool:
        extraction = self._extract(run.input) if step.plan.type == "document_insights" else None
        if extraction is None:
            return False

        def follow(ended: Extraction) -> None:
            fields = len((ended.output or {}).get("fields", ()))
            failure = None if ended.status == "COMPLETED" else f"The extraction ended {ended.status}."
            done(ended.updated_at, failure, {"extractionId": ended.id, "fieldCount": fields})

        extraction.on_end.append(follow)
        return True

    def _step_done(self, run: Run, place: int, at: float, *, failure: str | None, output: Any) -> None:
        step = run.steps[place]
        if failure is None:
            step.status = "COMPLETED"
            step.output = output
            self._step(run, run.turn, place + 1, at)
        else:
            step.status = "FAILED"
            step.message = failure
            message = f"Step {step.plan.name!r} failed."
            self.end(run, at, status="FAILED", error=Problem("WORKFLOW_RUN_FAILED", message))


class Done(Protocol):
    """What a step calls when it is over."""

    def __call__(self, at: float, failure: str | None, output: Any = None) -> None:
        """Tell when, what went wrong if anything did, and what came out."""
