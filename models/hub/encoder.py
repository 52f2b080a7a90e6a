"""A tokenizer and a network that belong together: loaded, proven to fit, and run on texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from models.errors import ArtifactError
from models.hub.quiet import quiet
from models.hub.source import shown
from models.hub.windows import Window, batches, cut

_SAME = 1e-3  # logits of a text alone and of the same text beside a longer one may differ by rounding only


@dataclass(frozen=True, slots=True)
class Read:
    """What came of a batch of texts, in their order."""

    outputs: NDArray[np.float64]  # [windows, outputs], finite
    texts: NDArray[np.intp]  # [windows], the text that each window is of; ascending, every text is there
    content: NDArray[np.int64]  # [texts], tokens read
    unknown: NDArray[np.int64]  # [texts], tokens that the tokenizer has no piece for


class Encoder:
    """Texts in, the network's outputs a window out. One thread at a time: the tokenizer keeps state."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        network: PreTrainedModel,
        device: torch.device,
        window_tokens: int,
        batch_tokens: int,
    ) -> None:
        self.tokenizer = tokenizer
        self.network = network.to(device).eval()  # type: ignore[arg-type]  # transformers wraps `to` without types
        self.device = device
        self.window_tokens = window_tokens
        self.batch_tokens = batch_tokens

    @classmethod
    def load(cls, folder: Path, device: torch.device, *, max_tokens: int, batch_tokens: int) -> "Encoder":
        """Raises ArtifactError where the files are damaged, do not fit each other, or give no usable scores."""
        tokenizer = _tokenizer(folder)
        network = _network(folder)
        _check_vocabulary(folder, tokenizer, network)
        encoder = cls(tokenizer, network, device, _window_tokens(tokenizer, network, max_tokens), batch_tokens)
        encoder._prove(folder)
        return encoder

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the network's outputs in their order."""
        names = self.network.config.id2label or {}
        return tuple(str(names.get(index, index)) for index in range(self.network.config.num_labels))

    def read(self, texts: Sequence[str]) -> Read:
        """Run texts, windows of like length together; ValueError where the network does not give finite outputs."""
        windows = cut(texts, self.tokenizer, self.window_tokens)
        outputs = np.zeros((len(windows), len(self.outputs)))
        for batch in batches(windows, self.batch_tokens):
            outputs[batch] = self._run([windows[at] for at in batch])
        owners = np.array([window.text for window in windows], np.intp)
        content, unknown = np.zeros((2, len(texts)), np.int64)
        np.add.at(content, owners, [window.content for window in windows])
        np.add.at(unknown, owners, [window.unknown for window in windows])
        return Read(outputs, owners, content, unknown)

    def _run(self, windows: Sequence[Window]) -> NDArray[np.float64]:
        """Outputs of one padded batch, float64 [windows, outputs]."""
        padded = self.tokenizer.pad([window.fields for window in windows], return_tensors="pt")
        with torch.inference_mode():
            logits = self.network(**padded.to(self.device)).logits
        outputs: NDArray[np.float64] = logits.to("cpu", torch.float64).numpy()
        expected = (len(windows), len(self.outputs))
        if outputs.shape != expected:
            raise ValueError(f"the network gave outputs of shape {list(outputs.shape)}, expected {list(expected)}")
        if not np.isfinite(outputs).all():
            raise ValueError("the network gave outputs that are not finite")
        return outputs

    def _prove(self, folder: Path) -> None:
        """Run a long window and a short one, apart and together: shapes, positions and padding must work."""
        short, long = cut(["ok", "ok " * 2 * self.window_tokens], self.tokenizer, self.window_tokens)[:2]
        try:
            apart = np.concatenate([self._run([short]), self._run([long])])
            together = self._run([short, long])
        except Exception as error:
            raise ArtifactError(
                f"{folder} loads but cannot be run on {self.window_tokens} tokens: {shown(error)}; take tokenizer "
                "and weights from one commit, or lower max_tokens"
            ) from error
        if not np.allclose(apart, together, rtol=_SAME, atol=_SAME):
            raise ArtifactError(
                f"{folder} scores a text differently beside a longer one: it does not ignore padding; set "
                "pad_token_id in config.json to the tokenizer's padding token, which is "
                f"{self.tokenizer.pad_token_id}"
            )


def _tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except Exception as error:
        raise ArtifactError(
            f"the tokenizer in {folder} cannot be loaded: {shown(error)}; the folder needs tokenizer.json of the "
            "same commit, which AutoTokenizer.from_pretrained(folder).save_pretrained(folder) writes where protobuf "
            "is installed"
        ) from error
    if not tokenizer.is_fast:
        raise ArtifactError(
            f"the tokenizer in {folder} ({type(tokenizer).__name__}) is not one of the tokenizers library, which "
            "reads tokenizer.json; a model with one would work"
        )
    if tokenizer.pad_token_id is None:
        raise ArtifactError(f"the tokenizer in {folder} has no padding token; name one in tokenizer_config.json")
    # `pad` advises against being called after the tokenizer; windows are padded by batch, so there is no other way.
    tokenizer.deprecation_warnings["Asking-to-pad-a-fast-tokenizer"] = True
    return tokenizer


def _network(folder: Path) -> PreTrainedModel:
    try:
        with quiet():
            network: PreTrainedModel
            network, report = AutoModelForSequenceClassification.from_pretrained(
                str(folder),
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                dtype=torch.float32,
                output_loading_info=True,
            )
    except Exception as error:
        raise ArtifactError(
            f"the weights in {folder} cannot be loaded: {shown(error)}; a whole safetensors file that belongs to "
            "config.json, of an architecture that transformers has a sequence classifier for, would work"
        ) from error
    missing = sorted(str(name) for name in report["missing_keys"])
    if missing:
        raise ArtifactError(
            f"{folder} has no weights for {shown(', '.join(missing[:5]))}, which would be random; a model that was "
            "trained as a sequence classifier has them"
        )
    return network


def _check_vocabulary(folder: Path, tokenizer: PreTrainedTokenizerBase, network: PreTrainedModel) -> None:
    """A tokenizer may know fewer pieces than there are rows (padding of the matrix), never more, nor far fewer."""
    rows = next(network.get_input_embeddings().parameters()).shape[0]
    pieces = max(tokenizer.get_vocab().values()) + 1
    if not rows / 2 <= pieces <= rows:
        raise ArtifactError(
            f"the tokenizer in {folder} numbers {pieces} pieces and the network has {rows} embeddings: they do not "
            "belong together; take both from one commit"
        )
    counted_from = {table.padding_idx for table in _position_tables(network) if table.padding_idx is not None}
    if counted_from - {tokenizer.pad_token_id}:
        raise ArtifactError(
            f"in {folder} the network counts positions from pad_token_id {network.config.pad_token_id} and the "
            f"tokenizer pads with {tokenizer.pad_token_id}; take config.json and tokenizer from one commit"
        )


def _window_tokens(tokenizer: PreTrainedTokenizerBase, network: PreTrainedModel, max_tokens: int) -> int:
    """The longest window that the operator, the tokenizer and the position embeddings allow."""
    tokens = min(max_tokens, tokenizer.model_max_length, *_positions(network))
    least = tokenizer.num_special_tokens_to_add() + 8
    if tokens < least:
        raise ArtifactError(f"a window of {tokens} tokens is too short; max_tokens must be at least {least}")
    return tokens


def _positions(network: PreTrainedModel) -> list[int]:
    """How many positions there are embeddings for; those of RoBERTa's kind begin after the padding index."""
    tables = _position_tables(network)
    return [table.num_embeddings - (0 if table.padding_idx is None else table.padding_idx + 1) for table in tables]


def _position_tables(network: PreTrainedModel) -> list[torch.nn.Embedding]:
    ending = "position_embeddings"
    found = [module for name, module in network.named_modules() if name.endswith(ending)]
    return [module for module in found if isinstance(module, torch.nn.Embedding)]
