"""Our errors, one per reaction; the door maps them to HTTP once (`api.errors`).

AzurineError
├── Invalid          the request is wrong, at `path`          the user mends the request
├── Unauthenticated  who are you?                             the user signs in
├── Denied           you may not                              the user asks for a role
├── Missing          there is no such thing                   the user mends the name
├── Conflict         it exists already, or is in the way      the user chooses another name, or waits
├── Stale            it has changed since you looked          the client reads again and retries
├── TooLarge         the body is over the limit               the user sends less
├── Unsupported      Azure has it, this server has not        the user reads docs/parity.md
└── Temporary        it may work in a moment                  the loop, or the client, tries again
"""

from collections.abc import Sequence
from dataclasses import dataclass


class AzurineError(Exception):
    """`code`: Azure's word where Azure has one. `message`: what is wrong, and what would be right. `path`: where."""

    code = "InternalError"

    def __init__(self, message: str, *, code: str = "", path: str = "", details: Sequence["Detail"] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.path = path
        self.details = tuple(details)


@dataclass(frozen=True, slots=True)
class Detail:
    """One of several things wrong with one request. path: JSON path from the body's root, such as properties.jobs.train.inputs.data"""

    code: str
    message: str
    path: str = ""


class Invalid(AzurineError):
    code = "ValidationError"


class Unauthenticated(AzurineError):
    code = "AuthenticationFailed"


class Denied(AzurineError):
    code = "AuthorizationFailed"


class Missing(AzurineError):
    code = "ResourceNotFound"


class Conflict(AzurineError):
    code = "Conflict"


class Stale(AzurineError):
    code = "PreconditionFailed"


class TooLarge(AzurineError):
    code = "RequestEntityTooLarge"


class Unsupported(AzurineError):
    code = "NotSupported"


class Temporary(AzurineError):
    code = "ServiceUnavailable"
