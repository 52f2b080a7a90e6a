"""What Hugging Face tools load is the same encoder and the same pieces."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

from models.errors import ArtifactError
from models.transformer import artifact
from models.transformer.batches import framed, padded
from models.transformer.encoder import Encoder, Shape
from models.transformer.export import charsmap, export
from models.transformer.testing import save_tiny, tiny_vocabulary
from models.transformer.tokens import PAD

TEXTS = [
    "The ferry leaves at nine.",
    "  Two   spaces  and CAPITALS ",
    "ｆｅｒｒｙ ﬁne",
    "Вчера мы долго гуляли",
    "他们在河边种了很多树",
    "naïve café",
    "emoji 😀 and ᚠ",
    "tab\there",
    "",
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    torch.set_num_threads(1)
    base = tmp_path_factory.mktemp("export")
    save_tiny(base / "artifact")
    export(base / "artifact", base / "out")
    return base / "artifact", base / "out"


def test_the_exported_encoder_gives_the_same_states(folders: tuple[Path, Path]) -> None:
    _, network, vocabulary = artifact.load(folders[0])
    ids = padded([framed(row, 32) for row in vocabulary.encode(TEXTS)])
    theirs = AutoModel.from_pretrained(folders[1], local_files_only=True, add_pooling_layer=False).eval()
    here = ids != PAD
    with torch.inference_mode():
        found = theirs(input_ids=ids, attention_mask=here.long()).last_hidden_state
        expected = network.states(ids)
    assert torch.allclose(found[here], expected[here], atol=1e-4)
    assert found[here].std() > 0.1


def test_the_exported_tokenizer_gives_the_same_ids(folders: tuple[Path, Path]) -> None:
    vocabulary = artifact.load(folders[0])[2]
    theirs = AutoTokenizer.from_pretrained(folders[1], local_files_only=True)
    assert theirs(TEXTS)["input_ids"] == [framed(row, 10_000) for row in vocabulary.encode(TEXTS)]


def test_marks_and_the_longest_text_are_known_to_the_exported_tokenizer(folders: tuple[Path, Path]) -> None:
    theirs = AutoTokenizer.from_pretrained(folders[1], local_files_only=True)
    marks = (theirs.pad_token_id, theirs.unk_token_id, theirs.bos_token_id, theirs.eos_token_id, theirs.mask_token_id)
    assert marks == (0, 1, 2, 3, 4)
    assert theirs.model_max_length == 32


def test_the_layers_that_judge_are_kept_beside_it(folders: tuple[Path, Path]) -> None:
    head = load_file(folders[1] / "weir_head.safetensors")
    assert head.keys() == {"pool.weight", "pool.bias", "out.weight", "out.bias"}
    assert head["out.weight"].shape == (2, 32)
    assert (folders[1] / artifact.VOCABULARY_FILE).read_bytes() == tiny_vocabulary().data


def test_nothing_is_written_over(folders: tuple[Path, Path]) -> None:
    with pytest.raises(ArtifactError, match="name a new folder"):
        export(*folders)


def test_what_is_no_artifact_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="cannot read"):
        export(tmp_path / "absent", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_normalization_rules_are_found_or_missed_clearly() -> None:
    assert len(charsmap(tiny_vocabulary().data)) > 100_000
    with pytest.raises(ArtifactError, match="no normalization rules"):
        charsmap(b"\x0a\x02hi")


def test_padding_changes_nothing_in_our_encoder() -> None:
    torch.manual_seed(1)
    encoder = Encoder(Shape(pieces=300, width=16, layers=2, heads=2, inner=32, positions=16)).eval()
    ids = torch.tensor([[2, 270, 280, 3], [2, 3, PAD, PAD]])
    with torch.inference_mode():
        both, alone = encoder(ids, ids != PAD), encoder(ids[1:, :2], ids[1:, :2] != PAD)
    assert torch.allclose(both[1, :2], alone[0], atol=1e-6)
