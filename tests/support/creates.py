"""Every call that creates something, to be made against a server that fails."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from plextera_async import AsyncPlextera

Call = Callable[[AsyncPlextera], Awaitable[Any]]

CREATES: Mapping[str, Call] = {
    "createExtraction": lambda c: c.extractions.create(file_id="file_1", tags={"a": "b"}, key="mine"),
    "uploadExtraction": lambda c: c.extractions.upload(
        b"Total: 1", name="a.txt", tags={"a": "b"}, key="mine"
    ),
    "startRun json": lambda c: c.runs.start("daily", {"x": 1}),
    "startRun form": lambda c: c.runs.start_form("daily", {"x": "1", "file": b"content"}),
    "createEventSubscription": lambda c: c.event_subscriptions.create(
        endpoint_url="https://example.com/hook",
        event_types=["workflow.run.completed"],
        signing_secret="secret",
    ),
    "submitExtractionFeedback": lambda c: c.extractions.feedback("id1", "wrong total"),
    "createExtractJob": lambda c: c.jobs.extract(file_id="file_1"),
    "submitExtractJobFeedback": lambda c: c.jobs.feedback("id1", "wrong total"),
    "POST request": lambda c: c.request("POST", "/something/new", json={"x": 1}),
}
