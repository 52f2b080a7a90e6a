"""Where the configuration that came with the code lies: in the repository, or inside the installed wheel."""

from pathlib import Path


def shipped(name: str) -> Path:
    """The path of a shipped configuration file or folder."""
    package = Path(__file__).resolve().parent
    in_repository = package.parent / "config" / name
    return in_repository if in_repository.exists() else package / "_config" / name
