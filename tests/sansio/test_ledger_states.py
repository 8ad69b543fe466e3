"""The life of a document in a ledger, row by row."""

from datetime import UTC, datetime

import pytest

from plextera_async import errors
from plextera_async._sansio.ledger_states import (
    ENDS,
    Event,
    State,
    Step,
    after,
    event_of_create,
    event_of_end,
    step_for,
    undoes_send,
)

FOUND, SUBMITTING, UNDECIDED, SUBMITTED = State.FOUND, State.SUBMITTING, State.UNDECIDED, State.SUBMITTED
COMPLETED, FAILED, REJECTED = State.COMPLETED, State.FAILED, State.REJECTED

MOVES = {
    (FOUND, Event.SEND): SUBMITTING,
    (FOUND, Event.CREATED): SUBMITTED,
    (FOUND, Event.REFUSED): FAILED,
    (SUBMITTING, Event.CREATED): SUBMITTED,
    (SUBMITTING, Event.LOST): UNDECIDED,
    (SUBMITTING, Event.RELEASED): FOUND,
    (SUBMITTING, Event.REFUSED): FAILED,
    (SUBMITTING, Event.ABSENT): FOUND,
    (UNDECIDED, Event.CREATED): SUBMITTED,
    (UNDECIDED, Event.LOST): UNDECIDED,
    (UNDECIDED, Event.ABSENT): FOUND,
    (SUBMITTED, Event.COMPLETED): COMPLETED,
    (SUBMITTED, Event.FAILED): FAILED,
    (SUBMITTED, Event.REJECTED): REJECTED,
    (SUBMITTED, Event.MISSING): SUBMITTED,
    (SUBMITTED, Event.ABSENT): FOUND,
    (FAILED, Event.RETRY): FOUND,
    (REJECTED, Event.RETRY): FOUND,
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_every_event_in_every_state_leads_where_the_table_says_or_is_refused(state: State, event: Event):
    if (state, event) in MOVES:
        assert after(state, event) is MOVES[state, event]
        return
    with pytest.raises(errors.LedgerError, match=f"a document that is {state} cannot be noted as {event}"):
        after(state, event)


def test_a_sending_counts_unless_it_is_certain_that_it_had_no_effect():
    undoing = {move for move in MOVES if undoes_send(*move)}

    assert undoing == {(SUBMITTING, Event.RELEASED), (SUBMITTING, Event.REFUSED)}


def test_nothing_is_sent_from_a_state_in_which_it_may_be_on_the_server():
    assert [state for state in State if (state, Event.SEND) in MOVES] == [FOUND]


def test_nothing_comes_out_of_an_end_but_a_retry():
    assert {event for state, event in MOVES if state in ENDS} == {Event.RETRY}
    assert (COMPLETED, Event.RETRY) not in MOVES


@pytest.mark.parametrize(
    ("state", "has_id", "step"),
    [
        (FOUND, False, Step.SEND),
        (SUBMITTING, False, Step.LOOK_UP),
        (UNDECIDED, False, Step.LOOK_UP),
        (SUBMITTED, True, Step.WAIT),
        (COMPLETED, True, Step.WAIT),
        (FAILED, True, Step.WAIT),
        (REJECTED, True, Step.WAIT),
        (FAILED, False, Step.RENEW),
    ],
)
def test_a_start_does_what_is_safe(state: State, step: Step, *, has_id: bool):
    assert step_for(state, has_id=has_id, is_taken=False) is step
    assert step_for(state, has_id=has_id, is_taken=True) is Step.NOTHING


def api(kind: type[errors.APIError], status: int, *, retryable: bool = False) -> errors.APIError:
    return kind(status=status, retryable=retryable, may_have_been_applied=status >= 500)


@pytest.mark.parametrize(
    ("failure", "event"),
    [
        (OSError("the disk"), Event.REFUSED),
        (RuntimeError("of a source"), Event.REFUSED),
        (errors.InvalidInputError("empty"), Event.REFUSED),
        (api(errors.InvalidRequestError, 400), Event.REFUSED),
        (api(errors.ValidationFailedError, 422), Event.REFUSED),
        (api(errors.PayloadTooLargeError, 413), Event.REFUSED),
        (api(errors.UnsupportedMediaTypeError, 415), Event.REFUSED),
        (api(errors.ConflictError, 409), Event.REFUSED),
        (api(errors.ConflictError, 409, retryable=True), Event.RELEASED),
        (api(errors.APIError, 418), Event.REFUSED),
        (api(errors.NotFoundError, 404), Event.RELEASED),
        (api(errors.AuthenticationError, 401), Event.RELEASED),
        (api(errors.PermissionDeniedError, 403), Event.RELEASED),
        (api(errors.RateLimitedError, 429, retryable=True), Event.RELEASED),
        (errors.ConnectError("refused"), Event.RELEASED),
        (errors.ConfigurationError("another loop"), Event.RELEASED),
        (errors.RedirectError("elsewhere", status=302), Event.RELEASED),
        (errors.ConnectionLostError("lost", may_have_been_applied=True), Event.LOST),
        (api(errors.ServerError, 500), Event.LOST),
        (errors.AmbiguousCreateError("it may be", operation="x", since=datetime.now(UTC)), Event.LOST),
    ],
)
def test_a_failed_create_is_the_documents_own_fault_or_not_or_unknown(failure: Exception, event: Event):
    assert event_of_create(failure) is event
    assert (SUBMITTING, event) in MOVES


def test_a_404_to_a_named_file_says_that_there_is_no_such_file():
    assert event_of_create(api(errors.NotFoundError, 404), names_a_file=True) is Event.REFUSED


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("COMPLETED", Event.COMPLETED),
        ("FAILED", Event.FAILED),
        ("REJECTED", Event.REJECTED),
        ("ARCHIVED", Event.FAILED),
    ],
)
def test_the_end_of_an_extraction_is_one_of_three(status: str, event: Event):
    assert event_of_end(status) is event
