"""Whatever bytes arrive: a value that can be written again, or BadMessage with a known reason."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.contracts.codec import encode
from stream_app.contracts.content import ContentItem
from stream_app.errors import BadMessage
from stream_app.pipeline.intake import REASONS, is_id, read_content, read_ruling
from stream_app.pipeline.types import Incoming

SAMPLE = json.dumps({
    "item_id": "i1", "text": "é \ud800 😀", "author_id": "a", "created_at": "2026-01-02T03:04:05Z", "language": "de",
    "metadata": {"a": "b"}, "version": 3, "region": "DE",
}).encode()  # fmt: skip
ANY_TEXT = st.text(st.characters(exclude_categories=()))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner),
    max_leaves=20,
)
FIELDS = st.sampled_from([*ContentItem.__struct_fields__, "deleted", "ruling_id", "origin", "verdict", "decided_at"])
OBJECTS = st.dictionaries(FIELDS, ANY_JSON | st.just("i1"))


def _survives(value: bytes | None, key: bytes | None = None, *, keyed_by_item: bool = False) -> None:
    _check(partial(read_content, value, key, keyed_by_item=keyed_by_item))
    _check(partial(read_ruling, value))


def _check(read: Callable[[], Incoming]) -> None:
    trouble = None
    try:
        content = read().content
    except BadMessage as error:
        trouble = error
    if trouble is None:
        encode(content)
        assert is_id(content.item_id)
    else:
        assert trouble.reason in REASONS
        assert len(trouble.detail) < 300
        assert trouble.detail.isprintable()


@given(st.none() | st.binary(max_size=200), st.none() | st.binary(max_size=20), st.booleans())
def test_any_bytes(value: bytes | None, key: bytes | None, keyed_by_item: bool) -> None:
    _survives(value, key, keyed_by_item=keyed_by_item)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 3), st.binary(max_size=4)), max_size=4))
def test_damaged_items(edits: list[tuple[int, int, bytes]]) -> None:
    value = SAMPLE
    for place, removed, added in edits:
        value = value[:place] + added + value[place + removed :]
    _survives(value)


@settings(max_examples=300)
@given(OBJECTS, st.booleans())
def test_any_json_in_any_field(fields: dict[str, Any], escaped: bool) -> None:
    _survives(
        json.dumps({"item_id": "i1", "text": "", **fields}, ensure_ascii=escaped).encode(errors="surrogatepass")
    )
