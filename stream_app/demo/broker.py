"""A broker inside this process: librdkafka's mock cluster. Nothing to install, everything in memory.

It speaks Kafka's protocol, transactions included, but fences nobody, forgets old messages and ends with the process:
for demonstrations only.
"""

import ctypes
from typing import Any

from confluent_kafka import cimpl

from stream_app.contracts.topics import TOPICS
from stream_app.errors import Unreachable

PARTITIONS = 4
_PRODUCER = 0
_ERROR_BYTES = 512
_POINTER = ctypes.c_void_p
# name: (result, arguments), as in rdkafka.h and rdkafka_mock.h
_FUNCTIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "rd_kafka_conf_new": (_POINTER, ()),
    "rd_kafka_conf_set_log_cb": (None, (_POINTER, _POINTER)),
    "rd_kafka_new": (_POINTER, (ctypes.c_int, _POINTER, ctypes.c_char_p, ctypes.c_size_t)),
    "rd_kafka_destroy": (None, (_POINTER,)),
    "rd_kafka_mock_cluster_new": (_POINTER, (_POINTER, ctypes.c_int)),
    "rd_kafka_mock_cluster_destroy": (None, (_POINTER,)),
    "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, (_POINTER,)),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, (_POINTER, ctypes.c_int32)),
    "rd_kafka_mock_topic_create": (ctypes.c_int, (_POINTER, ctypes.c_char_p, ctypes.c_int, ctypes.c_int)),
}


class EmbeddedBroker:
    """One broker on loopback with all declared topics, as long as the object is not closed.

    Python's client can start the same cluster by the setting ``test.mock.num.brokers``, but then a group waits three
    seconds for its first member; here it does not wait.
    """

    def __init__(self, topic_prefix: str) -> None:
        self._library = _library()
        config = self._library.rd_kafka_conf_new()
        self._library.rd_kafka_conf_set_log_cb(config, None)
        problem = ctypes.create_string_buffer(_ERROR_BYTES)
        self._handle = self._library.rd_kafka_new(_PRODUCER, config, problem, _ERROR_BYTES)
        if not self._handle:
            raise Unreachable(f"the embedded broker does not start: {problem.value.decode(errors='replace')}")
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._handle, 1)
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        self.bootstrap: str = self._library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()
        for topic in TOPICS:
            name = (topic_prefix + topic.name).encode()
            partitions = PARTITIONS if topic.follows_content else 1
            if self._library.rd_kafka_mock_topic_create(self._cluster, name, partitions, 1):
                raise Unreachable(f"the embedded broker does not take the topic {name.decode()}")

    def close(self) -> None:
        """End the broker; a second call does nothing."""
        if self._handle:
            self._library.rd_kafka_mock_cluster_destroy(self._cluster)
            self._library.rd_kafka_destroy(self._handle)
            self._handle = None


def _library() -> ctypes.CDLL:
    """The librdkafka that came with confluent-kafka; its symbols are found through the module linked to it."""
    library = ctypes.CDLL(cimpl.__file__)
    for name, (result, arguments) in _FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise Unreachable(
                f"this confluent-kafka has no {name}, so no embedded broker; the wheels from PyPI have it"
            ) from None
        function.restype = result
        function.argtypes = arguments
    return library
