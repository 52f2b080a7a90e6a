"""Weights on disk: small, the same bytes for the same weights, and never far from what they were."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from models.errors import ArtifactError
from models.transformer.weights import decode, encode


def _state() -> dict[str, torch.Tensor]:
    random = torch.Generator().manual_seed(3)
    return {
        "matrix.weight": torch.randn(80, 64, generator=random) * torch.rand(80, 1, generator=random),
        "with a row of zeros": torch.cat([torch.zeros(1, 96), torch.randn(60, 96, generator=random)]),
        "small.weight": torch.randn(4, 8, generator=random),
        "bias": torch.randn(5000, generator=random),
    }


def test_a_large_matrix_is_off_by_at_most_half_a_step_of_its_row() -> None:
    state = _state()
    data = encode(state)
    found, stored = decode(data, "here"), load_tensors(data)
    for name in ("matrix.weight", "with a row of zeros"):
        step = stored[f"{name}::scale"].astype(np.float32)[:, None]
        assert stored[name].dtype == np.int8
        assert (np.abs(found[name].numpy() - state[name].numpy()) <= 0.501 * step).all()


def test_the_rest_is_kept_in_sixteen_bits() -> None:
    state = _state()
    data = encode(state)
    for name in ("small.weight", "bias"):
        assert load_tensors(data)[name].dtype == np.float16
        assert torch.equal(decode(data, "here")[name], state[name].half().float())


def test_weights_come_back_as_32_bit_floats_with_the_same_names_and_shapes() -> None:
    state, found = _state(), decode(encode(_state()), "here")
    assert {name: value.shape for name, value in found.items()} == {n: value.shape for n, value in state.items()}
    assert {value.dtype for value in found.values()} == {torch.float32}


def test_the_same_weights_give_the_same_bytes_in_any_order() -> None:
    state = _state()
    assert encode(state) == encode(dict(reversed(state.items())))


def test_saving_what_was_loaded_changes_nothing() -> None:
    data = encode(_state())
    assert encode(decode(data, "here")) == data


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999])
def test_a_truncated_file_is_refused(share: float) -> None:
    data = encode(_state())
    with pytest.raises(ArtifactError, match=r"weights\.safetensors is truncated"):
        decode(data[: int(len(data) * share)], "weights.safetensors")


def test_a_matrix_without_its_scales_is_refused() -> None:
    stored = load_tensors(encode(_state()))
    del stored["matrix.weight::scale"]
    with pytest.raises(ArtifactError, match=r"no scales for matrix\.weight"):
        decode(save_tensors(stored), "weights.safetensors")
