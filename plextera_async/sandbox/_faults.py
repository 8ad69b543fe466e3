"""Faults on request: what goes wrong, with which requests, and how often."""

from fnmatch import fnmatchcase
from typing import Literal

import attrs

Drop = Literal["before_body", "after_body", "mid_response"]


@attrs.define(kw_only=True, eq=False)
class Fault:
    """One thing that goes wrong; with neither a status, a body nor a drop it only delays.

    Unless it drops the connection before the body, the whole request is read first, so that
    `Sandbox.requests` knows the hash of what was sent.
    """

    method: str | None = None
    """Only requests of this method; None for all."""
    path: str | None = None
    """Only requests whose path below the base URL, or whose operation id (`createExtraction`), matches this
    glob; `*` stands for any characters, slashes included. None for all."""
    times: int | None = 1
    """How many requests it meets; None means for ever. It counts down."""
    status: int | None = None
    """Answer with this status; 500 when only a body is given."""
    code: str | None = None
    """The envelope's code; None for the one that belongs to the status."""
    retryable: bool | None = None
    """The envelope's `retryable`; None for true at 429 and 5xx."""
    retry_after: float | str | None = None
    """Value of the header `Retry-After`, sent as it is."""
    body: bytes | None = None
    """Raw bytes instead of the envelope."""
    content_type: str | None = None
    """Of the raw body; None for `application/json`."""
    delay: float = 0.0
    """Sandbox seconds before the answer (or the drop, or before the request is carried out)."""
    drop: Drop | None = None
    """Close the TCP connection: before the body is read, after it, or halfway through the answer."""
    apply: bool = False
    """Carry the request out first, then go wrong: an ambiguous create."""

    @property
    def answers(self) -> bool:
        """Whether it answers in the place of the sandbox."""
        return self.status is not None or self.body is not None

    def meets(self, method: str, path: str, operation: str | None) -> bool:
        """Say whether a request is one that this fault is for."""
        if self.times == 0 or self.method not in (None, method):
            return False
        names = (path,) if operation is None else (path, operation)
        return self.path is None or any(fnmatchcase(name, self.path) for name in names)


class Faults:
    """The faults to come, tried in the order in which they were added."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Let *fault* happen from the next request on; returns it, so that its `times` can be watched."""
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Let nothing more go wrong."""
        self._faults.clear()

    def take(self, method: str, path: str, operation: str | None) -> Fault | None:
        """Find the first fault for a request and count it; None if there is none."""
        for fault in self._faults:
            if fault.meets(method, path, operation):
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
