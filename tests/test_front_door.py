"""The names at the front door, and what entering costs."""

import json
import subprocess
import sys

import pytest

import plextera_async
from plextera_async import errors, options

HEAVY = {"aiohttp", "anyio", "cattrs", "msgspec"}


def _kind_and_name(name: str) -> tuple[bool, bool, str]:
    return not name.isupper(), name[0].islower(), name  # constants, classes, modules


def test_every_name_resolves_and_the_list_is_sorted():
    names = list(plextera_async.__all__)

    assert names == sorted(set(names), key=_kind_and_name)
    assert all(getattr(plextera_async, name) is not None for name in names)
    assert set(names) <= set(dir(plextera_async))


def test_all_errors_and_options_are_at_the_front_door():
    assert set(errors.__all__) | set(options.__all__) <= set(plextera_async.__all__)
    assert plextera_async.NotFoundError is errors.NotFoundError
    assert plextera_async.errors is errors


def test_a_name_is_looked_up_once():
    assert plextera_async.AsyncPlextera is plextera_async.AsyncPlextera
    assert "AsyncPlextera" in vars(plextera_async)


@pytest.mark.parametrize("name", ["nonsense", "Asyncplextera", "_ROOM", "__path_"])
def test_an_unknown_name_is_an_attribute_error(name: str):
    with pytest.raises(AttributeError, match=f"module 'plextera_async' has no attribute '{name}'"):
        getattr(plextera_async, name)


def _loaded_by(statement: str) -> set[str]:
    """Give the top-level modules that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(name.partition('.')[0] for name in sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(run.stdout))


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import plextera_async", HEAVY | {"attrs"}),
        ("import plextera_async.errors", HEAVY | {"attrs"}),
        ("from plextera_async import NotFoundError", HEAVY | {"attrs"}),
        ("from plextera_async import ClientOptions", HEAVY),
        ("from plextera_async import models", HEAVY),
        ("import plextera_async.webhooks", {"aiohttp", "anyio"}),
        ("from plextera_async.webhooks import WebhookReceiver, WebhookVerifier, sign", {"aiohttp", "anyio"}),
        ("from plextera_async.webhooks.asgi import WebhookApp", {"aiohttp", "anyio"}),
    ],
)
def test_small_needs_load_little(statement: str, unwanted: set[str]):
    assert not unwanted & _loaded_by(statement)


def _number_loaded_by(statement: str) -> int:
    code = f"import sys\nbefore = len(sys.modules)\n{statement}\nprint(len(sys.modules) - before)"
    return int(
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60).stdout
    )


@pytest.mark.parametrize(
    ("statement", "share"),
    [
        ("import plextera_async", 0.2),
        ("import plextera_async.errors", 0.3),
        ("from plextera_async import models", 0.5),
        ("import plextera_async.webhooks", 0.8),
        ("from plextera_async import AsyncPlextera", 2),
    ],
)
def test_imports_are_counted_in_those_of_aiohttp(statement: str, share: float):
    assert _number_loaded_by(statement) <= share * _number_loaded_by("import aiohttp")


def test_a_star_import_brings_every_name():
    assert "aiohttp" in _loaded_by(
        "from plextera_async import *\nAsyncPlextera, ClientOptions, NotFoundError, models"
    )
