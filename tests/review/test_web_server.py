"""The real server on a real socket: what no client library would send."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest

from human_review.testing import make_service
from human_review.testing_web import client
from human_review.web.app import THREADS, create_app
from human_review.web.server import listen, server
from stream_app.config_files import shipped
from stream_app.errors import ConfigError
from stream_app.testing_kafka import free_ports


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    [port] = free_ports(1)
    service = make_service(tmp_path_factory.mktemp("server"), review_bind=f"127.0.0.1:{port}")
    running = server(create_app(service), service.settings)
    listening = listen(service.settings.review_bind)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield "127.0.0.1", port
    running.should_exit = True
    thread.join(10)
    listening.close()
    service.database.close()


def status_of(address, request):
    """The status of the answer to these bytes; 0 where the connection was closed without one."""
    with closing(socket.create_connection(address, timeout=20)) as connection:
        try:
            connection.sendall(request)
            line = connection.recv(65536).partition(b"\r\n")[0]
        except ConnectionError:
            return 0
    return int(line.split()[1]) if line else 0


def get(address, path=b"/sign-in", *headers):
    lines = [b"GET " + path + b" HTTP/1.1", b"Host: 127.0.0.1:%d" % address[1], b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def test_it_answers_and_does_not_say_what_it_runs_on(address):
    answer = httpx.get(f"http://127.0.0.1:{address[1]}/sign-in")
    assert answer.status_code == 200
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("path", "headers"),
    [(b"/" + b"a" * 64_000, ()), (b"/sign-in?" + b"a" * 9000, ()), (b"/sign-in", (b"Cookie: a=" + b"x" * 100_000,)),
     (b"/sign-in", tuple(b"x-%d: 1" % number for number in range(10_000))),
     (b"/sign-in", tuple(b"x-%d: 1" % number for number in range(150)))],
    ids=["64 kB address", "9 kB address", "100 kB cookie", "10,000 headers", "150 headers"],
)  # fmt: skip
def test_what_is_too_large_is_refused(address, path, headers):
    assert 400 <= status_of(address, get(address, path, *headers)) < 500
    assert status_of(address, get(address)) == 200, "and the next one is answered"


@pytest.mark.parametrize(
    "headers",
    [(b"Content-Length: 5", b"Content-Length: 6"), (b"Transfer-Encoding: chunked, identity",),
     (b"Content-Length: 5", b"Transfer-Encoding: gzip"), (b"Content-Length: x",), (b"Bad Header: x",),
     (b" folded: x",), (b"x: a\x00b",)],
)  # fmt: skip
def test_what_two_servers_could_read_differently_is_refused(address, headers):
    request = get(address, b"/sign-in", *headers).replace(b"GET", b"POST", 1) + b"hello"
    assert 400 <= status_of(address, request) < 500


def test_a_body_that_is_announced_too_large_is_not_waited_for(address):
    request = get(address, b"/sign-in", b"Content-Length: 99999999").replace(b"GET", b"POST", 1)
    assert status_of(address, request) == 413


def test_an_endless_body_is_cut(address):
    request = get(
        address, b"/sign-in", b"Transfer-Encoding: chunked", b"Content-Type: application/x-www-form-urlencoded"
    ).replace(b"GET", b"POST", 1)
    sent = 0
    with closing(socket.create_connection(address, timeout=20)) as connection:
        connection.sendall(request)
        try:
            while sent < 2**26:
                connection.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")
                sent += 65536
        except ConnectionError:
            pass
    assert sent < 2**26


def test_a_websocket_is_not_opened(address):
    request = get(
        address, b"/work", b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Origin: https://other.example",
    )  # fmt: skip
    assert status_of(address, request) != 101


def test_an_address_that_is_taken_is_said_to_be(address):
    with pytest.raises(ConfigError, match="cannot be listened on"):
        listen(f"127.0.0.1:{address[1]}")


def test_a_crowd_waits_in_a_line_and_does_not_run_all_at_once(tmp_path):
    service, at_once, most = make_service(tmp_path), [], []
    app = create_app(service)

    @app.get("/slow")
    def slow():
        at_once.append(1)
        most.append(len(at_once))
        time.sleep(0.05)
        at_once.pop()

    with client(service, app) as crowd, ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda _: crowd.get("/slow").status_code, range(30)))
    assert set(answers) == {200}
    assert 1 < max(most) <= THREADS


WRONG = {"name": "kim", "password": "not the one that it is"}


@pytest.fixture
def behind_a_proxy(tmp_path, request):
    """Its address is trusted, or not: a server that lets an address try twice."""
    [port] = free_ports(1)
    config = shipped("review.yaml").read_text().replace("per_address: 50", "per_address: 2")
    bind, trusted = f"127.0.0.1:{port}", request.param
    service = make_service(tmp_path, config=config, review_bind=bind, review_trusted_proxies=trusted)
    running = server(create_app(service), service.settings)
    listening = listen(bind)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield f"http://{bind}"
    running.should_exit = True
    thread.join(10)
    listening.close()
    service.database.close()


def tries(url, *forwarded):
    """The status of a wrong sign-in for each address that a proxy speaks for."""
    return [
        httpx.post(
            f"{url}/api/v1/session", json=WRONG | {"name": f"kim {number}"}, headers={"x-forwarded-for": address}
        ).status_code
        for number, address in enumerate(forwarded)
    ]


@pytest.mark.parametrize("behind_a_proxy", ["10.0.0.0/8, 127.0.0.1"], indirect=True)
def test_people_behind_a_trusted_proxy_do_not_lock_each_other_out(behind_a_proxy):
    assert tries(behind_a_proxy, *["192.0.2.1"] * 3, "192.0.2.2") == [401, 401, 429, 401]
    # What the other end writes itself stands before what the proxy adds.
    assert tries(behind_a_proxy, "198.51.100.9, 192.0.2.1", "192.0.2.1, 10.2.3.4") == [429, 429]


@pytest.mark.parametrize("behind_a_proxy", [""], indirect=True)
def test_nobody_else_is_believed_who_says_whom_they_speak_for(behind_a_proxy):
    assert tries(behind_a_proxy, "192.0.2.1", "192.0.2.2", "192.0.2.3") == [401, 401, 429]


@pytest.mark.parametrize("named", ["*", "proxy", "10.0.0.1/8", "127.0.0.1 10.0.0.1"])
def test_what_is_no_address_is_not_trusted(tmp_path, named):
    service = make_service(tmp_path, review_trusted_proxies=named)
    with pytest.raises(ConfigError, match="no address and no network such as"):
        server(create_app(service), service.settings)
    service.database.close()
