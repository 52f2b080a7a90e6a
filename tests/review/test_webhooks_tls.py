import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from human_review.database.tables import deliveries
from human_review.permissions import Actor
from human_review.service import Service
from human_review.webhooks import events as webhooks
from human_review.webhooks import registry

CONFIG = """
version: "1"
labels: {toxicity: {title: toxic, harm: 0.3, key: "1"}}
webhooks: {allow_private: true, seconds: 5}
"""


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, list[str | None], list[bytes]]]:
    """A server whose certificate nobody vouches for: its port, the names it was asked for, what it was sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    asked: list[str | None] = []
    sent: list[bytes] = []
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        try:
            plain, _ = listener.accept()
            with plain, context.wrap_socket(plain, server_side=True) as stream:
                sent.append(stream.recv(10))
        except OSError:
            return

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield listener.getsockname()[1], asked, sent
    listener.close()
    thread.join(5)


def test_a_receiver_must_prove_the_name_that_was_registered(
    new_service: Callable[..., Service], server: tuple[int, list[str | None], list[bytes]]
) -> None:
    port, asked, sent = server
    service = new_service(config=CONFIG)
    registry.register(service, Actor("u", "r-1", "admin"), f"https://localhost:{port}/", ["label.final"])
    with service.database.write() as connection:
        webhooks.announce(connection, service, "label.final", label_id="l")
    webhooks.deliver_due(service)
    with service.database.read() as connection:
        state, problem = connection.execute(select(deliveries.c.state, deliveries.c.last_error)).one()
    assert (state, problem) == ("waiting", "ConnectError")
    assert asked == ["localhost"]
    assert sent == []
