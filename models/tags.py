"""Which language a BCP 47 tag stands for when looking up evidence and calibration."""

from functools import lru_cache

_USUAL_SCRIPT = {
    "ar": "arab", "de": "latn", "en": "latn", "es": "latn", "fr": "latn", "it": "latn", "ja": "jpan", "kn": "knda",
    "ko": "kore", "ml": "mlym", "pl": "latn", "pt": "latn", "ru": "cyrl", "th": "thai", "tr": "latn", "ur": "arab",
    "zh": "hans",
}  # fmt: skip


@lru_cache(maxsize=4096)
def base_tag(tag: str) -> str:
    """Language, and script where it is not the usual one: ``pt-BR`` is ``pt``, ``ur-Latn`` stays.

    >>> base_tag("pt-BR"), base_tag("en-Latn-US"), base_tag("ur-latn"), base_tag("")
    ('pt', 'en', 'ur-Latn', 'und')
    """
    language, *rest = tag.replace("_", "-").lower().split("-")
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), None)
    if not language:
        return "und"
    if script is None or script == _USUAL_SCRIPT.get(language):
        return language
    return f"{language}-{script.capitalize()}"
