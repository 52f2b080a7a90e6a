"""Where this service is reached: by which hosts, from which origins, and whether cookies need https."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from stream_app.errors import ConfigError
from stream_app.settings import Settings

_COOKIE = "weir"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Site:
    """``url`` has no slash at its end. ``hosts`` are values of the header Host, ``origins`` of Origin."""

    url: str
    hosts: frozenset[str]
    origins: frozenset[str]
    secure: bool

    @property
    def cookie(self) -> str:
        """The name of the session cookie. ``__Host-`` makes browsers insist on Secure, this host and path /."""
        return f"__Host-{_COOKIE}" if self.secure else _COOKIE


def site_of(settings: Settings) -> Site:
    """Where the settings say that the service is reached.

    Without WEIR_REVIEW_URL that is the address it listens on, which must then be of this machine alone. Raises
    ConfigError where pages would go over a network unencrypted, or nobody can know by which name.
    """
    host, port = split_bind(settings.review_bind)
    if settings.review_url is None:
        if not is_loopback(host):
            raise ConfigError(
                "environment", "WEIR_REVIEW_URL",
                f"must be set, such as https://review.example.org, to listen on {settings.review_bind}",
            )  # fmt: skip
        return _site("http", host, port, _loopback_names(host))
    parts = urlsplit(settings.review_url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise ConfigError("environment", "WEIR_REVIEW_URL", "must look like https://review.example.org")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ConfigError("environment", "WEIR_REVIEW_URL", "must begin with https:// unless it is of this machine")
    return _site(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], (parts.hostname,))


def trusted_proxies(settings: Settings) -> list[str]:
    """Addresses and networks of the proxies that are believed when they say whom they speak for.

    Raises ConfigError for what is no address or network.
    """
    named = [each.strip() for each in settings.review_trusted_proxies.split(",") if each.strip()]
    for each in named:
        try:
            ip_network(each)
        except ValueError:
            raise ConfigError(
                "environment", "WEIR_REVIEW_TRUSTED_PROXIES",
                f"{each!r} is no address and no network such as 10.1.2.0/24; separate several by commas",
            ) from None  # fmt: skip
    return named


def split_bind(bind: str) -> tuple[str, int]:
    """Host and port of an address such as ``127.0.0.1:8788`` or ``[::1]:8788``. Raises ConfigError."""
    host, colon, port = bind.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or not int(port) < 2**16:
        raise ConfigError("environment", "WEIR_REVIEW_BIND", f"must look like 127.0.0.1:8788, not {bind!r}")
    return host.strip("[]"), int(port)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _loopback_names(host: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((host, "localhost", "127.0.0.1")))


def _site(scheme: str, host: str, port: int, names: tuple[str, ...]) -> Site:
    written = [f"[{name}]" if ":" in name else name.lower() for name in names]
    usual = port == _PORTS[scheme]
    hosts = {f"{name}:{port}" for name in written} | (set(written) if usual else set())
    # Browsers leave the usual port out of Origin.
    origins = {f"{scheme}://{name}" if usual else f"{scheme}://{name}:{port}" for name in written}
    own = f"[{host}]" if ":" in host else host.lower()
    url = f"{scheme}://{own}" if usual else f"{scheme}://{own}:{port}"
    return Site(url, frozenset(hosts), frozenset(origins), scheme == "https")
