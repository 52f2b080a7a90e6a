"""Every row of bytes (B) and of JSON (J) that producers have been seen to get wrong, with its fate.

Rows, or parts of rows, that need more than the way in:

| row | tested here | tested elsewhere |
|---|---|---|
| B2 | a null value names the item that was deleted | that its state, tasks and text go |
| B7 | the limit, to the byte | that a broker refuses larger values |
| B8 | the reason for a value over the limit | dead letters by reference |
| B12 | the limit holds for what comes out of a batch | memory of the fetcher |
| B13 | the same bytes give the same item | one effective decision |
| B14 | the version travels with the item | that the older version is for the record |
| J9 | the item is read | that databases store it |
| J11 | the item is read | that no classifier is asked |
| J16 | a hint without shape is dropped | that the detected language wins |
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from stream_app.contracts.codec import encode
from stream_app.contracts.content import ContentItem, Deletion
from stream_app.contracts.review import Ruling
from stream_app.errors import BadMessage
from stream_app.pipeline.intake import MAX_DEPTH, REASONS, Limits, read_content, read_ruling
from stream_app.pipeline.types import Incoming

GOOD = b'{"item_id": "i1", "text": "hello"}'


def item(**fields: Any) -> bytes:
    return json.dumps({"item_id": "i1", "text": "hello", **fields}).encode()


def nested(levels: int) -> bytes:
    """An item with a field such that the document is that many levels deep."""
    inner = levels - 1
    return b'{"item_id": "i1", "text": "", "x": ' + b"[" * inner + b"]" * inner + b"}"


def padded(size: int) -> bytes:
    return GOOD + b" " * (size - len(GOOD))


UTF16_RULES = '{"item_id": "i1", "text": "hello"}'

BURIED = {
    "B1 no bytes": (b"", "empty"),
    "B4 FF FE": (b"\xff\xfe", "encoding"),
    "B4 random bytes": (bytes(range(128, 256)), "encoding"),
    "B5 truncated tail": (b'{"item_id": "i1", "text": "\xd0', "encoding"),
    "B5 truncated inside": (b'{"item_id": "i1", "text": "\xd0"}', "encoding"),
    "B5 overlong": (b'{"item_id": "i1", "text": "\xc0\x80"}', "encoding"),
    "B5 CESU-8 surrogates": (b'{"item_id": "i1", "text": "\xed\xa0\xbd\xed\xb8\x80"}', "encoding"),
    "B5 Latin-1": (b'{"item_id": "i1", "text": "caf\xe9"}', "encoding"),
    "B6 UTF-16 with BOM": (UTF16_RULES.encode("utf-16"), "encoding"),
    "B6 UTF-16 big-endian with BOM": (b"\xfe\xff" + UTF16_RULES.encode("utf-16-be"), "encoding"),
    "B6 UTF-16 little-endian": (UTF16_RULES.encode("utf-16-le"), "encoding"),
    "B6 UTF-16 big-endian": (UTF16_RULES.encode("utf-16-be"), "encoding"),
    "B6 UTF-32 with BOM": (UTF16_RULES.encode("utf-32"), "encoding"),
    "B6 UTF-32 big-endian with BOM": (b"\x00\x00\xfe\xff" + UTF16_RULES.encode("utf-32-be"), "encoding"),
    "B6 only a BOM": (b"\xef\xbb\xbf", "json"),
    "B6 two BOMs": (b"\xef\xbb\xbf" * 2 + GOOD, "json"),
    "B7 limit + 1": (padded((1 << 20) + 1), "too-large"),
    "B8 far over the limit": (padded(5 << 20), "too-large"),
    "B9 schema-registry framing": (b"\x00\x00\x00\x00\x2a" + GOOD, "schema"),
    "B9 Avro": (b"\x00\x00\x00\x00\x01\x04i1\x0ahello", "schema"),
    "B9 Protobuf": (b"\x0a\x02i1\x12\x05hello", "json"),
    "J1 truncated": (GOOD[:-1], "json"),
    "J1 truncated in a string": (GOOD[:-4], "json"),
    "J1 truncated in an escape": (b'{"item_id": "i1", "text": "\\u00', "json"),
    "J1 only white space": (b" \n", "json"),
    "J2 two documents": (GOOD + GOOD, "json"),
    "J2 two lines": (GOOD + b"\n" + GOOD, "json"),
    "J2 trailing garbage": (GOOD + b"x", "json"),
    "J2 trailing null byte": (GOOD + b"\x00", "json"),
    "J2 raw control character": (b'{"item_id": "i1", "text": "a\nb"}', "json"),
    "J2 single quotes": (b"{'item_id': 'i1'}", "json"),
    "J3 array": (b"[" + GOOD + b"]", "schema"),
    "J3 string": (b'"hello"', "schema"),
    "J3 number": (b"1", "schema"),
    "J3 null": (b"null", "schema"),
    "J4 100k arrays": (b"[" * 100_000, "json"),
    "J4 100k closed arrays": (b"[" * 100_000 + b"]" * 100_000, "json"),
    "J4 100k objects": (b'{"a":' * 100_000, "json"),
    "J4 one level too deep": (nested(MAX_DEPTH + 1), "json"),
    "J5 NaN": (b'{"item_id": "i1", "text": "", "x": NaN}', "number"),
    "J5 Infinity": (b'{"item_id": "i1", "text": "", "x": Infinity}', "number"),
    "J5 minus Infinity": (b'{"item_id": "i1", "text": "", "x": -Infinity}', "number"),
    "J5 1e999": (b'{"item_id": "i1", "text": "", "x": [{"y": -1e999}]}', "number"),
    "J6 5,000 digits": (b'{"item_id": "i1", "text": "", "x": ' + b"9" * 5000 + b"}", "number"),
    "J6 19 digits": (b'{"item_id": "i1", "text": "", "version": -1234567890123456789}', "number"),
    "J6 2**53 + 1 as id": (item(item_id=2**53 + 1), "number"),
    "J6 fraction as id": (item(item_id=1.5), "number"),
    "J7 text twice": (b'{"item_id": "i1", "text": "nice", "text": "vile"}', "duplicate-key"),
    "J7 twice the same": (b'{"item_id": "i1", "text": "nice", "text": "nice"}', "duplicate-key"),
    "J7 by escape": (b'{"item_id": "i1", "text": "nice", "te\\u0078t": "vile"}', "duplicate-key"),
    "J7 inside": (b'{"item_id": "i1", "text": "", "metadata": {"a": "1", "a": "2"}}', "duplicate-key"),
    "J7 in what is ignored": (b'{"item_id": "i1", "text": "", "x": [{"a": 1, "a": 2}]}', "duplicate-key"),
    "J7 after mending": (b'{"item_id":"i1","text":"","metadata":{"\\ud800":"1","\\ud801":"2"}}', "duplicate-key"),
    "J10 text missing": (b'{"item_id": "i1"}', "schema"),
    "J10 text null": (item(text=None), "schema"),
    "J10 text a number": (item(text=1), "schema"),
    "J10 text an object": (item(text={"a": "b"}), "schema"),
    "J10 text too long": (item(text="x" * 100_001), "schema"),
    "J10 surface a number": (item(surface=1), "schema"),
    "J10 version a string": (item(version="2"), "schema"),
    "J10 version true": (item(version=True), "schema"),
    "J10 version 1.5": (item(version=1.5), "schema"),
    "J10 metadata a list": (item(metadata=["a"]), "schema"),
    "J10 metadata not flat": (item(metadata={"a": {"b": "c"}}), "schema"),
    "J10 metadata of numbers": (item(metadata={"a": 1}), "schema"),
    "J10 language a number": (item(language=5), "schema"),
    "J10 deleted a string": (item(deleted="yes"), "schema"),
    "J10 deleted 1": (item(deleted=1), "schema"),
    "J10 deleted 0": (item(deleted=0), "schema"),
    "J12 100k keys": (item(**{f"k{number}": 0 for number in range(80_000)}), "schema"),
    "J12 201 keys": (item(**{f"k{number}": 0 for number in range(199)}), "schema"),
    "J12 long key": (item(**{"k" * 257: 0}), "schema"),
    "J12 1 MB key inside": (item(x={"k" * 1_000_000: 0}), "schema"),
    "J14 id missing": (b'{"text": ""}', "schema"),
    "J14 id null": (item(item_id=None), "schema"),
    "J14 id an array": (item(item_id=["i1"]), "schema"),
    "J14 id true": (item(item_id=True), "schema"),
    "J14 id empty": (item(item_id=""), "schema"),
    "J14 id with CRLF": (item(item_id="a\r\nb"), "schema"),
    "J14 id with NUL": (item(item_id="a\x00"), "schema"),
    "J14 id with 257 characters": (item(item_id="x" * 257), "schema"),
    "J14 id of 10 kB": (item(item_id="x" * 10_240), "schema"),
    "J14 id with bidi override": (item(item_id="a\u202eb"), "schema"),
    "J14 id with isolate": (item(item_id="a\u2066b"), "schema"),
    "J14 id with zero-width space": (item(item_id="a\u200bb"), "schema"),
    "J14 id with line separator": (item(item_id="a\u2028b"), "schema"),
    "J14 id with C1 control": (item(item_id="a\x85b"), "schema"),
    "J14 id with surrogate": (item(item_id="a\ud800"), "schema"),
    "J14 author with bidi override": (item(author_id="a\u202eb"), "schema"),
    "J14 thread of 257 characters": (item(thread_id="x" * 257), "schema"),
    "J14 surface with line end": (item(surface="post\n"), "schema"),
}

DECIDED: dict[str, tuple[bytes, dict[str, Any], tuple[str, ...]]] = {
    "B6 BOM": (b"\xef\xbb\xbf" + GOOD, {"text": "hello"}, ("bom",)),
    "B7 limit - 1": (padded((1 << 20) - 1), {"text": "hello"}, ()),
    "B7 limit": (padded(1 << 20), {"text": "hello"}, ()),
    "B11 time -1": (item(created_at=-1), {"created_at": None}, ("created-at",)),
    "B11 time -1 as text": (item(created_at="-1"), {"created_at": None}, ("created-at",)),
    "B11 time 1970": (item(created_at="1970-01-01T00:00:00Z"), {"created_at": None}, ("created-at",)),
    "B11 year 9999": (item(created_at="9999-12-31T23:59:59.999999Z"), {"created_at": None}, ("created-at",)),
    "B11 year 1 with offset": (item(created_at="0001-01-01T00:00:00+23:59"), {"created_at": None}, ("created-at",)),
    "B11 no time at all": (item(created_at="yesterday"), {"created_at": None}, ("created-at",)),
    "B11 time an object": (item(created_at={"seconds": 1}), {"created_at": None}, ("created-at",)),
    "B11 very long time": (item(created_at="2" * 100_000), {"created_at": None}, ("created-at",)),
    "B11 another offset": (
        item(created_at="2026-01-02T03:04:05.5+02:00"),
        {"created_at": datetime(2026, 1, 2, 1, 4, 5, 500_000, UTC)},
        (),
    ),
    "B11 no offset": (item(created_at="2026-01-02"), {"created_at": datetime(2026, 1, 2, tzinfo=UTC)}, ()),
    "B14 version": (item(version=3), {"version": 3}, ()),
    "J4 as deep as allowed": (nested(MAX_DEPTH), {"text": ""}, ()),
    "J4 brackets in the text": (item(text="[{" * 1000), {"text": "[{" * 1000}, ()),
    "J6 18 digits": (item(version=-123456789012345678), {"version": -123456789012345678}, ()),
    "J8 high surrogate": (item(text="a\ud800b"), {"text": "a\ufffdb"}, ("surrogate",)),
    "J8 low surrogate": (item(text="\udfff"), {"text": "\ufffd"}, ("surrogate",)),
    "J8 pair the wrong way round": (
        b'{"item_id": "i1", "text": "\\ude00\\ud83d"}',
        {"text": "\ufffd\ufffd"},
        ("surrogate",),
    ),
    "J8 a proper pair": (b'{"item_id": "i1", "text": "\\ud83d\\ude00"}', {"text": "😀"}, ()),
    "J8 in metadata": (item(metadata={"a\ud800": "\ud800"}), {"metadata": {"a\ufffd": "\ufffd"}}, ("surrogate",)),
    "J8 in what is ignored": (item(x="\ud800"), {"text": "hello"}, ()),
    "J9 NUL": (item(text="a\x00b"), {"text": "a\x00b"}, ()),
    "J10 optional fields null": (
        item(
            author_id=None, surface=None, language=None, region=None, created_at=None, parent_id=None,
            thread_id=None, tier=None, metadata=None, version=None, deleted=None,
        ),
        {"surface": "post", "metadata": {}, "version": None},
        (),
    ),
    "J10 as long as allowed": (item(text="x" * 100_000), {"text": "x" * 100_000}, ()),
    "J10 not deleted": (item(deleted=False), {"text": "hello"}, ()),
    "J11 empty text": (item(text=""), {"text": ""}, ()),
    "J11 only spaces": (item(text="   "), {"text": "   "}, ()),
    "J12 unknown fields": (item(unknown={"a": [1, 2.5, None]}), {"text": "hello"}, ()),
    "J12 200 keys": (item(**{f"k{number}": 0 for number in range(198)}), {"text": "hello"}, ()),
    "J13 names of other systems": (
        item(__faust={"ns": "x"}, __class__="os.system", __proto__={"admin": True}, type="Ruling", kind="x"),
        {"text": "hello"},
        (),
    ),
    "J14 path as id": (item(item_id="../../etc/passwd"), {"item_id": "../../etc/passwd"}, ()),
    "J14 quotes in id": (item(item_id="a'\"; drop"), {"item_id": "a'\"; drop"}, ()),
    "J14 any script in id": (item(item_id="пост-七\u00a0é"), {"item_id": "пост-七\u00a0é"}, ()),
    "J14 id of 256 characters": (item(item_id="x" * 256), {"item_id": "x" * 256}, ()),
    "J14 empty names are absent": (item(author_id="", surface=""), {"author_id": None, "surface": "post"}, ()),
    "J16 language of another": (item(language="xx-hacker"), {"language": "xx-hacker"}, ()),
    "J16 no language": (item(language="<script>"), {"language": None}, ("language",)),
    "J16 line end after language": (item(language="en\n"), {"language": None}, ("language",)),
    "J16 no region": (item(region="DEU;--"), {"region": None}, ("region",)),
    "J18 verdicts of the producer": (
        item(score=0.0, scores={"hate": 0}, verdict="allow", labels=[], already_reviewed=True, decision_id="d"),
        {"text": "hello"},
        (),
    ),
}  # fmt: skip


def refusal(value: bytes | None, key: bytes | None = None, **options: Any) -> BadMessage:
    with pytest.raises(BadMessage) as caught:
        read_content(value, key, **options)
    assert caught.value.reason in REASONS
    assert caught.value.stage == "decode"
    return caught.value


@pytest.mark.parametrize("row", BURIED)
def test_what_cannot_be_read_is_buried_with_a_reason(row: str) -> None:
    value, reason = BURIED[row]
    error = refusal(value)
    assert error.reason == reason
    assert len(str(error)) < 400
    assert str(error).isprintable()


@pytest.mark.parametrize("row", DECIDED)
def test_what_can_be_mended_is_decided(row: str) -> None:
    value, fields, flags = DECIDED[row]
    incoming = read_content(value, None)
    assert isinstance(incoming.content, ContentItem)
    assert {name: getattr(incoming.content, name) for name in fields} == fields
    assert incoming.flags == flags
    assert encode(incoming.content)  # survives every sink


def test_every_reason_is_met() -> None:
    reasons = {reason for _, reason in BURIED.values()}
    assert reasons | {"headers", "version"} == REASONS


@pytest.mark.parametrize("key", ["i1", "пост-七", "x" * 256])
def test_b2_a_null_value_deletes_where_the_key_is_the_item_id(key: str) -> None:
    assert read_content(None, key.encode(), keyed_by_item=True) == Incoming(Deletion(item_id=key))


@pytest.mark.parametrize("key", [None, b"", b"\xff\xfe", b"x" * 257, "a\u202eb".encode(), b"a\nb"])
def test_b2_b3_a_null_value_without_a_usable_key_is_buried(key: bytes | None) -> None:
    assert refusal(None, key, keyed_by_item=True).reason == "empty"


def test_b2_a_null_value_says_nothing_where_the_key_is_anything() -> None:
    error = refusal(None, b"author-7")
    assert error.reason == "empty"
    assert '"deleted": true' in error.detail


@pytest.mark.parametrize("extra", [{}, {"text": None}, {"text": "still here"}, {"version": 3}])
def test_b2_a_deletion_in_words(extra: dict[str, Any]) -> None:
    value = json.dumps({"item_id": "i1", "deleted": True, **extra}).encode()
    assert read_content(value, b"author-7").content == Deletion(item_id="i1")


def test_b2_a_deletion_needs_an_id_too() -> None:
    assert refusal(b'{"deleted": true}').reason == "schema"
    assert refusal(b'{"deleted": true, "item_id": ""}').reason == "schema"


@pytest.mark.parametrize("key", [None, b"", b"\xff\xfe\x00", b"i2", b"author-7", b"x" * 100_000])
@pytest.mark.parametrize("keyed_by_item", [False, True])
def test_b3_j15_any_key_is_accepted_and_never_compared_with_the_id(key: bytes | None, keyed_by_item: bool) -> None:
    incoming = read_content(GOOD, key, keyed_by_item=keyed_by_item)
    assert incoming == read_content(GOOD, b"i1")


def test_b7_the_limit_is_a_setting() -> None:
    assert read_content(GOOD, None, limits=Limits(value_bytes=len(GOOD)))
    error = refusal(GOOD, limits=Limits(value_bytes=len(GOOD) - 1))
    assert error.reason == "too-large"
    assert f"at most {len(GOOD) - 1}" in error.detail


def test_b9_framing_is_named() -> None:
    assert "schema-registry framing is not spoken here" in refusal(b"\x00\x00\x00\x00\x01" + GOOD).detail


def test_b10_headers_are_ignored_unless_listed() -> None:
    headers = (
        ("traceparent", b"not a trace"), ("tenant", b"admin"), ("x", b"\xff\xfe"), ("x", b""), ("", b""), ("n", None),
    )  # fmt: skip
    assert read_content(GOOD, None, headers) == read_content(GOOD, None)


def test_b10_too_many_or_too_large_headers_are_buried() -> None:
    small = ("a", b"b")
    assert read_content(GOOD, None, (small,) * 100)
    assert refusal(GOOD, headers=(small,) * 101).reason == "headers"
    assert refusal(GOOD, headers=(small,) * 10_000).reason == "headers"
    assert read_content(GOOD, None, (("a", b"x" * (16 * 1024 - 1)),))
    assert refusal(GOOD, headers=(("a", b"x" * 16 * 1024),)).reason == "headers"
    assert refusal(GOOD, headers=(("a" * 8 * 1024, b"x"), ("b" * 8 * 1024, b"x"))).reason == "headers"
    assert refusal(None, b"i1", headers=(small,) * 101, keyed_by_item=True).reason == "headers"


def test_b12_the_limit_holds_before_anything_is_parsed() -> None:
    assert refusal(b"[" * (50 << 20)).reason == "too-large"


def test_b13_the_same_bytes_give_the_same_item() -> None:
    assert all(read_content(GOOD, None) == read_content(GOOD, None) for _ in range(10))


@pytest.mark.parametrize("stamp", [b"ContentItem.v2", b"Decision.v1", b"", b"\xff", None])
def test_j17_another_version_waits_for_an_upgrade(stamp: bytes | None) -> None:
    error = refusal(GOOD, headers=(("weir-schema", stamp),))
    assert error.reason == "version"
    assert "ContentItem.v1" in error.detail


def test_j17_this_version_is_read_and_two_stamps_must_agree() -> None:
    right = ("weir-schema", b"ContentItem.v1")
    assert read_content(GOOD, None, (right, right))
    assert refusal(GOOD, headers=(right, ("weir-schema", b"ContentItem.v2"))).reason == "version"


@pytest.mark.parametrize("row", ["J10 text missing", "J10 text null", "J10 text a number", "J10 text an object"])
def test_j10_the_path_of_the_field_is_named(row: str) -> None:
    assert "$.text" in refusal(BURIED[row][0]).detail


@pytest.mark.parametrize("value", [GOOD.replace(b"hello", b"s3cret\\"), b'{"item_id": "i1", "text": ["s3cret"]}'])
def test_what_was_posted_is_never_quoted(value: bytes) -> None:
    assert "s3cret" not in str(refusal(value))


RULING = {
    "ruling_id": "r1",
    "item_id": "i1",
    "origin": {"topic": "content", "partition": 0, "offset": 7},
    "verdict": "remove",
    "decided_by": "reviewer",
    "decided_at": "2026-01-02T03:04:05Z",
}
BAD_RULINGS: dict[str, tuple[bytes | None, str]] = {
    "null": (None, "empty"),
    "empty": (b"", "empty"),
    "not UTF-8": (b"\xff", "encoding"),
    "not JSON": (b"{", "json"),
    "twice": (b'{"item_id": "i1", "item_id": "i2"}', "duplicate-key"),
    "array": (b"[]", "schema"),
    "content": (GOOD, "schema"),
    "unknown verdict": (json.dumps({**RULING, "verdict": "s3cret" * 1000}).encode(), "schema"),
    "no offset in time": (json.dumps({**RULING, "decided_at": "2026-01-02T03:04:05"}).encode(), "schema"),
    "id": (json.dumps({**RULING, "item_id": "a\u202e"}).encode(), "schema"),
    "partition": (json.dumps({**RULING, "origin": {"topic": "c", "partition": "0", "offset": 1}}).encode(), "schema"),
    "number": (json.dumps({**RULING, "x": float("nan")}).encode(), "number"),
}


@pytest.mark.parametrize("row", BAD_RULINGS)
def test_a_bad_ruling_is_buried(row: str) -> None:
    value, reason = BAD_RULINGS[row]
    with pytest.raises(BadMessage) as caught:
        read_ruling(value)
    assert caught.value.reason == reason
    assert "s3cret" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_ruling_is_read_and_mended() -> None:
    incoming = read_ruling(json.dumps({**RULING, "why": "\ud800", "labels": ["\ud800"]}).encode())
    assert isinstance(incoming.content, Ruling)
    assert (incoming.content.why, incoming.content.labels) == ("\ufffd", ("\ufffd",))
    assert incoming.flags == ("surrogate",)
    assert encode(incoming.content)


def test_a_ruling_of_another_version_waits() -> None:
    value = json.dumps(RULING).encode()
    assert read_ruling(value, (("weir-schema", b"Ruling.v1"),))
    with pytest.raises(BadMessage) as caught:
        read_ruling(value, (("weir-schema", b"Ruling.v2"),))
    assert caught.value.reason == "version"
