"""What every error promises: it travels whole, is one line, and shows nothing that was said in confidence."""

import copy
import json
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async import errors, models

MARK = "MARK"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FAILURE = models.ProcessingError(code="PROCESSING_FAILED", message=MARK)
EXTRACTION = models.Extraction(
    id="e1",
    status=models.ExtractionStatus("NEWLY_MADE"),
    tags={MARK: MARK},
    error=FAILURE,
    document=models.DocumentSummary(file_name=MARK),
    output=models.ExtractionOutput(fields=[models.ExtractedField(id="f", value=MARK)]),
    extra={"x": MARK},
)
RUN = models.WorkflowRun(
    id="r1", status=models.RunStatus.CLOSED, steps=[models.RunStep(message=MARK, output={MARK: MARK})]
)
SENT = {"operation": "getFile", "request_id": "req-1", "attempts": 3, "may_have_been_applied": True}
SAID = {
    "status": 418,
    "code": "TEAPOT",
    "retryable": True,
    "details": [("field", MARK)],
    "retry_after": 1.5,
    **SENT,
}


def _sent(kind: type[errors.TransportError], **more: Any) -> errors.TransportError:
    return kind("no answer", **SENT, **more)


def _ambiguous() -> errors.AmbiguousCreateError:
    cause = _sent(errors.ConnectionLostError)
    error = errors.AmbiguousCreateError(
        "it may have been applied",
        operation="createExtraction",
        key=MARK,
        tags={"plexteraClientKey": MARK},
        since=NOW,
        request_id="req-1",
        cause=cause,
    )
    error.__cause__ = cause
    return error


API = [getattr(errors, name) for name in errors.__all__ if issubclass(getattr(errors, name), errors.APIError)]
JOBS = [
    getattr(errors, name)
    for name in errors.__all__
    if issubclass(getattr(errors, name), errors.JobFailedError)
]
TRANSPORT = [
    errors.TransportError,
    errors.ConnectError,
    errors.ConnectionLostError,
    errors.RequestTimeoutError,
]
PLAIN = [
    errors.PlexteraError,
    errors.ConfigurationError,
    errors.InvalidInputError,
    errors.LedgerError,
    errors.WebhookVerificationError,
]
SAMPLES: list[errors.PlexteraError] = [
    *(kind("what is wrong", may_have_been_applied=True) for kind in PLAIN),
    *map(_sent, TRANSPORT),
    _sent(errors.RedirectError, status=307),
    *(kind(MARK, **SAID) for kind in API),
    *(kind(job, request_id="req-1") for kind in JOBS for job in (EXTRACTION, RUN)),
    _ambiguous(),
    errors.DecodeError([("$.id", "string", "integer")], operation="getFile", status=200, request_id="req-1"),
    errors.WaitTimeoutError(
        id="e1", latest=EXTRACTION, elapsed=5.0, last_error=errors.ServerError(MARK, **SAID)
    ),
    errors.WaitTimeoutError(id="e1", elapsed=5.0),
]
BARE: list[errors.PlexteraError] = [
    errors.APIError(status=500),
    errors.AmbiguousCreateError("m", operation="o", since=NOW),
    errors.DecodeError([]),
    errors.TransportError("m"),
    errors.RedirectError("m"),
    errors.ExtractionFailedError(models.Extraction(id="e", status=models.ExtractionStatus.FAILED)),
]
SHOWN = ["$.a: expected string, found null"] * 3
every_sample = pytest.mark.parametrize("error", SAMPLES + BARE, ids=lambda error: type(error).__name__)


def test_every_exported_class_has_a_sample():
    assert {type(error).__name__ for error in SAMPLES} == set(errors.__all__)
    assert errors.__all__ == sorted(errors.__all__)


@pytest.mark.parametrize("name", errors.__all__)
def test_every_exported_class_is_of_the_family(name: str):
    assert issubclass(getattr(errors, name), errors.PlexteraError)


@pytest.mark.parametrize(
    ("kind", "also"),
    [
        (errors.ConfigurationError, ValueError),
        (errors.InvalidInputError, ValueError),
        (errors.RequestTimeoutError, TimeoutError),
        (errors.RequestTimeoutError, errors.TransportError),
        (errors.WaitTimeoutError, TimeoutError),
        (errors.RedirectError, errors.TransportError),
    ],
)
def test_some_are_what_the_standard_library_calls_them_too(kind: type[Exception], also: type[Exception]):
    assert issubclass(kind, also)


@pytest.mark.parametrize("kind", [kind for kind in API if kind is not errors.APIError])
def test_statuses_are_one_family(kind: type[Exception]):
    assert kind.__bases__ == (errors.APIError,)


def _pickled(error: Any, protocol: int) -> Any:
    return pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 - our own bytes


COPIES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    *(partial(_pickled, protocol=number) for number in range(pickle.HIGHEST_PROTOCOL + 1)),
]


def _comparable(attributes: dict[str, Any]) -> dict[str, Any]:
    """Errors inside errors compare by what they hold."""
    return {
        name: (type(value), _comparable(vars(value))) if isinstance(value, errors.PlexteraError) else value
        for name, value in attributes.items()
    }


@every_sample
@pytest.mark.parametrize("make", COPIES)
def test_errors_travel_whole(error: errors.PlexteraError, make: Callable[[Any], Any]):
    error = copy.copy(error)
    error.add_note("seen in a test")
    made = make(error)

    assert type(made) is type(error)
    assert made is not error
    assert _comparable(vars(made)) == _comparable(vars(error))
    assert (made.args, str(made), repr(made)) == (error.args, str(error), repr(error))


def test_the_cause_of_an_ambiguous_create_survives():
    error = _ambiguous()
    made = _pickled(error, pickle.HIGHEST_PROTOCOL)

    assert error.cause is error.__cause__
    assert made.__cause__ is made.cause
    assert type(made.cause) is errors.ConnectionLostError
    assert made.cause.request_id == "req-1"
    assert error.may_have_been_applied


@every_sample
def test_plain_data_holds_all_public_attributes_and_is_json(error: errors.PlexteraError):
    data = error.to_dict()

    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert set(vars(error)) <= set(data)
    assert data["type"] == type(error).__name__
    assert str(error) in (data["message"], data.get("summary"))


@pytest.mark.parametrize(
    ("error", "name", "plain"),
    [
        (
            errors.WaitTimeoutError(id="e1", latest=EXTRACTION, elapsed=5.0),
            "latest",
            {"kind": "Extraction", "id": "e1", "status": "NEWLY_MADE", "error_code": "PROCESSING_FAILED"},
        ),
        (
            errors.RunClosedError(RUN),
            "job",
            {"kind": "WorkflowRun", "id": "r1", "status": "CLOSED", "error_code": None},
        ),
        (errors.ExtractionFailedError(EXTRACTION), "error", "PROCESSING_FAILED"),
        (errors.DecodeError([("$", "a", "b")]), "problems", [["$", "a", "b"]]),
        (_ambiguous(), "since", "2026-01-02T03:04:05+00:00"),
        (_ambiguous(), "tags", {"plexteraClientKey": MARK}),
        (errors.APIError(MARK, status=500), "message", MARK),
        (errors.APIError(MARK, status=500), "summary", "HTTP 500"),
    ],
)
def test_plain_data_shows_models_as_kind_id_status_and_code(
    error: errors.PlexteraError, name: str, plain: Any
):
    assert error.to_dict()[name] == plain


def test_plain_data_of_jobs_holds_nothing_that_a_document_said():
    for kind in JOBS:
        assert MARK not in json.dumps([kind(EXTRACTION).to_dict(), kind(RUN).to_dict()])


@every_sample
def test_an_error_is_one_line_that_keeps_confidences(error: errors.PlexteraError):
    for shown in (str(error), repr(error)):
        assert len(shown.splitlines()) == 1
        assert shown.isprintable()
        assert MARK not in shown


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (errors.ConfigurationError("no key"), "no key"),
        (errors.TransportError("no answer"), "no answer"),
        (_sent(errors.ConnectError), "getFile: no answer after 3 attempts (request req-1)"),
        (errors.APIError(status=500), "HTTP 500"),
        (
            errors.APIError(MARK, **SAID),
            "getFile: HTTP 418 TEAPOT, 3 attempts, retry after 1.5 s (request req-1)",
        ),
        (errors.RunClosedError(RUN), "WorkflowRun r1 ended CLOSED"),
        (
            errors.ExtractionFailedError(EXTRACTION, request_id="req-1"),
            "Extraction e1 ended NEWLY_MADE with PROCESSING_FAILED (request req-1)",
        ),
        (
            errors.AmbiguousCreateError("look first", operation="createExtraction", since=NOW),
            "createExtraction: look first",
        ),
        (
            _ambiguous(),
            "createExtraction: it may have been applied; getFile: no answer after 3 attempts (request req-1)",
        ),
        (
            errors.DecodeError([("$.a", "string", "null")] * 5, operation="getFile", request_id="r"),
            "getFile: the answer does not fit the contract: " + ", ".join(SHOWN) + " and 2 more (request r)",
        ),
        (
            errors.DecodeError([("$", "JSON", "nothing")]),
            "the answer does not fit the contract: $: expected JSON, found nothing",
        ),
        (errors.WaitTimeoutError(id="e1", elapsed=5.04), "e1 has not ended after 5.0 s, never seen"),
        (
            errors.WaitTimeoutError(
                id="r1", latest=RUN, elapsed=61, last_error=errors.ServerError(MARK, status=503)
            ),
            "r1 has not ended after 61.0 s, last seen CLOSED; last failure: HTTP 503",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_the_line_says_what_a_person_needs(error: errors.PlexteraError, line: str):
    assert str(error) == line
    assert repr(error) == f"{type(error).__name__}({line!r})"


def test_an_error_without_a_message_says_its_name():
    assert str(errors.PlexteraError.__new__(errors.PlexteraError)) == "PlexteraError"


hostile = st.sampled_from(["A\nB", "x" * 10_000, "\x1b[31m", "\u202ea", "a b", ""]) | st.text(max_size=20)


@given(text=hostile)
def test_ids_codes_and_statuses_that_are_not_plainly_so_do_not_show(text: str):
    failure = models.ProcessingError(code=text, message="m")
    job = models.Extraction(id=text, status=models.ExtractionStatus(text), error=failure)
    for error in (
        errors.APIError(status=500, code=text, request_id=text),
        errors.ConnectError("no answer", request_id=text),
        errors.ExtractionFailedError(job, request_id=text),
        errors.DecodeError([], request_id=text),
        errors.WaitTimeoutError(id=text, latest=job, elapsed=1.0),
    ):
        assert len(str(error).splitlines()) == 1
        assert len(str(error)) < 700
        assert str(error).isprintable()


def test_other_data_in_an_error_becomes_plain_too():
    error = errors.PlexteraError("m")
    error.__dict__.update(a={1: (NOW, None)}, b=models.ExtractionStatus.FAILED, c=object(), _hidden=MARK)
    data = error.to_dict()

    assert data["a"] == {"1": ["2026-01-02T03:04:05+00:00", None]}
    assert data["b"] == "FAILED"
    assert type(data["b"]) is str
    assert data["c"] == {"kind": "object", "id": None, "status": None, "error_code": None}
    assert "_hidden" not in data
