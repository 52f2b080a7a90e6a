"""Which sentences the pages say, read from templates and code: what the catalogs must translate, and no more."""

from pathlib import Path

from babel.messages.extract import extract_from_dir

from human_review.review_file import load_review_config

_FOLDER = Path(__file__).resolve().parent
_KEYWORDS: dict[str, tuple[int, int] | None] = {"_": None, "gettext": None, "speak": None, "ngettext": (1, 2)}
_TEMPLATES = {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}

Message = str | tuple[str, str]


def sources() -> dict[Message, str]:
    """Every message in English (singular and plural as a pair) with a place that says it, in order of places."""
    found: dict[Message, str] = {}
    places = extract_from_dir(
        _FOLDER, method_map=[("templates/**.html", "jinja2"), ("**.py", "python")],
        options_map={"templates/**.html": _TEMPLATES}, keywords=_KEYWORDS,
    )  # fmt: skip
    for file, line, message, _, _ in places:
        found.setdefault(message if isinstance(message, str) else (message[0], message[1]), f"{file}:{line}")
    config = load_review_config(None)
    for word in (*(label.title for label in config.labels.values()), *config.skip_reasons):
        found.setdefault(word, "review.yaml")
    return found
