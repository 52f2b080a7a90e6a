"""Which key does what on the page: the page's own keys, the labels' from the review file, and what a person chose."""

from collections.abc import Mapping

from human_review.review_file import ReviewConfig

# Names are those of the W3C UI Events ``key`` attribute, with Space for the space bar.
DEFAULTS: dict[str, str] = {
    "allow": "a",
    "limit": "l",
    "remove": "r",
    "note": "n",
    "next": "Enter",
    "veil": "v",
    "sentence": "j",
    "folded": "f",
    "context": "c",
    "greyscale": "b",
    "skip": "s",
    "escalate": "e",
    "undo": "u",
    "group": "g",
    "give-back": "x",
    "work": "w",
    "appeals": "p",
    "sheet": "?",
}
# These work whatever a person chose.
ALWAYS: dict[str, str] = {"veil": "Space"}
LABEL = "label:"


def actions(config: ReviewConfig) -> dict[str, str]:
    """Every action with the page's own key; labels are ``label:toxicity`` and so on."""
    return DEFAULTS | {LABEL + name: label.key for name, label in config.labels.items()}


def keys_of(config: ReviewConfig, chosen: Mapping[str, str]) -> dict[str, str]:
    """Every action with the key that a person has for it.

    Where a chosen key is the page's own key of another action, that one loses it: no key does two things.
    """
    own = actions(config)
    mine = {action: key for action, key in chosen.items() if action in own}
    taken = set(mine.values())
    return {action: mine.get(action, "" if key in taken else key) for action, key in own.items()}


def pressed(action: str, keys: Mapping[str, str]) -> str:
    """The value of ``data-key``: every key that does the action."""
    return " ".join(key for key in (keys[action], ALWAYS.get(action, "")) if key)
