"""B12: a compressed batch that inflates a thousand times must not take the worker's memory."""

import gzip
import subprocess
import sys
import time
from pathlib import Path

import cramjam
import pytest
from aiokafka.record._crecords import default_records

from stream_app.adapters import inflate
from stream_app.adapters.inflate import EXIT_BOMB, TooLarge, gunzip, unpack
from stream_app.contracts.topics import CONTENT, DEAD_LETTERS, DECISIONS
from stream_app.testing_faults import environment
from stream_app.testing_kafka import produce, read, wait_until

LIMIT = 2**20
PACKED = {
    "gzip": (gzip.compress, gunzip),
    "lz4": (lambda data: bytes(cramjam.lz4.compress(data)), lambda d, n: unpack(cramjam.lz4.decompress_into, d, n)),
    "zstd": (
        lambda data: bytes(cramjam.zstd.compress(data)),
        lambda d, n: unpack(cramjam.zstd.decompress_into, d, n),
    ),
}


@pytest.mark.parametrize("codec", PACKED)
@pytest.mark.parametrize("size", [0, 1, 5000, LIMIT - 1, LIMIT])
def test_what_fits_is_unpacked_whole(codec, size):
    pack, open_ = PACKED[codec]
    data = (b"abc" * (size // 3 + 1))[:size]
    assert open_(pack(data), LIMIT) == data


@pytest.mark.parametrize("codec", PACKED)
def test_what_does_not_fit_is_refused(codec):
    pack, open_ = PACKED[codec]
    with pytest.raises(TooLarge):
        open_(pack(b"a" * (LIMIT + 1)), LIMIT)


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_garbage_is_an_error_of_its_own(codec):
    with pytest.raises(cramjam.DecompressionError):
        PACKED[codec][1](b"garbage", LIMIT)


def test_aiokafka_uses_the_bounded_decoders(monkeypatch):
    names = ("gzip_decode", "lz4_decode", "zstd_decode")
    for name in names:
        monkeypatch.setattr(default_records, name, getattr(default_records, name))
    refused = []
    inflate.install(LIMIT, refused.append)
    bomb = PACKED["zstd"][0](b"a" * 100 * LIMIT)
    with pytest.raises(TooLarge):
        default_records.zstd_decode(bomb)
    assert refused == [len(bomb)]


@pytest.mark.broker
@pytest.mark.parametrize("codec", ["gzip", "lz4", "zstd", "snappy"])
def test_b12_a_batch_that_inflates_within_the_limit_is_decided(topics, tmp_path, codec):
    items = [(b"i%d" % n, b'{"item_id": "i%d", "text": "%s"}' % (n, b"a" * 90_000)) for n in range(50)]
    with Worker(topics, tmp_path) as worker:
        produce(topics, CONTENT, [*items, (b"bad", b"a" * 900_000)], partition=0, **slow(codec))
        wait_until(lambda: len(read(topics, DECISIONS)) >= 50, 60, "50 decisions")
        wait_until(lambda: read(topics, DEAD_LETTERS), 30, "the dead letter")
        assert worker.poll() is None


@pytest.mark.broker
def test_b12_a_batch_past_the_limit_stops_the_worker_and_is_not_skipped(topics, tmp_path):
    settings = topics.model_copy(update={"max_batch_bytes": 2**20})
    settings.model_fields_set.add("max_batch_bytes")
    produce(topics, CONTENT, [(b"k", b"a" * 900_000)] * 20, partition=0, **slow("zstd"))
    with Worker(settings, tmp_path) as worker:
        assert worker.wait(60) == EXIT_BOMB
        assert not read(topics, DEAD_LETTERS)
    assert "WEIR_MAX_BATCH_BYTES" in (tmp_path / "worker.log").read_text()


def slow(codec):
    """Everything that is sent in half a second goes into one batch."""
    return {"compression.type": codec, "linger.ms": 500, "batch.size": 50_000_000, "message.max.bytes": 100_000_000}


class Worker(subprocess.Popen):
    """A worker process that ends with its test."""

    def __init__(self, settings, folder: Path):
        env = environment(settings) | {"WEIR_DATA_DIR": str(folder / "data")}
        with (folder / "worker.log").open("wb") as log:
            super().__init__([sys.executable, "-m", "stream_app.worker"], env=env, stdout=log, stderr=log)

    def __exit__(self, *_):
        self.terminate()
        end = time.monotonic() + 30
        while self.poll() is None and time.monotonic() < end:
            time.sleep(0.1)
        self.kill()
        self.wait()
