"""The scheme is another vendor's as well: what we sign its verifier accepts, what it signs ours does, and nothing else."""

import json
import time

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st

from plextera_async.errors import WebhookVerificationError
from plextera_async.webhooks import WebhookVerifier, sign
from tests.webhooks.deliveries import extraction_event

theirs = stripe.WebhookSignature
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
SECRETS = TEXTS.filter(str.strip)
TOLERANCE = 86_400  # seconds; longer than any test run
BUDGET = settings(max_examples=50, deadline=None, derandomize=True)


def event(value: str) -> bytes:
    return extraction_event(output={"fields": [{"id": "name", "value": value}]})


@BUDGET
@given(body=st.one_of(TEXTS, TEXTS.map(lambda text: event(text).decode())), secret=SECRETS)
def test_what_we_sign_they_accept(body, secret):
    header = sign(body.encode(), secret, int(time.time()))

    assert theirs.verify_header(body, header, secret, tolerance=TOLERANCE)


@BUDGET
@given(value=TEXTS, secret=SECRETS)
def test_what_they_sign_we_accept(value, secret):
    body = event(value)
    header = theirs.generate_signature_header(body.decode(), secret)

    read = WebhookVerifier("another", secret, tolerance=TOLERANCE).verify(
        body, {"X-Plextera-Signature": header}
    )

    assert read.event_id == "evt_1"


@BUDGET
@given(body=TEXTS, secret=SECRETS, at=st.integers(0, 10**11))
def test_both_write_the_same_header(body, secret, at):
    assert sign(body.encode(), secret, at) == theirs.generate_signature_header(body, secret, at)


def accepted_by_them(body: bytes, header: str, secret: str) -> bool:
    try:
        return bool(theirs.verify_header(body, header, secret, tolerance=TOLERANCE))
    except stripe.SignatureVerificationError:
        return False


def accepted_by_us(body: bytes, header: str, secret: str) -> bool:
    try:
        WebhookVerifier(secret, tolerance=TOLERANCE).verify(body, {"X-Plextera-Signature": header})
    except WebhookVerificationError:
        return False
    return True


NOW = int(time.time())
BODY = json.dumps(json.loads(extraction_event())).encode()
GOOD = sign(BODY, "whsec", NOW)
DIGEST = GOOD.partition("v1=")[2]


@pytest.mark.parametrize(
    ("body", "header", "secret", "accepted"),
    [
        pytest.param(BODY, GOOD, "whsec", True, id="as it is"),
        pytest.param(BODY, f"t={NOW},v1={'0' * 64},v1={DIGEST}", "whsec", True, id="good one second"),
        pytest.param(
            BODY, f"t={NOW},v0={'0' * 64},v1={DIGEST}", "whsec", True, id="good one after an unknown scheme"
        ),
        pytest.param(BODY, f"v1={DIGEST},t={NOW}", "whsec", True, id="time last"),
        pytest.param(BODY, GOOD, "another", False, id="another secret"),
        pytest.param(BODY + b" ", GOOD, "whsec", False, id="another body"),
        pytest.param(BODY, f"t={NOW},v0={DIGEST}", "whsec", False, id="unknown scheme alone"),
        pytest.param(BODY, f"t={NOW + 1},v1={DIGEST}", "whsec", False, id="another time"),
        pytest.param(BODY, f"v1={DIGEST}", "whsec", False, id="no time"),
        pytest.param(BODY, f"t={NOW}", "whsec", False, id="no signature"),
        pytest.param(BODY, "", "whsec", False, id="empty"),
        pytest.param(BODY, sign(BODY, "whsec", NOW - 10 * TOLERANCE), "whsec", False, id="old"),
    ],
)
def test_both_judge_alike(body, header, secret, accepted):
    assert (accepted_by_us(body, header, secret), accepted_by_them(body, header, secret)) == (
        accepted,
        accepted,
    )
