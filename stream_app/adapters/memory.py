"""A ledger and a cache for runs that must not touch the disk."""

from collections.abc import Sequence

from stream_app.pipeline.history import Address, Ledger


class MemoryLedger:
    """A ledger for one run without Kafka."""

    def __init__(self) -> None:
        self._entries: dict[Address, bytes] = {}

    def lookup(self, addresses: Sequence[Address]) -> Ledger:
        """The entries of those items that have one."""
        return {address: self._entries[address] for address in addresses if address in self._entries}

    def write(self, address: Address, value: bytes | None) -> None:
        """Store an entry; None forgets it."""
        if value is None:
            self._entries.pop(address, None)
        else:
            self._entries[address] = value


class NoCache:
    """Remembers nothing."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """None for every key."""
        return [None] * len(keys)

    def put_many(self, entries: Sequence[tuple[bytes, bytes]]) -> None:
        """Do nothing."""
