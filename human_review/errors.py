"""Errors of the review service, each with the answer that it gets over HTTP.

ReviewError
├── NotSignedIn       401  no session, an expired or a revoked one
├── Forbidden         403  this person may not do this
├── NotFound          404  not there, or not this person's to see: both look the same
├── Conflict          409  somebody else was first; ``code`` says at what
│   ├── LeaseLost          the lease ran out or the seat was given on
│   └── AlreadyDecided     the task has its decision
├── Invalid           422  the request cannot be carried out as it stands
├── TooMany           429  slow down; ``retry_after_seconds`` says for how long
└── BadIssuer         502  the OpenID issuer answers, and not as the one that the settings name
"""

from stream_app.errors import WeirError


class ReviewError(WeirError):
    """Base; ``code`` is a stable word for programs, the message is for people and says what would have worked."""

    status = 500
    code = "internal"


class NotSignedIn(ReviewError):
    """There is no valid session or token."""

    status, code = 401, "not_signed_in"


class Forbidden(ReviewError):
    """The actor's role, queues or languages do not cover this."""

    status, code = 403, "forbidden"


class NotFound(ReviewError):
    """Not there, or not the actor's to see."""

    status, code = 404, "not_found"


class Conflict(ReviewError):
    """The state has moved on since the actor looked."""

    status, code = 409, "conflict"


class LeaseLost(Conflict):
    """The lease ran out, or the fencing token is an old one."""

    code = "lease_lost"


class AlreadyDecided(Conflict):
    """The task is closed."""

    code = "already_decided"


class Invalid(ReviewError):
    """The request is well formed and cannot be carried out."""

    status, code = 422, "invalid"


class BadIssuer(ReviewError):
    """What people sign in through is not what the settings say that it is; the log says why."""

    status, code = 502, "bad_issuer"

    def __init__(self) -> None:
        super().__init__(
            "the issuer that people sign in through does not describe itself as it must; WEIR_REVIEW_OIDC_ISSUER has"
            " to be the name that it gives itself, and /.well-known/openid-configuration below it the description."
            " The log of this service says what is wrong; accounts with name and password can sign in meanwhile"
        )


class TooMany(ReviewError):
    """Too many attempts."""

    status, code = 429, "too_many"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
