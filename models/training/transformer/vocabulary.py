"""Trains the SentencePiece vocabulary (unigram: Kudo 2018) on text drawn so that small languages are heard."""

import io
from collections.abc import Iterable

import numpy as np
import sentencepiece

from models.errors import DataError
from models.training.transformer.corpus import Sentence
from models.transformer.tokens import Tokenizer


def balanced(texts: Iterable[Sentence], count: int, power: float, seed: int) -> list[str]:
    """About ``count`` texts; a language with n of them is drawn by n to the ``power`` (0 equal, 1 as found)."""
    by_language: dict[str, list[str]] = {}
    for sentence in texts:
        by_language.setdefault(sentence.lang, []).append(sentence.text)
    sizes = np.array([len(found) for found in by_language.values()], np.float64)
    if not sizes.size:
        raise DataError("there is no text to make a vocabulary from")
    shares = sizes**power / (sizes**power).sum()
    random = np.random.default_rng(seed)
    drawn: list[str] = []
    for found, share in zip(by_language.values(), shares, strict=True):
        wanted = min(len(found), max(1, round(count * share)))
        drawn += [found[index] for index in random.choice(len(found), wanted, replace=False)]
    return drawn


def train_vocabulary(texts: Iterable[str], size: int, threads: int) -> Tokenizer:
    """A vocabulary of ``size`` pieces, fewer where the texts hold no more, with byte fallback.

    Texts are cut at 400 characters. Raises DataError where there are too few of them.
    """
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=(text[:400] for text in texts),
            model_writer=model,
            model_type="unigram",
            vocab_size=size,
            character_coverage=0.9997,
            byte_fallback=True,
            normalization_rule_name="nmt_nfkc_cf",
            pad_id=0,
            unk_id=1,
            bos_id=2,
            eos_id=3,
            control_symbols=["<mask>"],
            num_threads=threads,
            max_sentence_length=2048,
            max_sentencepiece_length=16,
            hard_vocab_limit=False,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise DataError(f"too little text for a vocabulary of {size} pieces: {error}") from error
    return Tokenizer(model.getvalue())
