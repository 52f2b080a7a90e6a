"""Content of users is kept sealed: AES-256-GCM (NIST SP 800-38D) under a key of its item.

The key of an item is itself sealed by the service's key, which lies in a file outside the database. Erasing an item
deletes its key, and with it every copy of its content, also those in the database's old pages and backups.
"""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, select, update

from human_review.database.tables import items
from human_review.errors import NotFound
from stream_app.errors import ConfigError

_KEY_BYTES = 32
_NONCE_BYTES = 12


class Sealer:
    """Seals and opens. ``for_service`` is for secrets of the service itself, which belong to no item."""

    def __init__(self, key: bytes) -> None:
        self._service = AESGCM(key)

    def seal(self, connection: Connection, item_id: str, content: bytes) -> bytes:
        """Seal the content of an item, whose key is made where it has none. The item's row must exist.

        Raises NotFound for an erased item: it gets no second key.
        """
        return _sealed(AESGCM(self._key(connection, item_id, make=True)), content, item_id.encode())

    def open(self, connection: Connection, item_id: str, sealed: bytes | None) -> bytes:
        """The content. Raises NotFound where the item was erased."""
        if sealed is None:
            raise NotFound("the item was erased")
        return _opened(AESGCM(self._key(connection, item_id, make=False)), sealed, item_id.encode())

    def seal_for_service(self, secret: bytes) -> bytes:
        """Seal a secret of the service, such as that of a webhook."""
        return _sealed(self._service, secret, b"service")

    def open_for_service(self, sealed: bytes) -> bytes:
        """The secret again."""
        return _opened(self._service, sealed, b"service")

    def _key(self, connection: Connection, item_id: str, *, make: bool) -> bytes:
        row = connection.execute(
            select(items.c.wrapped_key, items.c.erased_ms).where(items.c.item_id == item_id)
        ).one_or_none()
        if row is None or row.erased_ms is not None or (row.wrapped_key is None and not make):
            raise NotFound("the item was erased")
        if row.wrapped_key is not None:
            return _opened(self._service, bytes(row.wrapped_key), item_id.encode())
        key = AESGCM.generate_key(256)
        wrapped = _sealed(self._service, key, item_id.encode())
        connection.execute(update(items).where(items.c.item_id == item_id).values(wrapped_key=wrapped))
        return key


def load_sealer(file: Path) -> Sealer:
    """The sealer with the key in a file, which is made on first use, readable by its owner alone.

    Raises ConfigError for a file that does not hold a key.
    """
    if not file.exists():
        _make_key(file)
    key = file.read_bytes()
    if len(key) != _KEY_BYTES:
        raise ConfigError("environment", "WEIR_REVIEW_KEY_FILE", f"{file} must hold {_KEY_BYTES} bytes")
    return Sealer(key)


def _make_key(file: Path) -> None:
    """Whole or not at all, and never over another: a name is given to it once it lies on the disk."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}-") as new:  # for its owner alone
        new.write(AESGCM.generate_key(256))
        new.flush()
        os.fsync(new.fileno())
        with suppress(FileExistsError):  # another start was first, and its key counts
            os.link(new.name, file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _sealed(cipher: AESGCM, content: bytes, name: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, name)


def _opened(cipher: AESGCM, sealed: bytes, name: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name)
    except InvalidTag:
        raise ConfigError(
            "environment", "WEIR_REVIEW_KEY_FILE", "is not the key that this database was sealed with"
        ) from None
