"""What type checkers are to see of errors. Never run: mypy and pyright read it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, assert_type

from plextera_async import (
    AmbiguousCreateError,
    APIError,
    ConfigurationError,
    DecodeError,
    InvalidInputError,
    JobFailedError,
    PlexteraError,
    RequestTimeoutError,
    TransportError,
    WaitTimeoutError,
)


def attributes(
    base: PlexteraError,
    api: APIError,
    ambiguous: AmbiguousCreateError,
    decode: DecodeError,
    wait: WaitTimeoutError,
) -> None:
    assert_type(base.may_have_been_applied, bool)
    assert_type(base.to_dict(), dict[str, Any])
    assert_type(api.status, int)
    assert_type(api.code, str | None)
    assert_type(api.message, str | None)
    assert_type(api.request_id, str | None)
    assert_type(api.retryable, bool)
    assert_type(api.details, tuple[tuple[str, str], ...])
    assert_type(api.retry_after, float | None)
    assert_type(api.attempts, int)
    assert_type(ambiguous.key, str | None)
    tags: Mapping[str, str] = ambiguous.tags
    assert_type(ambiguous.since, datetime)
    assert_type(ambiguous.cause, PlexteraError | None)
    assert_type(decode.problems, tuple[tuple[str, str, str], ...])
    assert_type(wait.id, str)
    assert_type(wait.elapsed, float)
    assert_type(wait.last_error, PlexteraError | None)
    del tags


def families(
    configuration: ConfigurationError,
    given: InvalidInputError,
    silent: RequestTimeoutError,
    job: JobFailedError,
) -> None:
    values: list[ValueError] = [configuration, given]
    late: TimeoutError = silent
    lost: TransportError = silent
    ours: PlexteraError = job
    del values, late, lost, ours
