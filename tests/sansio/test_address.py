"""Where requests may go."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from plextera_async._sansio.address import (
    DEFAULT_BASE_URL,
    check_base_url,
    follow,
    is_loopback,
    is_same_origin,
    may_need_proxy,
    proxies_from,
    proxy_for,
)
from plextera_async.errors import ConfigurationError, RedirectError


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost", "localhost.", "127.0.0.1", "127.0.0.2", "127.255.255.255", "::1", "[::1]"],
)
def test_loopback_is_known_by_name(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "0.0.0.0",  # noqa: S104 - an address that is refused
        "128.0.0.1",
        "127.1",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "127.0.0.1.example.com",
        "localhost.example.com",
        "notlocalhost",
        "localhost..",
        "::2",
        "::",
        "example.com",
        "\uff11\uff12\uff17.0.0.1",  # wide digits
    ],
)
def test_nothing_else_is_loopback(host: str | None):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        (DEFAULT_BASE_URL, DEFAULT_BASE_URL),
        ("https://a.example/v1/", "https://a.example/v1"),
        ("https://a.example///", "https://a.example"),
        ("HTTPS://A.example", "HTTPS://A.example"),
        ("https://a.example:8443", "https://a.example:8443"),
        ("https://[2001:db8::1]:8443/v1", "https://[2001:db8::1]:8443/v1"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.2", "http://127.0.0.2"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1"),
        ("http://localhost.:80", "http://localhost.:80"),
    ],
)
def test_a_usable_base_url_loses_only_slashes_at_its_end(url: str, base: str):
    assert check_base_url(url, allow_plain_http=False) == base


@pytest.mark.parametrize(
    "url",
    [
        None,
        b"https://a.example",
        "",
        "a.example",
        "//a.example",
        "/v1",
        "ftp://a.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https:///v1",
        "https://:443",
        "https://a.example:0",
        "https://a.example:99999",
        "https://a.example:port",
        "https://[::1",
        "https://[::1]x",
        "https://a.example/ v1",
        "https://a.example/v1\n",
        "\thttps://a.example",
        "https://a.example/\x00",
        "https://bücher.example",
        "https://user@a.example",
        "https://user:MARK@a.example",
        "https://@a.example",
        "https://a.example\\@b.example",
        "https://a.example/v1?key=MARK",
        "https://a.example/v1?",
        "https://a.example/v1#x",
        "https://a.example/v1#",
    ],
)
@pytest.mark.parametrize("allow", [True, False])
def test_an_unusable_base_url_is_refused_and_not_quoted(url: object, *, allow: bool):
    with pytest.raises(ConfigurationError) as caught:
        check_base_url(url, allow_plain_http=allow)

    assert "MARK" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://a.example", "HTTP://a.example", "http://0x7f.1", "http://10.0.0.1"])
def test_plain_http_to_another_machine_needs_leave(url: str):
    with pytest.raises(ConfigurationError, match="allow_plain_http"):
        check_base_url(url, allow_plain_http=False)

    assert check_base_url(url, allow_plain_http=True) == url


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/x", "https://A.example:443/y?z", True),
        ("http://a.example", "http://a.example:80", True),
        ("https://a.example", "http://a.example", False),
        ("https://a.example", "https://a.example:8443", False),
        ("https://a.example", "https://b.example", False),
        ("https://a.example", "https://a.example.", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one: str, other: str, *, same: bool):
    assert is_same_origin(one, other) is same
    assert is_same_origin(other, one) is same


HERE = "https://a.example/v1/files/f/download"


@pytest.mark.parametrize(
    ("current", "location", "target"),
    [
        (HERE, "/x", "https://a.example/x"),
        (HERE, "x?y=1", "https://a.example/v1/files/f/x?y=1"),
        (HERE, "?y=1", "https://a.example/v1/files/f/download?y=1"),
        (HERE, "//b.example/x", "https://b.example/x"),
        (HERE, "https://b.example/x", "https://b.example/x"),
        ("http://127.0.0.1:80/x", "https://b.example/x", "https://b.example/x"),
        ("http://127.0.0.1:80/x", "/y", "http://127.0.0.1:80/y"),
        ("http://127.0.0.1:80/x", "http://localhost:81/y", "http://localhost:81/y"),
        ("http://intern.example/x", "/y", "http://intern.example/y"),
        (HERE, "/a b/ü?c=d e%20f", "https://a.example/a%20b/%C3%BC?c=d%20e%20f"),
        (HERE, "/\udcff", "https://a.example/%ED%B3%BF"),
    ],
)
def test_a_redirect_leads_to_an_absolute_address(current: str, location: str, target: str):
    assert follow(current, location, status=302) == target


@pytest.mark.parametrize(
    ("current", "location"),
    [
        (HERE, None),
        (HERE, ""),
        (HERE, "http://a.example/x"),
        (HERE, "http://127.0.0.1/x"),
        (HERE, "javascript:alert(1)"),
        (HERE, "data:text/html,x"),
        (HERE, "file:///etc/passwd"),
        (HERE, "ftp://a.example/x"),
        (HERE, "https://user:MARK@b.example/x"),
        (HERE, "https://@b.example/x"),
        (HERE, "//user@b.example/x"),
        (HERE, "https://b.example:0/x"),
        (HERE, "https://b.example:99999/x"),
        (HERE, "https://b.example:MARK/x"),
        (HERE, "https://[::1/x"),
        (HERE, "https://[::1]x/"),
        ("http://127.0.0.1:80/x", "http://b.example/x"),
        ("http://intern.example/x", "http://other.example/x"),
        ("http://intern.example/x", "http://intern.example:81/x"),
    ],
)
def test_a_redirect_without_a_safe_address_is_not_followed(current: str, location: str | None):
    with pytest.raises(RedirectError) as caught:
        follow(current, location, status=307)

    assert caught.value.status == 307
    assert "MARK" not in f"{caught.value}{caught.value!r}"


@given(st.text(max_size=40) | st.from_regex(r"\A(https?:)?/?/?[a-z@:\[\]\\/.?#0-9]{0,20}\Z"))
def test_no_redirect_leaves_https_or_carries_user_info(location: str):
    try:
        target = follow(HERE, location, status=302)
    except RedirectError:
        return
    URL(target, encoded=True)  # as the transport takes it

    assert target.lower().startswith("https://")
    assert "@" not in urlsplit(target).netloc  # in a query, it says nothing of who asks


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("spelling", ["{}_proxy", "{}_PROXY", "all_proxy", "ALL_PROXY"])
def test_a_proxy_in_a_usual_spelling_is_seen_without_reading_everything(scheme: str, spelling: str):
    name = spelling.format(scheme.upper() if "PROXY" in spelling else scheme)

    assert may_need_proxy(f"{scheme}://api.example", {name: "proxy:1"})
    assert not may_need_proxy(f"{scheme}://api.example", {"no_proxy": "*", "ftp_proxy": "proxy:1"})


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, {}),
        ({"PATH": "/bin", "proxy": "x"}, {}),
        ({"HTTPS_PROXY": "p:1"}, {"https": "p:1"}),
        ({"https_proxy": "low", "HTTPS_PROXY": "UP"}, {"https": "low"}),
        ({"HTTPS_PROXY": "UP", "https_proxy": "low"}, {"https": "low"}),
        ({"HTTPS_PROXY": "UP", "https_proxy": ""}, {}),
        ({"ALL_PROXY": "a", "no_proxy": "*"}, {"all": "a", "no": "*"}),
        ({"HTTP_PROXY": "UP", "REQUEST_METHOD": "GET"}, {}),
        ({"HTTP_PROXY": "UP", "http_proxy": "low", "REQUEST_METHOD": "GET"}, {"http": "low"}),
        ({"HTTPS_PROXY": "UP", "REQUEST_METHOD": "GET"}, {"https": "UP"}),
    ],
)
def test_proxies_come_from_the_usual_variables(environ: dict[str, str], found: dict[str, str]):
    assert proxies_from(environ) == found


@pytest.mark.parametrize(
    ("url", "proxies", "proxy"),
    [
        ("https://a.example/x", {}, None),
        ("https://a.example/x", {"https": "http://p:1"}, "http://p:1"),
        ("https://a.example/x", {"https": "p:1"}, "http://p:1"),
        ("https://a.example/x", {"http": "p:1"}, None),
        ("https://a.example/x", {"all": "p:1"}, "http://p:1"),
        ("https://a.example/x", {"all": "p:1", "https": "q:1"}, "http://q:1"),
        ("http://a.example/x", {"all": "p:1", "https": "q:1"}, "http://p:1"),
        ("http://127.0.0.1:80/x", {"http": "p:1"}, None),
        ("http://localhost/x", {"all": "p:1"}, None),
        ("http://[::1]:80/x", {"http": "p:1"}, None),
    ],
)
def test_a_proxy_is_chosen_by_scheme_and_never_for_loopback(
    url: str, proxies: dict[str, str], proxy: str | None
):
    assert proxy_for(url, proxies) == proxy


@pytest.mark.parametrize(
    ("no", "excepted"),
    [
        ("*", True),
        ("a.example", True),
        ("A.Example", True),
        ("api.a.example", True),
        (".a.example", True),
        ("b.example, a.example ", True),
        ("api.a.example:443", True),
        ("a.example:443", True),
        ("a.example:8443", False),
        ("b.example", False),
        ("pi.a.example", False),
        ("example.org", False),
        (",", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("url", ["https://api.a.example/x", "https://API.a.example:443/x"])
def test_no_proxy_names_hosts_suffixes_and_ports(url: str, no: str, *, excepted: bool):
    assert proxy_for(url, {"https": "p:1", "no": no}) == (None if excepted else "http://p:1")


def test_no_proxy_names_addresses():
    assert proxy_for("https://[2001:db8::1]/x", {"https": "p:1", "no": "2001:db8::1"}) is None
    assert proxy_for("https://10.0.0.1:8443/x", {"https": "p:1", "no": "10.0.0.1"}) is None
