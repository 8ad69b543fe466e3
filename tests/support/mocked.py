"""aioresponses on the aiohttp of today."""

from types import SimpleNamespace
from typing import Any

import aiohttp
from aioresponses import aioresponses as _aioresponses

__all__ = ["mocked_responses"]


class _Response(aiohttp.ClientResponse):
    """aioresponses 0.7.9 leaves out an argument that aiohttp 3.14 asks for (its issue 289)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"stream_writer": SimpleNamespace(output_size=0), **kwargs})


class mocked_responses(_aioresponses):  # noqa: N801 - it stands for the name that it mends
    """`aioresponses` with the shim."""

    def add(self, url: Any, method: str = "GET", **kwargs: Any) -> None:
        super().add(url, method, **{"response_class": _Response, **kwargs})
