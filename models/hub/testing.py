"""A sequence classifier of a few kilobytes in Hugging Face format, for tests: random weights, made on the spot."""

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaForSequenceClassification

from models.hub.quiet import quiet

POSITIONS = 32
"""Longest sequence of the model that ``save_tiny`` writes, special tokens counted."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")


def save_tiny(
    folder: Path, outputs: Sequence[str] = ("neutral", "toxic"), *, seed: int = 0, pieces: str = _LETTERS + " .!"
) -> Path:
    """Write weights, configuration and tokenizer; ``pieces`` are the characters that the tokenizer knows."""
    with quiet():
        _network(outputs, len(_SPECIAL) + len(_LETTERS) + 3, seed).save_pretrained(folder)
        save_tokenizer(folder, pieces)
    return folder


def save_tokenizer(folder: Path, pieces: str) -> None:
    """Write the files of a tokenizer that makes one token of each character, in lower case."""
    vocabulary = {piece: index for index, piece in enumerate([*_SPECIAL, *pieces])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))  # noqa: S106 - a token of text
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    ends = [("<s>", vocabulary["<s>"]), ("</s>", vocabulary["</s>"])]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    names = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=POSITIONS, **names)
    fast.save_pretrained(folder)


def _network(outputs: Sequence[str], pieces: int, seed: int) -> XLMRobertaForSequenceClassification:
    config = XLMRobertaConfig(
        vocab_size=pieces,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=POSITIONS + 2,  # positions begin after the padding index, 1
        type_vocab_size=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        initializer_range=0.5,  # so that texts differ
        id2label=dict(enumerate(outputs)),
        label2id={name: index for index, name in enumerate(outputs)},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return XLMRobertaForSequenceClassification(config)
