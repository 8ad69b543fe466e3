"""The verifier trusts what was signed lately, and raises nothing but its own error."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plextera_async.errors import ConfigurationError, WebhookVerificationError
from plextera_async.webhooks import ExtractionFailedEvent, WebhookVerifier, sign

NOW = 1_700_000_000
BODY = (
    b'{"eventId": "evt_1", "eventType": "document-insights.extraction.failed", "apiVersion": "v1", '
    b'"occurredAt": "2026-01-01T00:00:00Z", "data": {"extractionId": "x", "status": "FAILED"}}'
)
VERIFIER = WebhookVerifier("old", "new", clock=lambda: NOW)


def signed(body, secret="new", at=NOW):
    return {"X-Plextera-Signature": sign(body, secret, at)}


def released(body):
    view = memoryview(body)
    view.release()
    return view


@pytest.mark.parametrize("secret", ["old", "new"])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_delivery_signed_with_either_secret_is_read(secret, kind):
    event = VERIFIER.verify(kind(BODY), signed(BODY, secret))

    assert isinstance(event, ExtractionFailedEvent)
    assert event.extraction.id == "x"


@pytest.mark.parametrize(
    ("body", "headers", "hint"),
    [
        (BODY, signed(BODY, "wrong"), "does not match"),
        (BODY + b" ", signed(BODY), "does not match"),
        (BODY, signed(BODY, at=NOW - 301), "too old"),
        (BODY, signed(BODY, at=NOW + 301), "lies ahead"),
        (BODY, {}, "no X-Plextera-Signature"),
        (BODY, None, "no X-Plextera-Signature"),
        (BODY.decode(), signed(BODY), "raw bytes"),
        ({"eventId": "evt_1"}, signed(BODY), "raw bytes"),
        (released(BODY), signed(BODY), "released"),
        (BODY, {"X-Plextera-Signature": None}, "malformed"),
        (BODY, list(signed(BODY).items()) * 2, "malformed"),
        (b"{}", signed(b"{}"), "not an event"),
        (b"\xff\xfe", signed(b"\xff\xfe"), "not an event"),
        (b"[" * 100_000, signed(b"[" * 100_000), "not an event"),
    ],
)
def test_anything_else_is_refused_with_a_reason(body, headers, hint):
    with pytest.raises(WebhookVerificationError, match=hint):
        VERIFIER.verify(body, headers)


def test_a_large_body_is_not_looked_at():
    verifier = WebhookVerifier("new", max_bytes=len(BODY) - 1, clock=lambda: NOW)

    with pytest.raises(WebhookVerificationError, match="max_bytes"):
        verifier.verify(BODY, signed(BODY))


@given(body=st.binary(), header=st.one_of(st.text(), st.binary()), name=st.one_of(st.text(), st.binary()))
def test_whatever_comes_in_only_its_own_error_comes_out(body, header, name):
    for headers in ({"X-Plextera-Signature": header}, {name: header}):
        with pytest.raises(WebhookVerificationError):
            VERIFIER.verify(body, headers)


@given(body=st.binary())
def test_even_well_signed_nonsense_only_raises_its_own_error(body):
    with pytest.raises(WebhookVerificationError):
        VERIFIER.verify(body, signed(body))


@pytest.mark.parametrize(
    ("secrets", "tolerance"),
    [
        ((), 1),
        (("",), 1),
        ((b"bytes",), 1),
        (("x",), -1),
        (("x",), float("nan")),
        (("\ud800",), 1),
        (("x",), "1"),
        ((["x"],), 1),
    ],
)
def test_settings_that_cannot_work_are_refused(secrets, tolerance):
    with pytest.raises(ConfigurationError):
        WebhookVerifier(*secrets, tolerance=tolerance)


def test_the_secret_does_not_show():
    assert repr(WebhookVerifier("hush")) == "<WebhookVerifier with 1 secrets>"


@pytest.mark.parametrize(
    ("then", "absent"),
    [
        ("", {"aiohttp", "anyio", "cattrs"}),
        ("; import plextera_async.webhooks.asgi", {"aiohttp", "anyio", "cattrs"}),
        (f"; plextera_async.webhooks.events.read_event({BODY!r})", {"aiohttp", "anyio"}),
    ],
)
def test_neither_aiohttp_nor_anyio_is_imported_and_cattrs_only_to_read(then, absent):
    code = f"import sys, plextera_async.webhooks{then}; print({absent!r} & set(sys.modules))"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert shown == "set()\n"
