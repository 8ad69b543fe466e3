from pathlib import Path

import pytest

from plextera_async.sandbox import Sandbox
from tests.cli.conftest import Plextera


@pytest.fixture
def memo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("memo.txt").write_text("Total: 12.50\n")
    return "memo.txt"


def test_a_key_may_come_from_a_file(
    plextera: Plextera, memo: str, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLEXTERA_API_KEY")
    Path("key").write_text(f"{served.api_key}\n")

    assert plextera("extract", memo, "--api-key-file", "key").exit_code == 0


def test_a_key_may_come_from_stdin(
    plextera: Plextera, memo: str, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEXTERA_API_KEY", "another")
    result = plextera("extract", memo, "--api-key-file", "-", stdin=f"{served.api_key}\n")

    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "the API key cannot be read from key: No such file or directory"),
        (b" \n", "key holds no API key: it is empty"),
        (b"\xff\xfe", "key holds no API key: it is not text"),
        (b"api-key secret-1", "give the API key alone, without the `api-key ` in front"),
        (b"secret 1", "the API key holds a space"),
    ],
)
def test_a_file_without_a_key_is_one_line(
    plextera: Plextera, memo: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        Path("key").write_bytes(content)
    result = plextera("extract", memo, "--api-key-file", "key")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"plextera: {said}")
    assert len(result.stderr.splitlines()) == 1
    assert "secret" not in result.stderr


@pytest.mark.parametrize("key", [None, ""])
def test_a_missing_key_is_one_line_that_says_where_it_comes_from(
    plextera: Plextera, memo: str, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    if key is not None:
        monkeypatch.setenv("PLEXTERA_API_KEY", key)
    result = plextera("extract", memo)

    assert result.exit_code == 2
    assert result.stderr == (
        "plextera: no API key: set PLEXTERA_API_KEY or give --api-key-file FILE; --sandbox needs none\n"
    )


def test_the_address_may_be_an_option(
    plextera: Plextera, memo: str, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEXTERA_BASE_URL", "http://127.0.0.1:9/nowhere")

    assert plextera("extract", memo, "--base-url", served.base_url).exit_code == 0


def test_an_unreachable_host_is_one_line(
    plextera: Plextera, memo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEXTERA_API_KEY", "some-key")
    result = plextera("extract", memo, "--base-url", "https://plextera.invalid/api")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        "plextera: memo.txt: the service cannot be reached: check the network, and --base-url"
    )
    assert len(result.stderr.splitlines()) == 1
    assert "some-key" not in result.stderr


def test_an_option_of_the_sandbox_needs_no_key_and_no_address(
    plextera: Plextera, memo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLEXTERA_BASE_URL", "not an address")
    monkeypatch.setenv("PLEXTERA_API_KEY", "not a key")

    assert plextera("extract", memo, "--sandbox").exit_code == 0
