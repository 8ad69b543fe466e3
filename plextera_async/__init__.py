"""The async Python SDK for the Plextera Public API: documents in, structured fields out.

Names are imported when they are first used (PEP 562), so that code which only catches errors, or only verifies
webhooks, loads neither aiohttp nor the models.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plextera_async import errors as errors
    from plextera_async import models as models
    from plextera_async import options as options
    from plextera_async._sansio.pacing import Pace as Pace
    from plextera_async._sansio.pacing import Paces as Paces
    from plextera_async.client.client import AsyncPlextera as AsyncPlextera
    from plextera_async.client.documents import Document as Document
    from plextera_async.client.documents import Outcome as Outcome
    from plextera_async.client.handles import ExtractionHandle as ExtractionHandle
    from plextera_async.client.handles import ExtractJobHandle as ExtractJobHandle
    from plextera_async.client.handles import Handle as Handle
    from plextera_async.client.handles import RunHandle as RunHandle
    from plextera_async.client.pages import Page as Page
    from plextera_async.client.pages import Pages as Pages
    from plextera_async.client.runs import FormFile as FormFile
    from plextera_async.client.waits import DEFAULT as DEFAULT
    from plextera_async.errors import AmbiguousCreateError as AmbiguousCreateError
    from plextera_async.errors import APIError as APIError
    from plextera_async.errors import AuthenticationError as AuthenticationError
    from plextera_async.errors import ConfigurationError as ConfigurationError
    from plextera_async.errors import ConflictError as ConflictError
    from plextera_async.errors import ConnectError as ConnectError
    from plextera_async.errors import ConnectionLostError as ConnectionLostError
    from plextera_async.errors import DecodeError as DecodeError
    from plextera_async.errors import ExtractionFailedError as ExtractionFailedError
    from plextera_async.errors import ExtractionRejectedError as ExtractionRejectedError
    from plextera_async.errors import InvalidInputError as InvalidInputError
    from plextera_async.errors import InvalidRequestError as InvalidRequestError
    from plextera_async.errors import JobFailedError as JobFailedError
    from plextera_async.errors import LedgerError as LedgerError
    from plextera_async.errors import NotFoundError as NotFoundError
    from plextera_async.errors import PayloadTooLargeError as PayloadTooLargeError
    from plextera_async.errors import PermissionDeniedError as PermissionDeniedError
    from plextera_async.errors import PlexteraError as PlexteraError
    from plextera_async.errors import RateLimitedError as RateLimitedError
    from plextera_async.errors import RedirectError as RedirectError
    from plextera_async.errors import RequestTimeoutError as RequestTimeoutError
    from plextera_async.errors import RunClosedError as RunClosedError
    from plextera_async.errors import RunFailedError as RunFailedError
    from plextera_async.errors import ServerError as ServerError
    from plextera_async.errors import TransportError as TransportError
    from plextera_async.errors import UnsupportedMediaTypeError as UnsupportedMediaTypeError
    from plextera_async.errors import ValidationFailedError as ValidationFailedError
    from plextera_async.errors import WaitTimeoutError as WaitTimeoutError
    from plextera_async.errors import WebhookVerificationError as WebhookVerificationError
    from plextera_async.options import ClientOptions as ClientOptions
    from plextera_async.options import Limits as Limits
    from plextera_async.options import PollPolicy as PollPolicy
    from plextera_async.options import RetryPolicy as RetryPolicy
    from plextera_async.options import Timeouts as Timeouts

_ROOMS = {
    "_sansio.pacing": (
        "Pace",
        "Paces",
    ),
    "client.client": ("AsyncPlextera",),
    "client.documents": (
        "Document",
        "Outcome",
    ),
    "client.handles": (
        "ExtractJobHandle",
        "ExtractionHandle",
        "Handle",
        "RunHandle",
    ),
    "client.pages": (
        "Page",
        "Pages",
    ),
    "client.runs": ("FormFile",),
    "client.waits": ("DEFAULT",),
    "errors": (
        "APIError",
        "AmbiguousCreateError",
        "AuthenticationError",
        "ConfigurationError",
        "ConflictError",
        "ConnectError",
        "ConnectionLostError",
        "DecodeError",
        "ExtractionFailedError",
        "ExtractionRejectedError",
        "InvalidInputError",
        "InvalidRequestError",
        "JobFailedError",
        "LedgerError",
        "NotFoundError",
        "PayloadTooLargeError",
        "PermissionDeniedError",
        "PlexteraError",
        "RateLimitedError",
        "RedirectError",
        "RequestTimeoutError",
        "RunClosedError",
        "RunFailedError",
        "ServerError",
        "TransportError",
        "UnsupportedMediaTypeError",
        "ValidationFailedError",
        "WaitTimeoutError",
        "WebhookVerificationError",
    ),
    "options": (
        "ClientOptions",
        "Limits",
        "PollPolicy",
        "RetryPolicy",
        "Timeouts",
    ),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}
_MODULES = ("errors", "models", "options")

__all__ = [
    "DEFAULT",
    "APIError",
    "AmbiguousCreateError",
    "AsyncPlextera",
    "AuthenticationError",
    "ClientOptions",
    "ConfigurationError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "DecodeError",
    "Document",
    "ExtractJobHandle",
    "ExtractionFailedError",
    "ExtractionHandle",
    "ExtractionRejectedError",
    "FormFile",
    "Handle",
    "InvalidInputError",
    "InvalidRequestError",
    "JobFailedError",
    "LedgerError",
    "Limits",
    "NotFoundError",
    "Outcome",
    "Pace",
    "Paces",
    "Page",
    "Pages",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "PlexteraError",
    "PollPolicy",
    "RateLimitedError",
    "RedirectError",
    "RequestTimeoutError",
    "RetryPolicy",
    "RunClosedError",
    "RunFailedError",
    "RunHandle",
    "ServerError",
    "Timeouts",
    "TransportError",
    "UnsupportedMediaTypeError",
    "ValidationFailedError",
    "WaitTimeoutError",
    "WebhookVerificationError",
    "errors",
    "models",
    "options",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"plextera_async.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'plextera_async' has no attribute {name!r}")
    value = getattr(import_module(f"plextera_async.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
