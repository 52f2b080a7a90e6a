"""Where a network runs. Imports torch only when asked, so that this module costs nothing to import."""

from typing import TYPE_CHECKING, Literal, get_args

from models.errors import ArtifactError

if TYPE_CHECKING:
    import torch

DeviceName = Literal["auto", "cpu", "cuda"]


def choose(device: DeviceName) -> "torch.device":
    """The device of that name; ``auto`` is the GPU where there is one.

    Raises ArtifactError for another name, and where ``cuda`` is asked for and none can be used.
    """
    import torch

    if device not in get_args(DeviceName):
        raise ArtifactError(f"no device named {device!r}; known: {', '.join(get_args(DeviceName))}")
    found = torch.cuda.is_available()
    if device == "cuda" and not found:
        raise ArtifactError(
            "device cuda is asked for and torch sees no GPU; write device: cpu (or auto), or install a driver and "
            "a torch built for it"
        )
    return torch.device("cuda" if found and device != "cpu" else "cpu")
