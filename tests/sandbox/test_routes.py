"""Which operation a method and a path lead to."""

import pytest

from plextera_async.sandbox._routes import ROUTES, match


@pytest.mark.parametrize(
    ("method", "path", "operation", "params"),
    [
        ("POST", "/files", "uploadFile", {}),
        ("GET", "/files/a%20b%2Fc", "getFile", {"fileId": "a b/c"}),
        ("POST", "/document-insights/extractions/upload", "uploadExtraction", {}),
        ("POST", "/document-insights/jobs/extract", "createExtractJob", {}),
        (
            "POST",
            "/document-insights/jobs/extract/feedback",
            "submitExtractJobFeedback",
            {"jobId": "extract"},
        ),
        ("GET", "/workflow-runs/%FF", "getRun", {"runId": "\ufffd"}),
        ("PATCH", "/event-subscriptions/s", "updateEventSubscription", {"subscriptionId": "s"}),
    ],
)
def test_paths_lead_to_operations(method: str, path: str, operation: str, params: dict[str, str]) -> None:
    found = match(method, path)

    assert found.route is not None
    assert (found.route.operation, dict(found.params)) == (operation, params)


def test_a_fixed_path_wins_over_a_parameter() -> None:
    assert match("GET", "/document-insights/extractions/upload").allowed == ("POST",)


@pytest.mark.parametrize("path", ["", "/", "/files/", "/files//download", "/a/b/c/d/e/f"])
def test_other_paths_lead_nowhere(path: str) -> None:
    found = match("GET", path)

    assert (found.route, found.allowed) == (None, ())


def test_operations_are_offered_once() -> None:
    assert len({route.operation for route in ROUTES}) == len(ROUTES) == 20
