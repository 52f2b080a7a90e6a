"""The choices of transformer training in one place; every number here ends up in the manifest."""

from collections.abc import Mapping

import msgspec
import msgspec.structs

from models.errors import DataError


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes, amounts and rates. The defaults fill two hours on two cores; ``miniature`` fills two minutes."""

    pieces: int = 36_000  # of the vocabulary
    vocabulary_texts: int = 400_000
    vocabulary_power: float = 0.5  # a language with n texts is drawn by n to this power
    layers: int = 4
    width: int = 384
    inner: int = 1536
    attention_heads: int = 12
    positions: int = 128
    teacher_texts: int = 60_000  # English sentences that the teacher reads, besides dictionary words
    teacher_words: int = 300_000  # dictionary pairs
    align_power: float = 0.5
    pretrain_steps: int = 1_400
    finetune_steps: int = 3_300
    batch_pieces: int = 4_096  # after padding
    word_pieces: int = 2_048  # the same for batches of dictionary words
    align_share: float = 0.55  # of the pre-training steps: sentences
    word_share: float = 0.25  # single words; the rest fills in hidden pieces
    body_rate: float = 2e-4
    piece_rate: float = 1e-3
    head_rate: float = 1e-3
    tune_body_rate: float = 2e-4
    tune_piece_rate: float = 7e-4
    gold_share: float = 0.70  # what fine-tuning draws from
    weak_share: float = 0.12
    frame_share: float = 0.08
    filled_share: float = 0.09
    implant_share: float = 0.07
    switched_share: float = 0.12
    gold_power: float = 0.35
    weak_factor: float = 6.0  # harmless sentences of languages with annotated harm come this much more often
    rare_factor: float = 4.0  # positives of labels with fewer than 2,000 of them come this much more often
    noise: float = 0.2  # share of texts that are obfuscated
    resplit: float = 0.2  # share of texts whose words are split otherwise than is likeliest
    pad: float = 0.08  # share that stands among harmless text
    checkpoint_seconds: float = 300.0


_SIZES = frozenset(
    ("pieces", "vocabulary_texts", "vocabulary_power", "layers", "width", "inner", "attention_heads", "positions")
)  # what weights and vocabulary of a checkpoint already follow from


def resumed(before: Mapping[str, float], changes: Mapping[str, float]) -> Settings:
    """The settings of a run that goes on with some of them changed; raises DataError as ``changed`` does."""
    if fixed := sorted(_SIZES & changes.keys()):
        raise DataError(f"{', '.join(fixed)} cannot change on the way; train from the start without --resume")
    return changed(msgspec.convert(before, Settings, strict=False), changes)


def changed(settings: Settings, changes: Mapping[str, float]) -> Settings:
    """With some numbers changed; raises DataError for a name or a number that no setting has."""
    known = Settings.__struct_fields__
    if wrong := sorted(changes.keys() - set(known)):
        raise DataError(f"{wrong[0]} is no setting of the transformer; known: {', '.join(known)}")
    if wrong := sorted(name for name, value in changes.items() if value < 0):
        raise DataError(f"{wrong[0]} must not be below 0")
    try:
        return msgspec.convert({**msgspec.structs.asdict(settings), **changes}, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise DataError(f"a setting of the transformer has no such value: {error}") from error


def miniature() -> Settings:
    """Everything small: the same path in about two minutes, for tests and for a first look."""
    return Settings(
        pieces=4_000, vocabulary_texts=20_000, layers=2, width=64, inner=128, attention_heads=4,
        teacher_texts=2_000, teacher_words=2_000, pretrain_steps=60, finetune_steps=150,
        body_rate=1e-3, tune_body_rate=2e-3, tune_piece_rate=4e-3, piece_rate=2e-3,
    )  # fmt: skip
