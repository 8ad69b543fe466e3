from datetime import UTC, datetime
from typing import Any

import pytest

from plextera_async import errors
from plextera_async.cli.showing.failures import exit_code, explain, message_of, stops_everything
from plextera_async.models import Extraction, ExtractionStatus, ExtractJob, RunStatus, WorkflowRun

SINCE = datetime(2026, 1, 1, tzinfo=UTC)

KEY = "secret-of-the-user"


def api(kind: type[errors.APIError], status: int, message: str | None = None) -> errors.APIError:
    return kind(message, status=status, operation="getRun", request_id="req1")


@pytest.mark.parametrize(
    ("failure", "code", "beginning"),
    [
        (errors.ConfigurationError("no API key"), 2, "no API key"),
        (
            api(errors.AuthenticationError, 401),
            2,
            "the API key was refused: check PLEXTERA_API_KEY or --api-key-file; getRun: HTTP 401",
        ),
        (
            api(errors.PermissionDeniedError, 403),
            1,
            "the API key is valid but not allowed to do this; getRun",
        ),
        (
            errors.ConnectError("no connection"),
            1,
            "the service cannot be reached: check the network, and --base-url or PLEXTERA_BASE_URL; no connection",
        ),
        (
            errors.RedirectError("a redirect", status=302),
            1,
            "the service answered from elsewhere: check the network",
        ),
        (errors.InvalidInputError("it is empty"), 1, "it is empty"),
        (
            api(errors.NotFoundError, 404, "no such\x1b[31m run"),
            1,
            "getRun: HTTP 404 (request req1); no such\\x1b[31m run",
        ),
        (
            errors.NotFoundError(None, status=404, operation="listEventSubscriptions"),
            1,
            "there is no such service: check the network, and --base-url or PLEXTERA_BASE_URL; listEventSubscriptions",
        ),
        (
            errors.NotFoundError(None, status=404, operation="uploadExtraction"),
            1,
            "there is no such service: check the network, and --base-url or PLEXTERA_BASE_URL; uploadExtraction",
        ),
        (
            errors.AmbiguousCreateError("it was sent", operation="startRun", since=SINCE, key="k1"),
            1,
            "it may have been submitted: look for the tag plexteraClientKey=k1 before sending it again; startRun",
        ),
        (
            errors.AmbiguousCreateError("it was sent", operation="startRun", since=SINCE),
            1,
            "it may have been submitted: look for it before sending it again; startRun",
        ),
        (
            errors.WaitTimeoutError(id="ext1", elapsed=1.0),
            1,
            "nothing was seen of it: check the network, and --base-url or PLEXTERA_BASE_URL; ext1 has not ended after 1.0 s",
        ),
        *(
            (
                errors.WaitTimeoutError(id="an-id", latest=latest, elapsed=1.0),
                1,
                f"it goes on: pick it up with `plextera wait{kind} an-id`; ",
            )
            for latest, kind in [
                (Extraction(id="an-id", status=ExtractionStatus.QUEUED), ""),
                (WorkflowRun(id="an-id", status=RunStatus.PROCESSING), " --kind run"),
                (ExtractJob(id="an-id", status=ExtractionStatus.QUEUED), " --kind job"),
            ]
        ),
        (OSError(5, "Input/output error"), 1, "the file cannot be read: Input/output error"),
    ],
)
def test_each_failure_is_one_line_that_says_what_to_do(failure: Any, code: int, beginning: str) -> None:
    assert explain(failure).startswith(beginning)
    assert explain(failure).isprintable()
    assert exit_code(failure) == code


@pytest.mark.parametrize(
    "failure",
    [
        api(errors.AuthenticationError, 401, f"unknown key {KEY}"),
        api(errors.InvalidRequestError, 400, f"bad header Authorization: api-key {KEY}"),
        api(errors.APIError, 418, f"Api-Key={KEY} is no teapot"),
    ],
)
def test_a_server_that_quotes_the_key_is_not_quoted(failure: errors.APIError) -> None:
    assert KEY not in explain(failure)
    assert KEY not in message_of(failure)


@pytest.mark.parametrize(
    ("failure", "before", "after"),
    [
        (api(errors.AuthenticationError, 401), True, True),
        (api(errors.PermissionDeniedError, 403), True, True),
        (errors.ConnectError("refused"), True, True),
        (errors.RedirectError("elsewhere"), True, True),
        (api(errors.NotFoundError, 404), True, False),
        (api(errors.ServerError, 500), False, False),
        (errors.ConnectionLostError("lost"), False, False),
        (errors.InvalidInputError("empty"), False, False),
        (OSError(5, "Input/output error"), False, False),
    ],
)
def test_what_every_document_would_meet_stops_everything(failure: Any, *, before: bool, after: bool) -> None:
    assert stops_everything(failure, names_something=False) is before
    assert stops_everything(failure, names_something=True) is after
