import json
from datetime import UTC, datetime
from typing import Any

import pytest

from plextera_async import errors
from plextera_async._sansio.codec import decode
from plextera_async.cli.showing.lines import TABLE_HEAD, Line, failed, interrupted, to_json
from plextera_async.models import Extraction, ExtractionStatus


def extraction(status: str, **more: Any) -> Extraction:
    return decode({"id": "ext1", "status": status, **more}, Extraction)


API_ERROR = {"operation": "uploadExtraction", "request_id": "req1"}


@pytest.mark.parametrize(
    ("failure", "status", "code", "message"),
    [
        (errors.InvalidInputError("it is empty"), "ERROR", "INVALID_INPUT", "it is empty"),
        (
            OSError(5, "Input/output error"),
            "ERROR",
            "INVALID_INPUT",
            "the file cannot be read: Input/output error",
        ),
        (OSError(), "ERROR", "INVALID_INPUT", "the file cannot be read: OSError"),
        (
            errors.UnsupportedMediaTypeError(
                "no scripts", status=415, code="UNSUPPORTED_MEDIA_TYPE", **API_ERROR
            ),
            "ERROR",
            "UNSUPPORTED_MEDIA_TYPE",
            "no scripts",
        ),
        (
            errors.ServerError(None, status=502, **API_ERROR),
            "ERROR",
            "SERVER",
            "uploadExtraction: HTTP 502 (request req1)",
        ),
        (errors.ConnectError("no connection"), "ERROR", "CONNECT", "no connection"),
        (errors.RequestTimeoutError("silence"), "ERROR", "REQUEST_TIMEOUT", "silence"),
        (
            errors.ExtractionRejectedError(
                extraction("REJECTED", error={"code": "BROKEN_DOCUMENT", "message": "torn"})
            ),
            "REJECTED",
            "BROKEN_DOCUMENT",
            "torn",
        ),
        (
            errors.ExtractionFailedError(extraction("FAILED")),
            "FAILED",
            "EXTRACTION_FAILED",
            "Extraction ext1 ended FAILED",
        ),
        (
            errors.WaitTimeoutError(id="ext1", elapsed=2.0),
            "TIMEOUT",
            "WAIT_TIMEOUT",
            "ext1 has not ended after 2.0 s, never seen",
        ),
    ],
)
def test_every_failure_has_its_status_code_and_words(
    failure: Any, status: str, code: str, message: str
) -> None:
    line = failed("a.pdf", failure, key="k1")

    assert (line.status, line.error["code"], line.error["message"]) == (status, code, message)
    assert line.error["type"] == type(failure).__name__
    assert line.key is None
    assert not line.is_completed


def test_an_ambiguous_create_names_the_key_to_look_for() -> None:
    failure = errors.AmbiguousCreateError(
        "it may have been applied",
        operation="uploadExtraction",
        key="k1",
        since=datetime.now(UTC),
        request_id="req1",
    )
    line = failed("a.pdf", failure, key="k1")

    assert json.loads(line.to_json()) == {
        "source": "a.pdf",
        "status": "AMBIGUOUS",
        "id": None,
        "fileId": None,
        "requestId": None,
        "key": "k1",
        "error": {
            "type": "AmbiguousCreateError",
            "code": "AMBIGUOUS_CREATE",
            "message": "uploadExtraction: it may have been applied",
            "requestId": "req1",
        },
    }
    assert line.trouble().endswith("(key k1, request req1)")


def test_a_document_given_up_before_its_id_came_may_exist() -> None:
    line = interrupted("a.pdf", handle=None, key="k1")

    assert (line.status, line.key, line.is_interrupted) == ("AMBIGUOUS", "k1", True)


def test_a_line_is_valid_json_and_harmless_on_a_terminal() -> None:
    line = Line(
        source="a\x1b[31m\nb\u2028\u202e",
        status="COMPLETED",
        fields=[{"value": "\x9b \udc80 \x7f é 日"}],
    )
    text = line.to_json()

    assert text.isprintable()
    assert text.encode("utf-8").decode("utf-8") == text
    assert json.loads(text)["source"] == line.source
    assert "é 日" in text


def test_a_row_stands_below_its_head() -> None:
    line = Line(source="in/[b]a.pdf", status="COMPLETED", id="0" * 24, fields=[{}, {}])

    assert line.to_row() == "COMPLETED         2  000000000000000000000000  in/[b]a.pdf"
    assert TABLE_HEAD.index("SOURCE") == line.to_row().index("in/")
    assert TABLE_HEAD.index("ID ") == line.to_row().index("000")


def test_an_end_that_this_release_does_not_know_is_not_completed() -> None:
    assert not Line(source="a", status=ExtractionStatus("ARCHIVED"), fields=[]).is_completed


def test_a_long_message_of_a_server_is_cut() -> None:
    failure = errors.APIError("x" * 100_000, status=418)

    assert len(failed("a", failure).error["message"]) == 1000


def test_json_keeps_what_is_json() -> None:
    assert to_json({"a": [1, 2.5, None, True, "x"]}) == '{"a": [1, 2.5, null, true, "x"]}'


def test_an_id_that_the_message_tells_is_told_once() -> None:
    line = failed("a.pdf", errors.ServerError(None, status=502, **API_ERROR))

    assert line.trouble() == "ERROR a.pdf: SERVER: uploadExtraction: HTTP 502 (request req1)"
