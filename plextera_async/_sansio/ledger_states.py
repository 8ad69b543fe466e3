"""The life of a document in a ledger: which state follows which, and what a start does with what it finds."""

from collections.abc import Mapping
from enum import Enum, StrEnum

from plextera_async import errors

__all__ = [
    "ENDS",
    "Event",
    "State",
    "Step",
    "after",
    "event_of_create",
    "event_of_end",
    "step_for",
    "undoes_send",
]


class State(StrEnum):
    """How far a document has come, as the ledger writes it down."""

    FOUND = "found"
    """Known; certainly not on the server."""
    SUBMITTING = "submitting"
    """About to be sent, or sent and not answered. Found at a start, it means what `UNDECIDED` means."""
    UNDECIDED = "undecided"
    """Sent, and nobody knows what became of it."""
    SUBMITTED = "submitted"
    """On the server, under a known id."""
    COMPLETED = "completed"
    FAILED = "failed"
    """Ended badly: on the server (then it has an id), or refused before there was an extraction."""
    REJECTED = "rejected"


ENDS = frozenset({State.COMPLETED, State.FAILED, State.REJECTED})
"""The states that are final."""


class Event(StrEnum):
    """What happens to a document."""

    SEND = "send"
    """It is going to be sent: written down before."""
    CREATED = "created"
    """There is an extraction: by an answer, by a look-up, or by somebody's word."""
    LOST = "lost"
    """It was sent, and its fate is unknown."""
    ABSENT = "absent"
    """There is no extraction: proven, or by somebody's word."""
    RELEASED = "released"
    """It was certainly not taken, for a reason that is not its own: no connection, a wrong key."""
    REFUSED = "refused"
    """It was certainly not taken, for a reason of its own: it will be the same the next time."""
    MISSING = "missing"
    """The service does not know its extraction (any more, or here)."""
    COMPLETED = "completed"
    FAILED = "failed"
    REJECTED = "rejected"
    RETRY = "retry"
    """It is to be done anew, as another submission."""


_MOVES: Mapping[tuple[State, Event], State] = {
    (State.FOUND, Event.SEND): State.SUBMITTING,
    (State.FOUND, Event.CREATED): State.SUBMITTED,  # the same bytes as another document's
    (State.FOUND, Event.REFUSED): State.FAILED,
    (State.SUBMITTING, Event.CREATED): State.SUBMITTED,
    (State.SUBMITTING, Event.LOST): State.UNDECIDED,
    (State.SUBMITTING, Event.RELEASED): State.FOUND,
    (State.SUBMITTING, Event.REFUSED): State.FAILED,
    (State.SUBMITTING, Event.ABSENT): State.FOUND,
    (State.UNDECIDED, Event.CREATED): State.SUBMITTED,
    (State.UNDECIDED, Event.LOST): State.UNDECIDED,
    (State.UNDECIDED, Event.ABSENT): State.FOUND,
    (State.SUBMITTED, Event.COMPLETED): State.COMPLETED,
    (State.SUBMITTED, Event.FAILED): State.FAILED,
    (State.SUBMITTED, Event.REJECTED): State.REJECTED,
    (State.SUBMITTED, Event.MISSING): State.SUBMITTED,  # by itself no reason to send it again
    (State.SUBMITTED, Event.ABSENT): State.FOUND,  # only ever by hand
    (State.FAILED, Event.RETRY): State.FOUND,
    (State.REJECTED, Event.RETRY): State.FOUND,
}


def after(state: State, event: Event) -> State:
    """Give the state that follows.

    Raises:
        LedgerError: If the event cannot happen in this state.
    """
    following = _MOVES.get((state, event))
    if following is None:
        raise errors.LedgerError(f"a document that is {state.value} cannot be noted as {event.value}")
    return following


def undoes_send(state: State, event: Event) -> bool:
    """Say whether an event tells that the last sending had no effect, so that it does not count."""
    return state is State.SUBMITTING and event in (Event.RELEASED, Event.REFUSED)


class Step(Enum):
    """What is done next for a document."""

    SEND = "send"
    LOOK_UP = "look up"
    """Find out whether it is on the server."""
    WAIT = "wait"
    """Its id is known: wait for its end, or read it again."""
    RENEW = "renew"
    """It was refused and nobody has heard of it: try again."""
    NOTHING = "nothing"
    """Its outcome was taken."""


_STEPS: Mapping[State, Step] = {
    State.FOUND: Step.SEND,
    State.SUBMITTING: Step.LOOK_UP,
    State.UNDECIDED: Step.LOOK_UP,
    State.SUBMITTED: Step.WAIT,
    State.COMPLETED: Step.WAIT,
    State.FAILED: Step.WAIT,
    State.REJECTED: Step.WAIT,
}


def step_for(state: State, *, has_id: bool, is_taken: bool) -> Step:
    """Say what a start does with a document.

    Args:
        state: As found in the ledger.
        has_id: Whether the id of its extraction is known.
        is_taken: Whether its outcome was taken.
    """
    if is_taken:
        return Step.NOTHING
    if state in ENDS and not has_id:
        return Step.RENEW
    return _STEPS[state]


_OF_THE_CLIENT = (errors.AuthenticationError, errors.PermissionDeniedError, errors.RateLimitedError)


def event_of_create(failure: Exception, *, names_a_file: bool = False) -> Event:
    """Say what a failed create means for its document.

    Args:
        failure: What the create raised. What is no error of ours was raised by the source while it was read.
        names_a_file: Whether the request named a file on the server, which a 404 then says is not there; else a 404 is
            a wrong address.
    """
    if not isinstance(failure, errors.PlexteraError):
        return Event.REFUSED
    if failure.may_have_been_applied:
        return Event.LOST
    if isinstance(failure, _OF_THE_CLIENT):
        return Event.RELEASED
    if isinstance(failure, errors.NotFoundError):
        return Event.REFUSED if names_a_file else Event.RELEASED
    if isinstance(failure, errors.APIError):
        return Event.RELEASED if failure.retryable else Event.REFUSED
    return Event.REFUSED if isinstance(failure, errors.InvalidInputError) else Event.RELEASED


_ENDS_BY_STATUS = {"COMPLETED": Event.COMPLETED, "FAILED": Event.FAILED, "REJECTED": Event.REJECTED}


def event_of_end(status: str) -> Event:
    """Say what the status of an extraction that has ended means; one that this release does not know is no success."""
    return _ENDS_BY_STATUS.get(status, Event.FAILED)
