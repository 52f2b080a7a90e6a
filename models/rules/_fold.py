"""How a text is spelled before it is searched: always one code point for one code point, so that offsets hold."""

_DOTTED_DOTLESS = frozenset({"tr", "az"})  # languages whose capital I is the dotless letter


def fold(text: str, language: str = "und") -> str:
    """Lower case, and one spelling for letters that are one to a reader."""
    if language in _DOTTED_DOTLESS:
        text = text.replace("I", "ı")
    if text.isascii():
        return text.lower()
    # İ is the only letter that str.lower makes longer.
    return same_letters(text.replace("İ", "i").lower())


def same_letters(text: str) -> str:
    """Final sigma, the Russian yo (mostly written ye), and the Arabic ye and kaf that Persian types otherwise."""
    return text.replace("ς", "σ").replace("ё", "е").replace("ي", "ی").replace("ك", "ک")
