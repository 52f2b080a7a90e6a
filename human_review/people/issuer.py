"""The OpenID issuer over HTTP: its description, its keys, and the exchange of a code for claims that were checked."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any
from urllib.parse import quote

import httpx
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from human_review.errors import BadIssuer, NotFound
from stream_app.errors import ConfigError, Unreachable
from stream_app.settings import Settings
from stream_app.telemetry import facts

CALLBACK = "/sign-in/oidc/back"
# Signatures by keys of the issuer; nothing that is keyed by the client's secret, and never "none".
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_BASIC = "client_secret_basic"  # what an issuer takes that says nothing about it
_KEEP_SECONDS = 900.0
_LEEWAY_SECONDS = 60
_TIMEOUT_SECONDS = 10.0
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_MOST_NAME = 100
BAD_ANSWERS = (JoseError, KeyError, ValueError, TypeError)
_log = logging.getLogger("human_review.people")


class Issuer:
    """One issuer, by the name that is also where it is found. Its description and keys are kept for a while."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = Lock()
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    def metadata(self) -> dict[str, Any]:
        """The description (OpenID Connect Discovery 1.0). Raises Unreachable; BadIssuer if it is of another."""
        address = self.name.rstrip("/") + "/.well-known/openid-configuration"
        found = self._get(address)
        problem = _problem(found, self.name)
        if problem:
            with self._lock:  # once it is mended, it is to work at once
                self._kept.pop(address, None)
            raise _bad(problem)
        return found

    def decode(self, id_token: str) -> jwt.Token:
        """The token, if a key of the issuer signed it; the keys are asked for again where there is a new one."""
        address = self.metadata()["jwks_uri"]
        try:
            return self._decoded(id_token, self._get(address))
        except InvalidKeyIdError:
            return self._decoded(id_token, self._get(address, anew=True))

    def _decoded(self, id_token: str, keys: dict[str, Any]) -> jwt.Token:
        return jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)  # type: ignore[arg-type] # the shape is checked inside

    def _get(self, address: str, *, anew: bool = False) -> dict[str, Any]:
        with self._lock:
            at, kept = self._kept.get(address, (0.0, {}))
            if kept and not anew and time.monotonic() - at < _KEEP_SECONDS:
                return kept
        try:
            found = _json(lambda: httpx.get(address, timeout=_TIMEOUT_SECONDS))
        except ValueError as problem:
            raise _bad(str(problem)) from None
        with self._lock:
            self._kept[address] = (time.monotonic(), found)
        return found


@dataclass(frozen=True, slots=True)
class Client:
    """What the issuer knows about us: who asks, and where it sends people back to."""

    issuer: Issuer
    client_id: str
    secret: str | None
    redirect_uri: str

    def claims(self, code: str, verifier: str, nonce: str) -> dict[str, Any]:
        """What the issuer says of the person.

        Raises one of BAD_ANSWERS where a claim does not hold; BadIssuer, Unreachable.
        """
        answer = self._exchange(code, verifier)
        token = self.issuer.decode(answer["id_token"])
        rules: Any = {
            "iss": {"essential": True, "value": self.issuer.name},
            "aud": {"essential": True, "value": self.client_id},
        }
        known = {"nonce": nonce, "client_id": self.client_id, "access_token": answer.get("access_token")}
        checked = CodeIDToken(token.claims, token.header, rules, known)
        checked.validate(leeway=_LEEWAY_SECONDS)
        if not isinstance(checked["sub"], str) or not checked["sub"]:
            raise ValueError("the subject must be a text")
        return dict(checked)

    def _exchange(self, code: str, verifier: str) -> dict[str, Any]:
        metadata = self.issuer.metadata()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
                "code_verifier": verifier, "client_id": self.client_id}  # fmt: skip
        auth = None
        if self.secret is not None:
            if _BASIC in metadata.get("token_endpoint_auth_methods_supported", [_BASIC]):
                auth = httpx.BasicAuth(quote(self.client_id, safe=""), quote(self.secret, safe=""))
            else:
                form["client_secret"] = self.secret
        return _json(lambda: httpx.post(
            metadata["token_endpoint"], data=form, auth=auth, timeout=_TIMEOUT_SECONDS,
        ))  # fmt: skip


def is_configured(settings: Settings) -> bool:
    """Whether people can come through an issuer."""
    return settings.review_oidc_issuer is not None


def client_of(settings: Settings, site_url: str) -> Client:
    """Ourselves as a client of the issuer that the settings name. Raises NotFound without one, ConfigError."""
    if settings.review_oidc_issuer is None:
        raise NotFound("people sign in with name and password here")
    if settings.review_oidc_client_id is None:
        raise ConfigError(
            "environment", "WEIR_REVIEW_OIDC_CLIENT_ID", "must be set together with WEIR_REVIEW_OIDC_ISSUER"
        )
    return Client(
        _issuer(settings.review_oidc_issuer), settings.review_oidc_client_id, settings.oidc_client_secret(),
        site_url + CALLBACK,
    )  # fmt: skip


@cache
def _issuer(name: str) -> Issuer:
    return Issuer(name)


def _problem(described: dict[str, Any], name: str) -> str:
    """What is wrong with how an issuer describes itself; empty where nothing is. Holds a name, and no other value."""
    own = described.get("issuer")
    if not isinstance(own, str):
        return "it does not say what it calls itself"
    if own != name:
        return f"it calls itself {own[:_MOST_NAME]!a}"
    for endpoint in _ENDPOINTS:
        if not str(described.get(endpoint)).startswith(("https://", "http://")):
            return f"it does not say its {endpoint}"
    return ""


def _bad(problem: str) -> BadIssuer:
    _log.error("the issuer is not as WEIR_REVIEW_OIDC_ISSUER names it", extra=facts(problem=problem))
    return BadIssuer()


def _json(ask: Callable[[], httpx.Response]) -> dict[str, Any]:
    """What an address of the issuer answers. Raises ValueError, which quotes nothing of it, and Unreachable."""
    try:
        answer = ask()
    except httpx.InvalidURL:
        raise ValueError("one of its addresses cannot be read") from None
    except httpx.HTTPError as problem:
        raise Unreachable(f"the issuer did not answer: {type(problem).__name__}") from None
    if answer.is_server_error:
        raise Unreachable(f"the issuer answered {answer.status_code}")
    if not answer.is_success:
        raise ValueError(f"it answered {answer.status_code}")
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError("it answered no JSON object")  # noqa: TRY004 - what was answered is wrong, not what was passed
    return found
