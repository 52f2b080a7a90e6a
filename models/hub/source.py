"""The folder that a model is loaded from, and what is refused before any of it is interpreted.

Weights are read from safetensors files only: pickle files run code when they are opened. A configuration that
points to Python code of its own (``auto_map``) is refused for the same reason.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from models.errors import ArtifactError
from models.hub.quiet import quiet

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_READ = ("*.safetensors", "*.json", "*.txt", "*.model")  # weights, configurations, vocabularies
_PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".h5", ".msgpack")
_INDEX = "model.safetensors.index.json"
CONVERT = (
    "convert them once, away from production, with "
    "AutoModelForSequenceClassification.from_pretrained(…).save_pretrained(folder)"
)


@dataclass(frozen=True, slots=True)
class Source:
    """Files to load, and where they are from: ``revision`` is None for a local folder."""

    folder: Path
    name: str
    revision: str | None
    digests: dict[str, str]  # SHA-256 by file name, of all files that loading may read


def resolve(source: str, revision: str | None) -> Source:
    """A local folder, or the files of a hub id at one commit (downloaded unless they are in the cache).

    Raises ArtifactError where that is not allowed or not possible; the network is never used for a folder.
    """
    folder = Path(source)
    if folder.is_dir():
        if revision is not None:
            raise ArtifactError(f"{source} is a folder, which has no revision; leave the revision out")
        name = folder.resolve().name
    else:
        folder = _download(*_pinned(source, revision))
        name = source
    check(folder)
    return Source(folder, name, revision, {path.name: _digest(path) for path in _files(folder)})


def check(folder: Path) -> None:
    """Refuse a folder that lacks safetensors weights or that wants code to be run. Raises ArtifactError."""
    config = _json(folder / "config.json")
    tokenizer = _json(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").exists() else {}
    for name, found in (("config.json", config), ("tokenizer_config.json", tokenizer)):
        if "auto_map" in found:
            raise ArtifactError(
                f"{folder / name} has auto_map: the model brings Python code of its own, which would run in this "
                "process; use a model of an architecture that transformers itself has"
            )
    if (folder / "adapter_config.json").exists():
        raise ArtifactError(
            f"{folder} holds an adapter, which loads another model; merge the two and save the result"
        )
    _check_weights(folder)


def _pinned(source: str, revision: str | None) -> tuple[str, str]:
    if not _HUB_ID.fullmatch(source):
        raise ArtifactError(f"{source!r} is neither a folder that exists nor a hub id of the form owner/name")
    if revision is None or not _COMMIT.fullmatch(revision):
        raise ArtifactError(
            f"{source!r} is not a folder that exists, and as a hub id it needs revision: a commit of 40 hex digits "
            f"(not {revision!r}), since branches and tags can be moved to other weights; "
            f"`git ls-remote https://huggingface.co/{source} HEAD` prints one"
        )
    return source, revision


def _download(hub_id: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        with quiet():
            return Path(snapshot_download(hub_id, revision=revision, allow_patterns=list(_READ)))
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise ArtifactError(
            f"cannot get {hub_id} at {revision}: {shown(error)}; where this process has no network, download "
            f"it beforehand with `hf download {hub_id} --revision {revision} --local-dir FOLDER` and give the folder "
            "as source"
        ) from error


def _check_weights(folder: Path) -> None:
    if not any(folder.glob("*.safetensors")):
        pickled = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLED)
        found = (
            f"only {shown(', '.join(pickled))}, which may run code when opened" if pickled else "no weights at all"
        )
        raise ArtifactError(f"{folder} has no safetensors weights but {found}; {CONVERT}")
    index = _json(folder / _INDEX).get("weight_map") if (folder / _INDEX).exists() else None
    parts = sorted({_plain(part) for part in index.values()}) if isinstance(index, dict) else []
    lacking = [part for part in parts if not (folder / part).is_file()]
    if lacking:
        raise ArtifactError(
            f"{folder / _INDEX} names {shown(', '.join(lacking))}, which the folder lacks; copy all files"
        )


def _plain(part: object) -> str:
    """A file name without folders, so that an index cannot point out of its folder."""
    if not isinstance(part, str) or Path(part).name != part:
        raise ArtifactError(f"{_INDEX} names {part!r}; only files beside it are read")
    return part


def _files(folder: Path) -> list[Path]:
    return sorted(path for pattern in _READ for path in folder.glob(pattern) if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _json(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise ArtifactError(
            f"cannot read {path}: {error.strerror}; a model folder has config.json, safetensors weights and the "
            "tokenizer's files"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} is not JSON: {shown(error)}; download it again") from error
    if not isinstance(found, dict):
        raise ArtifactError(f"{path} does not hold a JSON object; download it again")
    return found


def shown(found: object) -> str:
    """One short line for a message: the files are somebody else's, and so are the names and errors they cause."""
    line = " ".join(str(found).split())[:300] or type(found).__name__
    return "".join(character if character.isprintable() else "?" for character in line)
