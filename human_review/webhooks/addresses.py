"""Which addresses may be called: this service must not be talked into calling its own network.

A name is resolved once, every address that it stands for is checked, and the call goes to one that was checked:
a name that stands for something else a moment later changes nothing.
"""

import asyncio
import socket
import threading
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

from human_review.errors import Invalid

_MAX_URL_CHARS = 2000
_NAT64 = ip_network("64:ff9b::/96")
_WIRE_SERVER = ip_network("168.63.129.16/32")  # what Azure answers its machines at, with their secrets

Address = IPv4Address | IPv6Address


def check_address(url: str, *, allow_private: bool) -> SplitResult:
    """The parts of an address that may be called. Raises Invalid, which says what would do.

    It is https, or http on this machine where private addresses are allowed; it holds no user, password or fragment.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid("the address cannot be read; it must look like https://example.org/hook") from None
    host = parts.hostname or ""
    plain = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= _MAX_URL_CHARS
    if not plain or not _is_name(host) or parts.username is not None or parts.fragment or port == 0:
        raise Invalid("the address must look like https://example.org/hook, without user, password and #")
    if parts.scheme != "https" and not (parts.scheme == "http" and allow_private and _is_this_machine(host)):
        raise Invalid(
            "the address must begin with https://; http:// goes to this machine only, where allow_private is on"
        )
    literal = _literal(host)
    if literal is not None and not allow_private and not is_public(literal):
        raise Invalid(
            "the address is not public; the setting webhooks.allow_private allows those of your own network"
        )
    return parts


async def resolve(host: str, port: int, *, allow_private: bool) -> str:
    """An address that a name stands for. Raises Invalid where any that it stands for may not be called.

    Raises OSError where the name stands for nothing.
    """
    found = await _looked_up(host, port)
    addresses = [ip_address(entry[4][0]) for entry in found]
    if not allow_private and not all(is_public(address) for address in addresses):
        raise Invalid("the name stands for an address that is not public")
    return str(addresses[0])


async def _looked_up(host: str, port: int) -> list[Any]:
    """What the system says of a name, asked in a thread that nobody waits for once the time is up.

    A question to a name server cannot be called back. The loop's own threads would be waited for at its end, and few
    of them that wait for names would keep everybody else's names waiting.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def tell(found: list[Any] | Exception) -> None:
        if answer.done():  # nobody waits any more
            return
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def ask() -> None:
        found: list[Any] | Exception
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except Exception as problem:  # noqa: BLE001 - whatever it is, whoever has asked is told
            found = problem
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=ask, name="weir-name", daemon=True).start()
    return await answer


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet at large, also if it is wrapped into one of IPv6."""
    if isinstance(address, IPv6Address):
        inner = _wrapped(address)
        if inner is not None:
            return is_public(inner)
    if address in _WIRE_SERVER or getattr(address, "is_site_local", False):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _is_name(host: str) -> bool:
    """Whether a name can be looked up at all: its parts have 1 to 63 characters."""
    return all(0 < len(part) < 64 for part in host.removesuffix(".").split("."))


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_this_machine(host: str) -> bool:
    literal = _literal(host)
    return host == "localhost" if literal is None else literal.is_loopback
