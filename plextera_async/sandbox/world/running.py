"""The life of a workflow run: its steps one after the other, extractions and nested runs included."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

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
    """

    def __init__(
        self,
        agenda: Agenda,
        find_workflow: Callable[[str], Workflow | None],
        extract: Callable[[Any], Extraction | None],
    ) -> None:
        self.runs: Shelf[Run] = Shelf()
        self._agenda = agenda
        self._find_workflow = find_workflow
        self._extract = extract
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

        def done(failure: str | None, at: float) -> None:
            if run.turn == turn:
                self._step_done(run, place, failure, at)

        if not (self._nested(run, step, done, at) or self._extracts(run, step, done)):
            if place == 0:
                step.output = run.input
            self._agenda.at(at + self._agenda.phase("processing", run.number), partial(done, step.plan.fails))

    def _nested(self, run: Run, step: Step, done: "Done", at: float) -> bool:
        workflow = self._find_workflow(step.plan.nested) if step.plan.nested else None
        if workflow is None:
            return False
        child = self.start(workflow, run.input, at)
        step.nested.append(child)

        def follow(ended: Run) -> None:
            failure = None if ended.status == "COMPLETED" else f"The nested run ended {ended.status}."
            done(failure or step.plan.fails, ended.updated_at)

        child.on_end.append(follow)
        return True

    def _extracts(self, run: Run, step: Step, done: "Done") -> bool:
        extraction = self._extract(run.input) if step.plan.type == "document_insights" else None
        if extraction is None:
            return False

        def follow(ended: Extraction) -> None:
            fields = len((ended.output or {}).get("fields", ()))
            step.output = {"extractionId": ended.id, "fieldCount": fields}
            failure = None if ended.status == "COMPLETED" else f"The extraction ended {ended.status}."
            done(failure or step.plan.fails, ended.updated_at)

        extraction.on_end.append(follow)
        return True

    def _step_done(self, run: Run, place: int, failure: str | None, at: float) -> None:
        step = run.steps[place]
        step.status = "COMPLETED" if failure is None else "FAILED"
        step.message = failure
        if failure is None:
            self._step(run, run.turn, place + 1, at)
        else:
            step.output = None
            message = f"Step {step.plan.name!r} failed."
            self.end(run, at, status="FAILED", error=Problem("WORKFLOW_RUN_FAILED", message))


Done = Callable[[str | None, float], None]
"""What a step calls when it is over: with what went wrong, if anything did, and when."""
