"""Where requests may go: the base URL, redirects, proxies. The key must never reach another host or plain http."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult, quote, urljoin, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # typeshed leaves it out

from yarl import URL

from plextera_async.errors import ConfigurationError, RedirectError

__all__ = [
    "DEFAULT_BASE_URL",
    "check_base_url",
    "follow",
    "is_loopback",
    "is_same_origin",
    "may_need_proxy",
    "proxies_from",
    "proxy_for",
    "service_of",
]

DEFAULT_BASE_URL = "https://api.plextera.com/api/public/v1"

_NO_ADDRESS = f"base_url must be an http(s) URL such as {DEFAULT_BASE_URL}"
_PORTS = {"http": 80, "https": 443}
_SPELLINGS = {
    scheme: (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY") for scheme in _PORTS
}
_bypasses: Callable[[str, dict[str, str]], object] = proxy_bypass_environment  # pyright: ignore[reportUnknownVariableType] # as above


def is_loopback(host: str | None) -> bool:
    """Say whether a host is this machine by its name alone: `localhost`, 127.0.0.0/8 or ::1."""
    if not host:
        return False
    if host.lower().removesuffix(".") == "localhost":
        return True
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def service_of(base_url: str) -> str:
    """Name the service behind a base URL; everything on loopback is one, because ports there come and go."""
    return "this machine" if is_loopback(_split(base_url).hostname) else base_url


def check_base_url(url: str, *, allow_plain_http: bool) -> str:
    """Give the base URL without a slash at its end.

    Raises:
        ConfigurationError: If it is no http(s) URL, holds user info, a query or a fragment, or is plain http to
            another machine without leave.
    """
    if not isinstance(url, str):
        raise ConfigurationError(_NO_ADDRESS)
    return _checked(url, allow_plain_http)


@lru_cache(maxsize=32)
def _checked(url: str, allow_plain_http: bool) -> str:  # noqa: FBT001 - a switch that a cache can hold
    parts = _split(url)
    if (
        parts.username is not None or "?" in url or "#" in url
    ):  # also an empty query, which would swallow the path
        raise ConfigurationError("base_url must not hold a user name, a query or a fragment")
    if parts.scheme == "http" and not (allow_plain_http or is_loopback(parts.hostname)):
        raise ConfigurationError(
            "base_url is plain http to another machine, which would show the key to the network: "
            "use https (in Python, ClientOptions(allow_plain_http=True) allows it)"
        )
    return url.rstrip("/")


def _split(url: str) -> SplitResult:
    printable = url.isascii() and url.isprintable() and " " not in url
    parts = _usable(url) if printable else None
    if parts is None:
        raise ConfigurationError(_NO_ADDRESS)
    return parts


def _usable(url: str) -> SplitResult | None:
    """Take an http(s) address apart; None if it names no host and port that can be asked."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
        URL(url, encoded=True)  # what will take it apart in the end is stricter here and there
    except ValueError:  # a port that is no number, brackets that do not close or are not all
        return None
    return parts if usable else None


def is_same_origin(one: str, other: str) -> bool:
    """Compare scheme, host and port (RFC 6454)."""
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def follow(current: str, location: str | None, *, status: int) -> str:
    """Give the absolute address that a redirect leads to.

    Raises:
        RedirectError: If it names no usable address, or leads from https to plain http, or by plain http to another
            machine than the one that was asked.
    """
    try:
        target = urljoin(current, location or "")
    except ValueError:
        target = ""
    parts = _usable(target) if location else None
    if parts is None or parts.username is not None:  # user info would become an Authorization header
        raise RedirectError("a redirect without a usable address", status=status)
    if parts.scheme == "http" and (
        urlsplit(current).scheme == "https"
        or not (is_same_origin(current, target) or is_loopback(parts.hostname))
    ):
        raise RedirectError("a redirect to plain http is not followed", status=status)
    return quote(
        target, safe=_URI, errors="surrogatepass"
    )  # a Location with a space or an umlaut would end up on the request line


_URI = "%:/?#[]@!$&'()*+,;=~"
"""What stands in a URI as it is, beside letters, digits and `-._` (RFC 3986, 2.2); escapes stay escapes."""


def proxies_from(environ: Mapping[str, str]) -> dict[str, str]:
    """Read the usual proxy variables: the lower-case spelling wins, also an empty one, which means no proxy.

    Under CGI `HTTP_PROXY` is not trusted, because a request header named `Proxy` ends up there.
    """
    found: dict[str, str] = {}
    for name, value in sorted(environ.items(), key=lambda item: item[0].islower()):
        forged = name == "HTTP_PROXY" and "REQUEST_METHOD" in environ
        if name.lower().endswith("_proxy") and not forged:
            found[name.lower().removesuffix("_proxy")] = value
    return {kind: value for kind, value in found.items() if value}


def may_need_proxy(url: str, environ: Mapping[str, str]) -> bool:
    """Say whether the environment names a proxy for an address in one of the usual spellings; `proxies_from` reads all.

    Reading all of an environment costs more than all else that making a client does.
    """
    return any(name in environ for name in _SPELLINGS["https" if url.startswith("https") else "http"])


def proxy_for(url: str, proxies: Mapping[str, str]) -> str | None:
    """Choose the proxy for an address; never one for loopback, none for what NO_PROXY names.

    Raises:
        ConfigurationError: If that is no http(s) proxy: another kind cannot be used, and going without is not ours to
            decide.
    """
    parts = urlsplit(url)
    spelled = (parts.hostname or "", f"{parts.hostname}:{parts.port or _PORTS.get(parts.scheme)}")
    excepted = any(_bypasses(host, dict(proxies)) for host in spelled)
    if is_loopback(parts.hostname) or excepted:
        return None
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy is None:
        return None
    full = proxy if "://" in proxy else f"http://{proxy}"
    if _usable(full) is None:
        raise ConfigurationError(
            f"the environment names a proxy for {parts.scheme} that is no http(s) address with a host: "
            "correct it, add the host to NO_PROXY, or pass session= with a connector of your own"
        )
    return full
