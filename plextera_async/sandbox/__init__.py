"""A pretend Plextera Public API on loopback, for tests, demonstrations and development without an account.

    async with Sandbox() as sandbox:
        async with AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url) as client:
            ...

It is an independent reading of the contract: it keeps state, moves jobs through their lives, refuses what the
contract refuses, goes wrong on request (`Sandbox.faults`), and records what arrived (`Sandbox.requests`).

It is no OCR and no model. Fields come from plain rules: `Label: value` lines of text, CSV columns, HTML tables and
definition lists, the text and the form fields of PDFs (for which the `cli` extra is needed). Scans, images, office
documents, archives, audio and video complete with no fields. The same bytes always give the same fields, and
`confidence` is a fixed figure per rule.
"""

from ._clock import SystemClock, Timing, VirtualClock
from ._faults import Fault, Faults
from ._received import Received
from ._sandbox import Sandbox
from .world.records import WorkflowStep

__all__ = ["Fault", "Faults", "Received", "Sandbox", "SystemClock", "Timing", "VirtualClock", "WorkflowStep"]
