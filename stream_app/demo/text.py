"""Text of strangers, made fit for a terminal."""

import unicodedata

MAX_CHARS = 160
MAX_MARKS = 3


def shown(text: str, limit: int = MAX_CHARS) -> str:
    """One line in which nothing moves the cursor, hides or turns the direction.

    Control, format and bidi characters are written as escapes, marks stacked on one character are cut.
    """
    parts: list[str] = []
    marks = 0
    for char in text[:limit]:
        if unicodedata.combining(char):
            marks += 1
            if marks <= MAX_MARKS:
                parts.append(char)
            continue
        marks = 0
        if char in "\n\r\t":
            parts.append({"\n": "\\n", "\r": "\\r", "\t": " "}[char])
        elif char.isprintable():
            parts.append(char)
        else:
            parts.append(f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}")
    return "".join(parts) + ("…" if len(text) > limit else "")
