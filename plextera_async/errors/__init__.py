"""The error tree: what went wrong and what the caller can do about it. Plain values only, no I/O, no models.

    PlexteraError
    ├─ ConfigurationError          settings that can never work (also ValueError)
    ├─ InvalidInputError           an argument or source that can never be sent (also ValueError); nothing was sent
    ├─ TransportError              no usable answer
    │   ├─ ConnectError                it never left: safe to repeat
    │   ├─ ConnectionLostError         the connection broke after it was made
    │   ├─ RequestTimeoutError         a limit of ours ran out (also TimeoutError)
    │   └─ RedirectError               a redirect that is not followed
    ├─ APIError                    the server said no
    │   ├─ InvalidRequestError 400     ├─ ValidationFailedError 422    ├─ AuthenticationError 401
    │   ├─ PermissionDeniedError 403   ├─ NotFoundError 404            ├─ ConflictError 409
    │   ├─ PayloadTooLargeError 413    ├─ UnsupportedMediaTypeError 415
    │   └─ RateLimitedError 429        └─ ServerError 5xx
    ├─ AmbiguousCreateError        a create may have been applied
    ├─ DecodeError                 the answer does not fit the contract
    ├─ JobFailedError              a job ended, not well
    │   ├─ ExtractionFailedError       ├─ ExtractionRejectedError
    │   └─ RunFailedError              └─ RunClosedError
    ├─ WaitTimeoutError            a wait ran out; the job goes on (also TimeoutError)
    ├─ WebhookVerificationError    a delivery that cannot be trusted
    └─ LedgerError                 the ingestion journal cannot be used

Every error pickles and copies whole. `str()` is one line and holds neither secrets nor anything the server or a document said.
"""

from plextera_async.errors.api import (
    AmbiguousCreateError,
    APIError,
    AuthenticationError,
    ConflictError,
    DecodeError,
    InvalidRequestError,
    NotFoundError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    UnsupportedMediaTypeError,
    ValidationFailedError,
)
from plextera_async.errors.jobs import (
    ExtractionFailedError,
    ExtractionRejectedError,
    JobFailedError,
    RunClosedError,
    RunFailedError,
    WaitTimeoutError,
)
from plextera_async.errors.root import (
    ConfigurationError,
    InvalidInputError,
    LedgerError,
    PlexteraError,
    WebhookVerificationError,
)
from plextera_async.errors.transport import (
    ConnectError,
    ConnectionLostError,
    RedirectError,
    RequestTimeoutError,
    TransportError,
)

__all__ = [
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
]
