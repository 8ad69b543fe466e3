"""Where deliveries go: mapped addresses on loopback, and nowhere else."""

import pytest

from plextera_async.sandbox import Sandbox
from tests.sandbox.receiving import HOOK, delivering, fail_run, pass_time, record, subscribe, update


async def test_what_is_subscribed_elsewhere_is_noted_and_never_sent() -> None:
    async with delivering() as (api, receiver):
        for url in ("https://example.com/other", f"{HOOK}?a", receiver.url.replace("http:", "https:")):
            await subscribe(api, endpointUrl=url)
        await fail_run(api)
        await pass_time(api)

    assert receiver.got == []
    assert record(api) == [(1, None, "undeliverable")] * 3
    assert api.sandbox.deliveries[0].url == "https://example.com/other"


@pytest.mark.parametrize(
    "target",
    [
        "http://example.com/hook",
        "http://192.0.2.1/hook",
        "http://0.0.0.0:80/",
        "http://127.0.0.999/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1@example.com/",
        "http://localhost\\@example.com/",
        "http://[2001:db8::1]/",
        "https://127.0.0.1/hook",
        "http://127.0.0.1:8080/a b",
        "127.0.0.1:8080",
        "",
    ],
)
def test_only_loopback_is_delivered_to(target: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Sandbox(endpoints={HOOK: target})


def test_only_https_urls_are_subscribed() -> None:
    with pytest.raises(ValueError, match="https"):
        Sandbox().add_endpoint("http://example.com", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1", "http://127.1.2.3:9/", "http://[::1]:80/x?y=z", "http://localhost:1/"]
)
def test_loopback_has_many_names(target: str) -> None:
    Sandbox(endpoints={HOOK: target})


async def test_a_new_address_gets_later_tries() -> None:
    async with delivering() as (api, receiver):
        subscription = await subscribe(api, endpointUrl="https://example.com/old")
        api.sandbox.add_endpoint("https://example.com/old", receiver.url)
        receiver.answers = [500]
        await fail_run(api)
        await api.sandbox.settle()
        await update(api, subscription, endpointUrl=HOOK)
        await pass_time(api, 1)

    assert [one.url for one in api.sandbox.deliveries] == ["https://example.com/old", HOOK]
