"""Settings: frozen, with defaults, refused when they can never work."""

import copy
import pickle
from typing import Any

import attrs
import pytest

from plextera_async.errors import ConfigurationError
from plextera_async.options import ClientOptions, Limits, PollPolicy, RetryPolicy, Timeouts

GROUPS = [Timeouts, RetryPolicy, PollPolicy, Limits, ClientOptions]
SECONDS = [
    (Timeouts, "connect"),
    (Timeouts, "read"),
    (Timeouts, "total"),
    (RetryPolicy, "first_delay"),
    (RetryPolicy, "max_delay"),
    (RetryPolicy, "max_retry_after"),
    (PollPolicy, "first_delay"),
    (PollPolicy, "max_delay"),
    (PollPolicy, "wait_timeout"),
]
NO_LIMIT = [(Timeouts, "total"), (PollPolicy, "wait_timeout")]
COUNTS = [(RetryPolicy, "max_attempts"), (Limits, "concurrency")]
SWITCHES = ["reconcile", "retry_uploads", "allow_plain_http"]
PARTS = ["timeouts", "retry", "polling", "limits"]


def test_every_setting_is_in_one_of_the_tables():
    tabled = {*SECONDS, *COUNTS, *((ClientOptions, name) for name in SWITCHES + PARTS)}

    assert tabled == {(group, field.name) for group in GROUPS for field in attrs.fields(group)}


@pytest.mark.parametrize(("group", "name"), SECONDS)
@pytest.mark.parametrize("value", [1, 0.001, 86_400.0, 1e9])
def test_seconds_are_numbers_above_zero(group: type[Any], name: str, value: float):
    assert getattr(group(**{name: value}), name) == value


@pytest.mark.parametrize(("group", "name"), SECONDS)
@pytest.mark.parametrize(
    "value", [0, -1, -0.0, float("nan"), float("inf"), -float("inf"), True, "5", [], 10**400, 1e10, 1j]
)
def test_other_seconds_are_refused_by_name(group: type[Any], name: str, value: Any):
    with pytest.raises(ConfigurationError, match=rf"^{group.__name__}\.{name} must be a number of seconds"):
        group(**{name: value})


@pytest.mark.parametrize(("group", "name"), SECONDS)
def test_only_some_limits_can_be_none(group: type[Any], name: str):
    if (group, name) in NO_LIMIT:
        assert getattr(group(**{name: None}), name) is None
    else:
        with pytest.raises(ConfigurationError):
            group(**{name: None})


@pytest.mark.parametrize(("group", "name"), COUNTS)
def test_counts_are_whole_numbers_from_one_on(group: type[Any], name: str):
    assert getattr(group(**{name: 1}), name) == 1
    for value in (0, -1, 1.0, True, None, "3"):
        with pytest.raises(ConfigurationError, match=rf"^{group.__name__}\.{name} must be a whole number"):
            group(**{name: value})


@pytest.mark.parametrize("name", SWITCHES)
def test_switches_are_booleans(name: str):
    for value in (1, None, "yes"):
        with pytest.raises(ConfigurationError, match=rf"^ClientOptions\.{name} must be a bool$"):
            ClientOptions(**{name: value})


@pytest.mark.parametrize("name", PARTS)
def test_parts_are_of_their_own_type(name: str):
    for value in (None, {}, 5, ClientOptions()):
        with pytest.raises(ConfigurationError, match=rf"^ClientOptions\.{name} must be a "):
            ClientOptions(**{name: value})


@pytest.mark.parametrize("group", GROUPS)
def test_settings_are_values(group: type[Any]):
    settings = group()

    assert settings == group()
    assert hash(settings) == hash(group())
    assert copy.deepcopy(settings) == settings
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 - our own bytes
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(settings, attrs.fields(group)[0].name, None)


def test_a_change_makes_a_new_value_and_is_checked():
    options = attrs.evolve(ClientOptions(), retry=RetryPolicy(max_attempts=1))

    assert options.retry.max_attempts == 1
    assert ClientOptions().retry.max_attempts == 5
    with pytest.raises(ConfigurationError):
        attrs.evolve(options, reconcile="no")


@pytest.mark.parametrize(
    ("files", "in_flight"), [(1024, 341), (256, 85), (2, 1), (3000, 1000), (1_048_576, 1000), (-1, 1000)]
)
def test_by_default_connections_leave_room_for_other_files(
    files: int, in_flight: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("resource.getrlimit", lambda _: (files, files))
    monkeypatch.setattr("resource.RLIM_INFINITY", -1)

    assert Limits().concurrency == in_flight


def test_by_default_windows_can_watch_all_connections(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("plextera_async.options.resource", None)

    assert Limits().concurrency == 170
