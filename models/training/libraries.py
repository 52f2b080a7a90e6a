"""Which versions of which libraries a training run computed with, for its manifest."""

import platform
from importlib.metadata import version

LINEAR = ("numpy", "scipy")
TRANSFORMER = (*LINEAR, "sentencepiece", "torch", "transformers")


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """By name; Python is among them, since its tables of Unicode normalize the texts."""
    return {"python": platform.python_version()} | {name: version(name) for name in names}
