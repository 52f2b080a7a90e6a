"""Weights on disk: matrices as 8-bit integers with one 16-bit scale a row, the rest as 16-bit floats.

Calibration and every figure in the card are of the rounded weights, so what rounding costs is in them.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors
from torch import Tensor

from models.errors import ArtifactError

_SCALE = "::scale"


def encode(state: Mapping[str, Tensor]) -> bytes:
    """The bytes of the weights file, the same for the same weights."""
    found: dict[str, NDArray[np.generic]] = {}
    for name in sorted(state):
        value = state[name].detach().to("cpu", torch.float32).numpy()
        if value.ndim == 2 and value.size > 4096:
            scale = np.maximum(np.abs(value).max(axis=1) / 127.0, 1e-6).astype(np.float16)
            found[name] = np.clip(np.rint(value / scale[:, None].astype(np.float32)), -127, 127).astype(np.int8)
            found[name + _SCALE] = scale
        else:
            found[name] = np.ascontiguousarray(value.astype(np.float16))
    return save_tensors(found)


def decode(data: bytes, where: str) -> dict[str, Tensor]:
    """float32 weights by name. Raises ArtifactError where the bytes are no weights file; ``where`` names them."""
    try:
        stored = load_tensors(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ArtifactError(f"{where} is truncated or not a safetensors file: {error}") from error
    found = {}
    for name, value in stored.items():
        if name.endswith(_SCALE):
            continue
        scale = stored.get(name + _SCALE)
        if value.dtype == np.int8 and scale is None:
            raise ArtifactError(f"{where} holds no scales for {name}; take the file from one training run")
        plain = value.astype(np.float32)
        found[name] = torch.from_numpy(plain if scale is None else plain * scale[:, None].astype(np.float32))
    return found
