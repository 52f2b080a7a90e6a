"""Bounds what a compressed batch may become in memory.

Kafka limits a batch as it is sent, compressed. A megabyte of lz4 or zstd can hold gigabytes of one letter, and
aiokafka unpacks a batch whole. Its decoders are replaced by ones that stop at a limit.
"""

import logging
import os
import zlib
from collections.abc import Callable

import cramjam
from aiokafka.record._crecords import default_records, legacy_records

from stream_app.telemetry import facts

log = logging.getLogger(__name__)

EXIT_BOMB = 74
FIRST_GUESS = 8  # most batches are at most so many times as large unpacked
_GZIP = 16 + zlib.MAX_WBITS


class TooLarge(Exception):
    """A batch would unpack to more than the limit."""


def gunzip(data: bytes, limit: int) -> bytes:
    """Unpack gzip, one stream. Raises TooLarge past ``limit`` bytes."""
    stream = zlib.decompressobj(_GZIP)
    out = stream.decompress(bytes(data), limit)
    if stream.unconsumed_tail:
        raise TooLarge
    return out


def unpack(into: Callable[[bytes, bytearray], int], data: bytes, limit: int) -> bytes:
    """Unpack with one of cramjam's ``decompress_into`` functions. Raises TooLarge past ``limit`` bytes."""
    size = min(limit, max(4096, FIRST_GUESS * len(data)))
    while True:
        out = bytearray(size)
        try:
            return bytes(memoryview(out)[: into(bytes(data), out)])
        except cramjam.DecompressionError as error:
            if "failed to write whole buffer" not in str(error):
                raise
            if size >= limit:
                raise TooLarge from error
            size = min(limit, 8 * size)


def install(limit: int, refuse: Callable[[int], None] | None = None) -> None:
    """Make aiokafka stop at ``limit`` bytes a batch; ``refuse`` is told the compressed size and must not return.

    Snappy needs no bound: its format cannot shrink anything to less than a twentieth.
    """
    refuse = refuse or _leave

    def bounded(decode: Callable[[bytes, int], bytes]) -> Callable[[bytes], bytes]:
        def decoder(data: bytes) -> bytes:
            try:
                return decode(data, limit)
            except TooLarge:
                refuse(len(data))
                raise

        return decoder

    decoders = {
        "gzip_decode": bounded(gunzip),
        "lz4_decode": bounded(lambda data, most: unpack(cramjam.lz4.decompress_into, data, most)),
        "zstd_decode": bounded(lambda data, most: unpack(cramjam.zstd.decompress_into, data, most)),
    }
    for module in (default_records, legacy_records):
        for name, decoder in decoders.items():
            if hasattr(module, name):
                setattr(module, name, decoder)


def _leave(compressed: int) -> None:
    """Nothing of the batch can be read and nothing is skipped: whoever runs this must look at its producer."""
    log.critical(
        "a batch unpacks to more than WEIR_MAX_BATCH_BYTES; raise it, or move the group's offset past the batch",
        extra=facts(compressed_bytes=compressed),
    )
    os._exit(EXIT_BOMB)
