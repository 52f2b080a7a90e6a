"""Writes a transformer artifact as Hugging Face tools expect it: ``AutoModel`` and ``AutoTokenizer`` load the folder.

The encoder is a plain ``BertModel`` in 32 bits. The layers that pool and judge have no counterpart there and lie in
``weir_head.safetensors``. The exported tokenizer splits five texts of a thousand otherwise than SentencePiece does.
"""

from collections.abc import Iterator
from pathlib import Path

from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from models.errors import ArtifactError
from models.transformer import artifact
from models.transformer.encoder import Shape
from models.transformer.tokens import BEGIN, END, PAD, UNKNOWN
from models.transformer.tokens import Tokenizer as Vocabulary

_NORMALIZER, _CHARSMAP = 3, 2  # field numbers of SentencePiece's model file


def export(folder: Path, out: Path) -> None:
    """Raises ArtifactError where ``folder`` holds no whole artifact, or ``out`` exists and is not empty."""
    manifest, network, vocabulary = artifact.load(folder)
    if out.exists() and any(out.iterdir()):
        raise ArtifactError(f"{out} is not empty; name a new folder")
    out.mkdir(parents=True, exist_ok=True)
    encoder = _bert(manifest.shape)
    encoder.load_state_dict(network.encoder.state_dict())
    encoder.save_pretrained(out)
    head = {name: value for name, value in network.state_dict().items() if not name.startswith("encoder.")}
    save_file(head, out / "weir_head.safetensors", metadata={"labels": ",".join(manifest.labels)})
    (out / artifact.VOCABULARY_FILE).write_bytes(vocabulary.data)
    fast_tokenizer(vocabulary, manifest.shape.positions).save_pretrained(out)


def _bert(shape: Shape) -> BertModel:
    config = BertConfig(
        vocab_size=shape.pieces,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=shape.positions,
        type_vocab_size=1,
        pad_token_id=PAD,
        bos_token_id=BEGIN,
        eos_token_id=END,
    )
    return BertModel(config, add_pooling_layer=False)


def fast_tokenizer(vocabulary: Vocabulary, positions: int) -> PreTrainedTokenizerFast:
    """The vocabulary in the form of the tokenizers library, with begin and end marks around a text."""
    inner = Tokenizer(models.Unigram(vocabulary.pieces(), unk_id=UNKNOWN, byte_fallback=True))
    inner.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(charsmap(vocabulary.data)),
            normalizers.Strip(left=True, right=True),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    inner.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="always")])
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", BEGIN), ("</s>", END)]
    )
    marks = {
        "bos": "<s>",
        "eos": "</s>",
        "cls": "<s>",
        "sep": "</s>",
        "unk": "<unk>",
        "pad": "<pad>",
        "mask": "<mask>",
    }
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        model_max_length=positions,
        **{f"{name}_token": piece for name, piece in marks.items()},
    )


def charsmap(model: bytes) -> bytes:
    """The compiled normalization rules inside a SentencePiece file, which is a protocol buffer."""
    for number, value in _fields(model):
        if number == _NORMALIZER:
            for inner, rules in _fields(value):
                if inner == _CHARSMAP:
                    return rules
    raise ArtifactError("the vocabulary holds no normalization rules; it was not made by `weir train`")


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of every length-delimited field; others are skipped."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            _, at = _varint(data, at)
        elif kind == 2:
            size, at = _varint(data, at)
            yield key >> 3, data[at : at + size]
            at += size
        else:
            at += 8 if kind == 1 else 4


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
