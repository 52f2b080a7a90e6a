"""Addresses in a text, written so that nothing can follow them: ``hxxps://evil[.]example``.

Host names outside ASCII, and those that spell such a name in ASCII (RFC 3492), are shown in both forms.
"""

from typing import Any

import regex

_MOST = 200
_HOST = r"[^\s/?#<>\"'()]{1,300}"
_ADDRESS = regex.compile(
    rf"(?i)(?<!\w)(?:(?P<scheme>[a-z][a-z0-9+.\-]{{1,20}})(?P<colon>:)//(?P<host>{_HOST})"
    r"|(?P<bare>(?:www\.|(?:[\w\-]{1,63}\.){0,4}xn--)[\w.\-]{1,200}|(?:[\w\-]{1,63}\.){1,6}\p{L}{2,24}(?=[/:?#]))"
    r"|(?P<act>javascript|vbscript|data|file|blob|mailto|intent)(?P<sep>\s{0,3}:))"
)
_DOTS = ".\u3002\uff0e\uff61"


def defanged(text: str) -> tuple[dict[int, str], dict[int, str]]:
    """What to write instead of single characters, and what to add before an offset: other forms of hosts."""
    instead: dict[int, str] = {}
    added: dict[int, str] = {}
    for count, match in enumerate(_ADDRESS.finditer(text)):
        if count >= _MOST:
            break
        _scheme(match, instead)
        host = "host" if match["host"] else "bare"
        if not match[host]:
            continue
        start = match.start(host)
        name = match[host].rstrip(_DOTS + ",;!")
        instead |= {start + at: f"[{dot}]" for at, dot in enumerate(name) if dot in _DOTS}
        if other := other_form(name):
            added[start + len(name)] = other
    return instead, added


def other_form(host: str) -> str:
    """The same host in letters where it is spelled ``xn--``, in ASCII where it has other letters; else nothing."""
    labels = list(regex.split(f"[{_DOTS}]", host.rpartition("@")[2]))
    other = [_other_label(label) for label in labels]
    return "[.]".join(other) if other != labels else ""


def _other_label(label: str) -> str:
    try:
        if label.isascii():
            return _printable(label[4:].encode().decode("punycode")) if label.lower().startswith("xn--") else label
        return "xn--" + label.casefold().encode("punycode").decode()
    except UnicodeError:
        return label


def _printable(name: str) -> str:
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in name)


def _scheme(match: Any, instead: dict[int, str]) -> None:
    """``http`` becomes ``hxxp``; the colon of every other scheme is bracketed."""
    if match["act"]:
        instead[match.end("sep") - 1] = "[:]"
    elif match["scheme"] and match["scheme"].lower() in {"http", "https"}:
        at, cross = match.start("scheme"), "X" if match["scheme"].isupper() else "x"
        instead |= {at + 1: cross, at + 2: cross}
    elif match["scheme"]:
        instead[match.start("colon")] = "[:]"
