"""How much of a text is in writings that its language is not written in.

Who reads a language has not read what stands beside it in runes or in another alphabet, and look-alike letters of
other alphabets are a way to hide words. Scripts are those of the Unicode Standard, Annex 24; Latin letters count as
everybody's, as names and borrowed words are written in them all over the world.
"""

from functools import cache

import regex

from models.tags import base_tag

VERSION = "scripts.1"  # changes with anything that can change an answer
MOST_FOREIGN = 0.3  # share of the letters; an English sentence with one name in Chinese characters stays below
_MOST_CHARACTERS = 20_000  # of one text that are looked at

_WRITTEN_IN = {
    "Arabic": "ar arq ary arz azb ckb fa ks ku mzn pnb ps sd ug ur",
    "Armenian": "hy",
    "Bengali": "as bn bpy",
    "Cyrillic": "av az ba be bg bxr ce crh cv kk krc kv ky lez mhr mk mn mrj myv os ru rue sah sh sr tg tk tt tyv "
    "udm uk uz xal",
    "Devanagari": "bh dty gom hi mai mr ne new sa sd",
    "Ethiopic": "am ti",
    "Georgian": "ka xmf",
    "Greek": "el",
    "Gujarati": "gu",
    "Gurmukhi": "pa",
    "Han": "ja ko wuu yue zh",
    "Hangul": "ko",
    "Hebrew": "he yi",
    "Hiragana": "ja",
    "Kannada": "kn",
    "Katakana": "ja",
    "Khmer": "km",
    "Lao": "lo",
    "Malayalam": "ml",
    "Myanmar": "my",
    "Oriya": "or",
    "Sinhala": "si",
    "Tamil": "ta",
    "Telugu": "te",
    "Thaana": "dv",
    "Thai": "th",
    "Tibetan": "bo dz",
}


def foreign_share(text: str, language: str) -> float:
    """The share of a text's letters that are neither Latin nor of a script of ``language``, 0..1.

    A tag that names a script, such as ``ur-Latn``, is not looked into: nothing but Latin letters is its own.

    >>> foreign_share("good morning", "en"), foreign_share("good доброе", "en"), foreign_share("доброе", "ru")
    (0.0, 0.6, 0.0)
    """
    if text.isascii():
        return 0.0
    seen = text[:_MOST_CHARACTERS]
    letters = len(_LETTERS.findall(seen))
    return len(_foreign(base_tag(language)).findall(seen)) / letters if letters else 0.0


@cache
def scripts_of(language: str) -> tuple[str, ...]:
    """The scripts of a language besides Latin, by name."""
    return tuple(script for script, languages in _WRITTEN_IN.items() if language in languages.split())


_LETTERS = regex.compile(r"\p{L}")


@cache
def _foreign_to(scripts: tuple[str, ...]) -> "regex.Pattern[str]":
    known = "".join(rf"\p{{Script={script}}}" for script in ("Latin", "Common", "Inherited", *scripts))
    return regex.compile(rf"[\p{{L}}--[{known}]]", regex.VERSION1)


def _foreign(language: str) -> "regex.Pattern[str]":
    return _foreign_to(scripts_of(language))
