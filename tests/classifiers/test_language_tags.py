"""Regions do not change a language; scripts do, unless they are the usual one."""

import pytest

from models.tags import base_tag


@pytest.mark.parametrize(
    ("tag", "base"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("EN_us", "en"),
        ("pt-MZ", "pt"),
        ("zh-Hans-CN", "zh"),
        ("zh-Hant", "zh-Hant"),
        ("ur-latn", "ur-Latn"),
        ("ur-Arab-PK", "ur"),
        ("es-419", "es"),
        ("", "und"),
        ("und", "und"),
        ("not a tag", "not a tag"),
    ],
)
def test_the_base_of_a_tag(tag: str, base: str) -> None:
    assert base_tag(tag) == base
