import asyncio
import socket
from ipaddress import ip_address
from typing import Any

import pytest

from human_review.errors import Invalid
from human_review.webhooks.addresses import check_address, is_public, resolve


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
     "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:0:0:0:0:80ff:fffe", "192.0.2.1", "198.18.0.1", "fec0::1",
     "168.63.129.16", "::ffff:168.63.129.16"],
)  # fmt: skip
def test_addresses_of_networks_of_ones_own_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "ftp://example.org/", "//example.org", "https://", "https:///x", "javascript:alert(1)",
     "https://u:p@example.org/", "https://@example.org/", "https://example.org/#x", "https://example.org:0/",
     "https://example.org:99999/", "https://exa mple.org/", "https://example.org/\n", "https://пример.рф/",
     "https://example.org\\@127.0.0.1/", "https://[::1/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/",
     "http://127.0.0.1/", "http://localhost/", "https://example.org/" + "x" * 2000, "", "https://a..example.org/",
     "https://.example.org/", f"https://{'x' * 64}.example.org/", "https://./"],
)  # fmt: skip
def test_an_address_that_may_not_be_called_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        check_address(url, allow_private=False)


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://example.org/", "ftp://localhost/"])
def test_plain_http_goes_to_this_machine_alone_even_where_private_is_allowed(url: str) -> None:
    with pytest.raises(Invalid):
        check_address(url, allow_private=True)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "http://localhost/", "http://[::1]:1/", "https://10.0.0.1/"]
)
def test_private_addresses_can_be_allowed(url: str) -> None:
    assert check_address(url, allow_private=True).hostname


def test_an_ordinary_address_is_fine() -> None:
    assert check_address("https://hooks.example.org:8443/weir?x=1", allow_private=False).port == 8443


def test_a_name_that_stands_for_one_private_address_among_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (address, port)) for address in ("93.184.215.14", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", answers)
    with pytest.raises(Invalid, match="not public"):
        asyncio.run(resolve("rebind.example.org", 443, allow_private=False))
    assert asyncio.run(resolve("rebind.example.org", 443, allow_private=True)) == "93.184.215.14"
