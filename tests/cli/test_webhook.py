"""`plextera webhook verify`: captured requests, signed here by hand."""

import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.cli.conftest import Plextera

SECRET = "whsec_of_the_tests"
VALUE = "a field value"

ENVELOPE = {"eventId": "evt_1", "occurredAt": "2026-01-01T00:00:00Z", "apiVersion": "v1"}


def body_of(event_type: str, **data: Any) -> bytes:
    return json.dumps({**ENVELOPE, "eventType": event_type, "data": data}).encode()


EXTRACTION = body_of(
    "document-insights.extraction.completed",
    extractionId="ex_1",
    status="COMPLETED",
    output={"fields": [{"id": "f", "value": VALUE}]},
)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLEXTERA_SIGNING_SECRET", SECRET)


def signature(body: bytes, secret: str = SECRET, age: float = 0) -> str:
    t = int(time.time() - age)
    digest = hmac.new(secret.encode(), f"{t}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={t},v1={digest}"


def capture(body: bytes, headers: str) -> list[str]:
    Path("body").write_bytes(body)
    Path("headers").write_text(headers)
    return ["webhook", "verify", "--body", "body", "--headers", "headers"]


def lines(signed: str) -> str:
    return (
        f"Host: example.com:443\r\nContent-Type: application/json\r\n\r\nx-plextera-SIGNATURE : {signed} \r\n"
    )


def distrusted(result: Result) -> str:
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("plextera: not trusted: ")
    assert SECRET not in line
    assert VALUE not in line
    return line


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (EXTRACTION, ["document-insights.extraction.completed", "evt_1", "ex_1", "COMPLETED"]),
        (
            body_of("workflow.run.failed", runId="r_1", workflowId="w", status="FAILED"),
            ["workflow.run.failed", "evt_1", "r_1", "FAILED"],
        ),
        (
            body_of("document-insights.job.rejected", jobId="j_1", status="REJECTED"),
            ["document-insights.job.rejected", "evt_1", "j_1", "REJECTED"],
        ),
        (body_of("workflow.run.archived\x1b[2J", id="r_1"), ["workflow.run.archived\\x1b[2J", "evt_1"]),
    ],
)
def test_an_event_that_is_trusted_is_one_line(plextera: Plextera, body: bytes, shown: list[str]) -> None:
    result = plextera(*capture(body, lines(signature(body))))

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "  ".join(shown) + "\n"


def test_headers_may_be_json(plextera: Plextera) -> None:
    headers = json.dumps({"Host": "example.com", "X-Plextera-Signature": signature(EXTRACTION)})

    assert plextera(*capture(EXTRACTION, f"\ufeff {headers}")).exit_code == 0


def test_headers_may_begin_with_the_request_line(plextera: Plextera) -> None:
    headers = f"POST /webhooks/plextera HTTP/1.1\r\n{lines(signature(EXTRACTION))}"

    assert plextera(*capture(EXTRACTION, headers)).exit_code == 0


def test_the_secret_may_come_from_a_file_or_stdin(
    plextera: Plextera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEXTERA_SIGNING_SECRET", "another")
    call = capture(EXTRACTION, lines(signature(EXTRACTION)))
    Path("secret").write_text(f"{SECRET}\n")

    assert plextera(*call, "--secret-file", "secret").exit_code == 0
    assert plextera(*call, "--secret-file", "-", stdin=SECRET).exit_code == 0
    assert "does not match" in distrusted(plextera(*call))


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (EXTRACTION, lines(signature(EXTRACTION, "wrong")), "does not match"),
        (EXTRACTION + b"\n", lines(signature(EXTRACTION)), "does not match"),
        (EXTRACTION, lines(signature(EXTRACTION, age=400)), "too old"),
        (EXTRACTION, lines("nonsense"), "malformed"),
        (EXTRACTION, "Host: example.com", "no X-Plextera-Signature"),
        (EXTRACTION, lines(signature(EXTRACTION)) * 2, "malformed"),
        (b"[]", lines(signature(b"[]")), "not an event"),
        (b"", lines(signature(b"")), "not an event"),
    ],
)
def test_what_is_not_trusted_is_one_line_that_says_why(
    plextera: Plextera, body: bytes, headers: str, reason: str
) -> None:
    assert reason in distrusted(plextera(*capture(body, headers)))


def test_an_old_capture_can_be_checked_all_the_same(plextera: Plextera) -> None:
    call = capture(EXTRACTION, lines(signature(EXTRACTION, age=86_400)))

    assert plextera(*call, "--tolerance", "inf").exit_code == 0
    assert plextera(*call, "--tolerance", "90000").exit_code == 0
    assert plextera(*call, "--tolerance", "-1").exit_code == 2


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ("Host: a\nno colon", "line 2 is no `Name: value`"),
        ("{", "it is not JSON"),
        ("{" * 100_000, "it is not JSON"),
        ('{"a": 1}', "every header must be a string"),
    ],
)
def test_headers_that_cannot_be_read_are_wrong_usage(plextera: Plextera, headers: str, said: str) -> None:
    result = plextera(*capture(EXTRACTION, headers))

    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_files_that_are_not_there_are_wrong_usage(plextera: Plextera) -> None:
    result = plextera("webhook", "verify", "--body", "none", "--headers", "none")

    assert result.exit_code == 2
    assert "none cannot be read: No such file or directory" in result.stderr


def test_without_a_secret_it_says_where_one_comes_from(
    plextera: Plextera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLEXTERA_SIGNING_SECRET")
    result = plextera(*capture(EXTRACTION, lines(signature(EXTRACTION))))

    assert result.exit_code == 2
    assert "set PLEXTERA_SIGNING_SECRET or give --secret-file FILE" in result.stderr
