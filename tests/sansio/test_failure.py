"""What an error status and its body mean."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async import errors
from plextera_async._generated import operations
from plextera_async._sansio.failure import ERROR_BY_STATUS, api_error, is_success, server_time
from plextera_async._sansio.message import Request, Response

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
READ = Request(operation=operations.GET_FILE, path="/files/f")
CREATE = Request(operation=operations.CREATE_EXTRACTION, path="/document-insights/extractions")


def _error(
    status: int,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    request: Request = READ,
    **rest: Any,
) -> errors.APIError:
    response = Response(status=status, headers=headers or {}, content=content, **rest)
    return api_error(request, response, now=NOW)


def _envelope(**error: Any) -> bytes:
    return json.dumps({"error": error}).encode()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (304, errors.APIError),
        (400, errors.InvalidRequestError),
        (401, errors.AuthenticationError),
        (402, errors.APIError),
        (403, errors.PermissionDeniedError),
        (404, errors.NotFoundError),
        (405, errors.APIError),
        (406, errors.APIError),
        (409, errors.ConflictError),
        (413, errors.PayloadTooLargeError),
        (415, errors.UnsupportedMediaTypeError),
        (418, errors.APIError),
        (422, errors.ValidationFailedError),
        (429, errors.RateLimitedError),
        (499, errors.APIError),
        (500, errors.ServerError),
        (502, errors.ServerError),
        (503, errors.ServerError),
        (520, errors.ServerError),
        (599, errors.ServerError),
    ],
)
@pytest.mark.parametrize("content", [b"", b"<html>", b"null", b"[]", b'{"error": "no"}', b'{"error": null}'])
def test_the_status_alone_names_the_class(status: int, kind: type[errors.APIError], content: bytes):
    error = _error(status, content, request_id="r-1", attempts=3)

    assert type(error) is kind
    assert (error.status, error.code, error.message, error.details) == (status, None, None, ())
    assert (error.request_id, error.attempts, error.operation) == ("r-1", 3, "getFile")
    assert error.retryable is (status == 429 or status >= 500)


def test_every_class_of_the_table_is_used_once():
    assert len(set(ERROR_BY_STATUS.values())) == len(ERROR_BY_STATUS)


@pytest.mark.parametrize(
    ("status", "yes"), [(199, False), (200, True), (204, True), (206, False), (299, True), (300, False)]
)
def test_any_status_of_the_two_hundreds_but_a_part_is_a_success(status: int, *, yes: bool):
    assert is_success(status) is yes


def test_the_whole_envelope_is_read():
    content = _envelope(
        code="VALIDATION_FAILED",
        message="look at tags",
        requestId="req_1",
        retryable=False,
        details=[{"field": "tags", "issue": "too many"}, {"field": "url"}],
    )
    error = _error(400, content, request_id="mine")

    assert type(error) is errors.ValidationFailedError
    assert error.message == "look at tags"
    assert error.details == (("tags", "too many"), ("url", ""))
    assert error.request_id == "req_1"
    assert str(error) == "getFile: HTTP 400 VALIDATION_FAILED (request req_1)"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, errors.ValidationFailedError), (409, errors.ValidationFailedError), (500, errors.ServerError)],
)
def test_validation_failed_is_told_by_its_code_below_500(status: int, kind: type[errors.APIError]):
    assert type(_error(status, _envelope(code="VALIDATION_FAILED"))) is kind


@pytest.mark.parametrize(
    ("wrong", "attribute", "value"),
    [
        ({"code": 7}, "code", None),
        ({"code": ""}, "code", None),
        ({"code": ["A"]}, "code", None),
        ({"message": {"a": 1}}, "message", None),
        ({"requestId": None}, "request_id", "mine"),
        ({"requestId": 5}, "request_id", "mine"),
        ({"requestId": ""}, "request_id", "mine"),
        ({"retryable": "yes"}, "retryable", False),
        ({"retryable": 1}, "retryable", False),
        ({"retryable": True}, "retryable", True),
        ({"details": "all wrong"}, "details", ()),
        ({"details": {"field": "a"}}, "details", ()),
        ({"details": [None, "a", 1, []]}, "details", ()),
        ({"details": [{"field": 1, "issue": None}]}, "details", (("", ""),)),
        ({"details": None}, "details", ()),
    ],
)
def test_what_the_envelope_has_wrong_is_left_out(wrong: dict[str, Any], attribute: str, value: object):
    assert getattr(_error(409, _envelope(**wrong), request_id="mine"), attribute) == value


def test_a_server_error_that_calls_itself_final_is_believed():
    assert not _error(500, _envelope(code="X", retryable=False)).retryable


@pytest.mark.parametrize(
    ("request_", "status", "may"),
    [
        (READ, 500, False),
        (CREATE, 500, True),
        (CREATE, 502, True),
        (CREATE, 499, False),
        (CREATE, 429, False),
    ],
)
def test_only_a_change_that_met_a_server_error_may_have_been_applied(
    request_: Request, status: int, *, may: bool
):
    assert _error(status, request=request_).may_have_been_applied is may


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Fri, 02 Jan 2026 03:04:15 GMT"}, 10.0),
        ({"Retry-After": "Fri, 02 Jan 2026 03:04:15 GMT", "Date": "Fri, 02 Jan 2026 03:04:11 GMT"}, 4.0),
        ({"Retry-After": "Fri, 02 Jan 2026 03:04:15 GMT", "Date": "today"}, 10.0),
        ({"Retry-After": "later"}, None),
    ],
)
def test_a_date_to_wait_for_counts_from_the_servers_own_clock(headers: dict[str, str], seconds: float | None):
    assert _error(429, headers=headers).retry_after == seconds


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        (None, None),
        ("", None),
        ("yesterday", None),
        ("Fri, 02 Jan 2026 03:04:05 +9999999999999999999999", None),
        ("Fri, 02 Jan 2026 03:04:05 GMT", NOW),
        ("Fri Jan  2 03:04:05 2026", NOW),
    ],
)
def test_the_servers_clock_is_read_where_it_can_be(date: str | None, moment: datetime | None):
    headers = {} if date is None else {"Date": date}

    assert server_time(Response(status=200, headers=headers)) == moment


HTML = {"Content-Type": "Text/HTML; charset=utf-8"}


@pytest.mark.parametrize(
    ("text", "snippet"),
    [
        ("<h1>Bad\r\n gateway</h1>", "Bad gateway"),
        ("<p>x</p><a href='y", "x"),
        ("a\x1b[31mb\x00c\x85d\u2028e\u202ef\x7fg", "a [31mb c d e f g"),
        ("Authorization: api-key pk_live_1 end", "Authorization: api-key *** end"),
        ("api-key\x00pk_live_1", "api-key ***"),
        ("<b>Bearer</b> abc", "Bearer ***"),
        ("api-key=pk_live_1", "api-key ***"),
        ("see /x?token=abc&sig=def", "see /x?token ***&sig ***"),
        ("é ✓ 😀", "é ✓ 😀"),
        ("   ", None),
        ("", None),
    ],
)
def test_a_page_that_is_not_ours_gives_a_clean_snippet(text: str, snippet: str | None):
    error = _error(502, text.encode(), HTML)

    assert error.message == snippet
    assert str(error) == "getFile: HTTP 502"


@given(st.binary(max_size=6000))
def test_a_snippet_is_short_and_fit_for_a_terminal(content: bytes):
    message = _error(502, content, HTML).message

    assert message is None or (len(message) <= 200 and message.isprintable())


def test_a_body_that_is_no_text_gives_no_snippet():
    assert _error(502, b"\x89PNG", {"Content-Type": "image/png"}).message is None
    assert _error(502, b"Bad gateway").message is None


hostile = st.sampled_from(["A\nB", "x" * 10_000, "\x1b[31m", "a b", "\u202e", "ünï", "'\"", ""]) | st.text(
    max_size=20
)


@given(code=hostile, message=st.text(min_size=1), request_id=hostile)
def test_one_line_stays_one_line_whatever_the_server_says(code: str, message: str, request_id: str):
    error = _error(500, _envelope(code=code, message=f"SECRET{message}", requestId=request_id))

    for shown in (str(error), repr(error)):
        assert len(shown.splitlines()) == 1
        assert len(shown) < 400
        assert shown.isprintable()
        assert "SECRET" not in shown


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["code", "message", "requestId", "retryable", "details"])


@given(status=st.integers(300, 999), error=st.dictionaries(fields, anything))
def test_any_envelope_makes_a_typed_error(status: int, error: dict[str, Any]):
    made = _error(status, json.dumps({"error": error}).encode())

    assert isinstance(made.code, str | None)
    assert isinstance(made.message, str | None)
    assert isinstance(made.request_id, str | None)
    assert isinstance(made.retryable, bool)
    assert all(isinstance(text, str) for row in made.details for text in row)
    json.dumps(made.to_dict(), allow_nan=False)


@given(st.binary(max_size=200))
def test_any_bytes_make_a_typed_error(content: bytes):
    assert _error(418, content).status == 418
