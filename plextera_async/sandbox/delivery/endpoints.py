"""Where deliveries really go: from the https URL of a subscription to a loopback address."""

import re
from collections.abc import Mapping
from ipaddress import ip_address

_TARGET = re.compile(r"http://(localhost|[0-9.]+|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?(?:[/?][!-~]*)?")


class Endpoints:
    """Which subscribed URLs are delivered to, and where.

    Args:
        targets: Loopback addresses by https URL, as in a subscription.

    Raises:
        ValueError: If a URL is not https, or a target is no http URL on loopback.
    """

    def __init__(self, targets: Mapping[str, str]) -> None:
        self._targets: dict[str, str] = {}
        for url, target in targets.items():
            self.add(url, target)

    def add(self, url: str, target: str) -> None:
        """Deliver what is subscribed at *url* to *target*.

        Raises:
            ValueError: If *url* is not https, or *target* is no http URL on loopback.
        """
        if not url.startswith("https://"):
            raise ValueError(f"subscriptions have https URLs, so {url!r} is never delivered to")
        if not _is_on_loopback(target):
            raise ValueError(f"{target!r} is no http URL on loopback, such as http://127.0.0.1:8080/hook")
        self._targets[url] = target

    def target_of(self, url: str) -> str | None:
        """Say where to deliver; None for nowhere."""
        return self._targets.get(url)


def _is_on_loopback(target: str) -> bool:
    found = _TARGET.fullmatch(target)
    if found is None:
        return False
    if found[1] == "localhost":
        return True
    try:
        return ip_address(found[1].strip("[]")).is_loopback
    except ValueError:
        return False
