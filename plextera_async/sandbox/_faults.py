"""Faults on request: what goes wrong, with which requests, and how often; and quotas, which refuse what is too much."""

import math
from fnmatch import fnmatchcase
from typing import Literal, TypeVar

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
        return self.times != 0 and _is_for(self, method, path, operation)


@attrs.define(kw_only=True, eq=False)
class Quota:
    """So many requests a second; what is over it is answered 429, read whole but not carried out.

    A bucket that fills with `per_second` and holds `burst`; each request takes one. It may be changed at any time.
    """

    per_second: float
    """Requests a second, by the sandbox's clock."""
    burst: float | None = None
    """How many it lets through at once, at least one; None for a second's worth."""
    retry_after: float | str | None = 1
    """Value of the header `Retry-After` of a refusal, sent as it is; None for no header."""
    method: str | None = None
    """Only for requests of this method; None for all."""
    path: str | None = None
    """Only for these requests, as in `Fault.path`; None for all."""
    _level: float = attrs.field(init=False, default=math.inf)
    _at: float = attrs.field(init=False, default=0.0)

    def meets(self, method: str, path: str, operation: str | None) -> bool:
        """Say whether a request counts."""
        return _is_for(self, method, path, operation)

    def refusal(self, now: float) -> Fault | None:
        """Count a request at a moment; give what it is answered with if it is over the quota."""
        most = max(1.0, self.per_second if self.burst is None else self.burst)
        self._level = min(most, self._level + (now - self._at) * self.per_second)
        self._at = now
        if self._level < 1:
            return Fault(status=429, retry_after=self.retry_after)
        self._level -= 1
        return None


def _is_for(rule: Fault | Quota, method: str, path: str, operation: str | None) -> bool:
    if rule.method not in (None, method):
        return False
    names = (path,) if operation is None else (path, operation)
    return rule.path is None or any(fnmatchcase(name, rule.path) for name in names)


Rule = TypeVar("Rule", Fault, Quota)


class Faults:
    """The faults to come, tried in the order in which they were added, and the quotas."""

    def __init__(self) -> None:
        self._rules: list[Fault | Quota] = []

    def add(self, rule: Rule) -> Rule:
        """Let a fault happen, or a quota count, from the next request on; returns it, to be watched or changed."""
        self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Let nothing more go wrong."""
        self._rules.clear()

    def take(self, method: str, path: str, operation: str | None, *, now: float = 0.0) -> Fault | None:
        """Find the first fault for a request and count it; None if there is none.

        A quota that is not used up lets it pass to what was added after.
        """
        for rule in self._rules:
            if not rule.meets(method, path, operation):
                continue
            if isinstance(rule, Quota):
                if (refusal := rule.refusal(now)) is not None:
                    return refusal
                continue
            if rule.times is not None:
                rule.times -= 1
            return rule
        return None
