"""Personal data in texts that are about to be published: e-mail, telephone, addresses, handles, accounts, numbers.

Nothing is taken out: whoever publishes must not have it in the text at all, and is told in which field it is. What is
found is therefore never repeated. Digits of every script count as digits, and invisible characters as absent.
"""

import re
import unicodedata
from ipaddress import ip_address

_MIN_LONG_DIGITS = 7  # telephone, customer, card and identity numbers have at least as many

# Every repetition has a bound, so that no text takes long.
_EMAIL = re.compile(r"[^\s@<>()\[\],;:]{1,64}@[^\s@<>()\[\],;:]{1,255}\.[^\W\d_]{2,63}")
_SPELLED_EMAIL = re.compile(  # somebody (at) example (dot) org
    r"\S\s{0,3}[\[({]\s{0,3}at\s{0,3}[\])}]\s{0,3}\w{1,63}\s{0,3}(?:[\[({]\s{0,3}dot\s{0,3}[\])}]|\bdot\b|\.)\s{0,3}[^\W\d_]{2}",
    re.IGNORECASE,
)
_URL = re.compile(
    r"[a-z][a-z0-9+.-]{0,30}://\S|\b(?:[\w-]{1,63}\.){1,9}(?:xn--[a-z0-9-]{1,59}|[^\W\d_]{2,63})\b", re.IGNORECASE
)
_HANDLE = re.compile(r"(?:(?<![\w@])@|(?<![\w/])u/|(?<![\w/])r/)\w[\w.-]", re.IGNORECASE)
_IBAN = re.compile(r"\b[a-z]{2}\s?\d{2}(?:[ -]?[a-z0-9]){11,30}\b", re.IGNORECASE)
_PHONE = re.compile(r"(?:\+|\b00)\s?\d(?:[\s().-]{0,4}\d){6}")
_DIGITS = re.compile(r"\d(?:[\s()./-]{0,3}\d)*")
_IP = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w:])", re.IGNORECASE
)
# Dates, and numbers of laws such as 2022/2065, are long numbers that name nobody.
_HARMLESS = re.compile(
    r"\b(?:19|20)\d\d-\d\d-\d\d\b|\b\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d\b|\b(?:19|20)\d\d/\d{1,4}\b"
)
_MIN_IBAN = 15
_IBAN_LETTERS = str.maketrans({chr(65 + number): str(10 + number) for number in range(26)})


def personal_data(text: str) -> tuple[str, ...]:
    """The kinds of personal data that a text seems to hold, sorted; empty where it may be published.

    In doubt, it says that there is some: a text that is refused can be written again, one that is out cannot.
    """
    plain = _plain(text)
    numbers = _HARMLESS.sub(" ", plain)
    found = {
        "e-mail": any(pattern.search(plain) for pattern in (_EMAIL, _SPELLED_EMAIL)),
        "handle": _HANDLE.search(plain) is not None,
        "iban": any(_holds_iban(match.group()) for match in _IBAN.finditer(plain)),
        "ip-address": any(_is_ip(match.group()) for match in _IP.finditer(plain)),
        "long-number": any(_count(match.group()) >= _MIN_LONG_DIGITS for match in _DIGITS.finditer(numbers)),
        "phone": _PHONE.search(numbers) is not None,
        "url": _URL.search(plain) is not None,
    }
    return tuple(kind for kind, is_there in sorted(found.items()) if is_there)


def _plain(text: str) -> str:
    """Compatibility forms folded, format characters gone, every decimal digit as in ASCII."""
    folded = unicodedata.normalize("NFKC", text)
    seen = (char for char in folded if unicodedata.category(char) not in {"Cf", "Mn", "Cc"} or char in "\n\t")
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in seen)


def _holds_iban(candidate: str) -> bool:
    """Whether the check digits hold (ISO 7064, mod 97-10) for the first words of it, up to any of them."""
    ends = [match.end() for match in re.finditer(r"[a-z0-9](?![a-z0-9])", candidate, re.IGNORECASE)]
    return any(_is_iban(candidate[:end].upper().replace(" ", "").replace("-", "")) for end in ends)


def _is_iban(compact: str) -> bool:
    moved = (compact[4:] + compact[:4]).translate(_IBAN_LETTERS)
    return len(compact) >= _MIN_IBAN and moved.isdecimal() and int(moved) % 97 == 1


def _is_ip(candidate: str) -> bool:
    try:
        ip_address(candidate)
    except ValueError:
        return False
    return _count(candidate) > 0


def _count(match: str) -> int:
    return sum(char.isdigit() for char in match)
