"""Identifiers that are named by their causes: the same causes give the same id, on every machine."""

from hashlib import blake2b

import msgspec

_encode = msgspec.json.Encoder().encode


def digest(*causes: object) -> str:
    """128-bit hex digest of a list of causes. Encoded as a list, so that "ab", "c" is not "a", "bc"."""
    return blake2b(_encode(causes), digest_size=16).hexdigest()


def text_digest(text: str) -> str:
    """Digest of the original text; lone surrogates have been replaced when the item was decoded."""
    return blake2b(text.encode(), digest_size=16, person=b"weir-text").hexdigest()
