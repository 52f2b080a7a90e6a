"""Training end to end on invented rows: it learns, it says what it was tested on, and it goes on where it stopped.

Figures are compared at a tolerance: sums over threads and processors come in another order, so weights differ in
their last digits, and the random splits of words into pieces are repeated within one process only, so what is held
against each other are two processes.
"""

import json
import math
import random
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import msgspec.structs
import numpy as np
import pytest
import sentencepiece
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from models.artifacts import default_artifact
from models.classifiers.transformer import TransformerClassifier
from models.errors import ArtifactError, DataError
from models.lexicon import default_folder
from models.probes.probes import held_out
from models.training.transformer import finetune, loop
from models.training.transformer.card import card
from models.training.transformer.mixture import UNKNOWN
from models.training.transformer.recipe import Settings, changed, miniature, resumed
from models.training.transformer.run import FINETUNE, PRETRAIN, train
from models.transformer import artifact
from models.transformer.encoder import Shape
from models.transformer.manifest import Manifest, Resumed
from models.transformer.network import Network

TOLERANCE = 0.02  # of a validation AUC
QUICK = msgspec.structs.replace(miniature(), pieces=700, pretrain_steps=20, finetune_steps=120, batch_pieces=2_048)
SHORT = msgspec.structs.replace(QUICK, pretrain_steps=12, finetune_steps=24, batch_pieces=512, checkpoint_seconds=0.0)

BAD = {"en": ("grumpf", "blarg", "znork"), "de": ("quaddel", "murks"), "tr": ("zorbak", "pimtu")}
GOOD = {"en": ("flower", "sunny", "gentle"), "de": ("blume", "sonnig"), "tr": ("papatya", "ferah")}
FILLER = ("old", "house", "near", "river", "many", "rooms", "some", "used", "guests", "summer", "by", "in", "the")


def _row(draw: random.Random, lang: str, *, bad: bool, split: str) -> dict[str, object]:
    words = [*draw.sample(FILLER, 5), draw.choice((BAD if bad else GOOD)[lang])]
    draw.shuffle(words)
    labels = {"toxicity": int(bad), "hate": None, "spam": 0}
    return {"text": " ".join(words), "lang": lang, "labels": labels, "source": f"own_{lang}", "split": split}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    draw, folder = random.Random(5), tmp_path_factory.mktemp("transformer") / "data"
    folder.mkdir()
    rows = [_row(draw, lang, bad=n % 2 == 0, split="train") for lang in BAD for n in range(640)]
    rows += [_row(draw, lang, bad=n % 2 == 0, split="validation") for lang in BAD for n in range(100)]
    rows += [_row(draw, "en", bad=False, split="train") | {"weak": 1, "lang": "sw"} for _ in range(40)]
    rows.append(_row(draw, "en", bad=True, split="train") | {"text": f"you {held_out('en')[0]}"})
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\nbroken\n")
    return folder


def _train(data: Path, out: Path, settings: Settings, **options: object) -> Manifest:
    return train(data, None, default_folder(), out, settings=settings, device="cpu", **options)  # type: ignore[arg-type] # by name


def _aucs(manifest: Manifest) -> dict[str, float]:
    return {metric.scope: metric.value for metric in manifest.metrics if metric.name == "validation_auc"}


@pytest.fixture(scope="module")
def trained(data: Path) -> tuple[Manifest, Path, list[str]]:
    out, lines = data.parent / "artifact", list[str]()
    return _train(data, out, QUICK, say=lines.append), out, lines


def test_a_miniature_learns_the_task_in_every_language(trained: tuple[Manifest, Path, list[str]]) -> None:
    aucs = _aucs(trained[0])
    assert aucs.keys() == {"toxicity/own_en", "toxicity/own_de", "toxicity/own_tr"}
    assert min(aucs.values()) > 0.9


def test_what_was_trained_loads_and_tells_good_from_bad(trained: tuple[Manifest, Path, list[str]]) -> None:
    classifier = TransformerClassifier.load(trained[1], device="cpu")
    assert classifier.labels == ("toxicity",)
    scores = classifier.score(["the old grumpf house", "the old sunny house"] * 2, ["en", "en", "sw", "sw"])
    assert scores.probabilities[0, 0] > 0.7
    assert scores.probabilities[1, 0] < 0.3
    assert scores.evidence[:, 0].tolist() == [True, True, False, False]


def test_heads_are_calibrated_with_evidence_where_it_was_shown(trained: tuple[Manifest, Path, list[str]]) -> None:
    head = trained[0].heads[0]
    assert head.evidence == {"en", "de", "tr"}
    assert head.lines.keys() == {"en", "de", "tr"}
    assert all((record.ece or 0) < 0.1 for record in head.records.values())
    assert (head.records["sw"].train_weak, head.records["sw"].evidence) == (40, False)


def test_the_manifest_says_what_was_left_out(trained: tuple[Manifest, Path, list[str]]) -> None:
    manifest = trained[0]
    assert {entry.label for entry in manifest.omitted} == {"hate", "spam"}
    assert manifest.refused_rows == 1
    assert [source.bad_rows for source in manifest.sources] == [1]
    assert manifest.recipe.libraries["sentencepiece"] == sentencepiece.__version__
    assert manifest.recipe.settings["finetune_steps"] == QUICK.finetune_steps
    assert (manifest.progress.phase, manifest.progress.step) == (FINETUNE, QUICK.finetune_steps)


def test_progress_is_told(trained: tuple[Manifest, Path, list[str]]) -> None:
    lines = "\n".join(trained[2])
    for part in ("1 refused for a held-out word", "a vocabulary of 700 pieces", "of 300 validation rows"):
        assert part in lines


_APART = """
import sys
from pathlib import Path
import msgspec, torch
from models.lexicon import default_folder
from models.training.transformer.recipe import Settings
from models.training.transformer.run import train
torch.set_num_threads(1)
data, out, settings = sys.argv[1:]
settings = msgspec.json.decode(settings, type=Settings)
train(Path(data), None, default_folder(), Path(out), settings=settings, seed=3, device="cpu")
"""


def test_the_same_seed_gives_the_same_within_the_tolerance_in_two_processes(data: Path, tmp_path: Path) -> None:
    """What no seed fixes, other splits of words above all, differs between processes and not within one."""
    settings = msgspec.structs.replace(QUICK, pretrain_steps=4, finetune_steps=30, checkpoint_seconds=300.0)
    outs = (tmp_path / "first", tmp_path / "second")
    wanted = msgspec.json.encode(settings).decode()
    runs = [
        subprocess.Popen([sys.executable, "-c", _APART, data, out, wanted], stderr=subprocess.PIPE, text=True)
        for out in outs
    ]
    for run in runs:
        said = run.communicate(timeout=300)[1]
        assert run.returncode == 0, said
    first, second = (artifact.read_manifest(out) for out in outs)
    assert first.vocabulary_sha256 == second.vocabulary_sha256
    assert first.weights_sha256 != second.weights_sha256  # else nothing was compared that a process can change
    assert min(_aucs(first).values()) > 0.9
    assert _aucs(first) == pytest.approx(_aucs(second), abs=TOLERANCE)


class Interrupted(Exception):
    """Raised by a test in place of whoever stops a run."""


@pytest.mark.parametrize("phase", [PRETRAIN, FINETUNE])
def test_an_interrupted_run_goes_on_from_its_last_checkpoint(data: Path, tmp_path: Path, phase: str) -> None:
    def stop(now: str, done: int, *_: object) -> None:
        if (now, done) == (phase, 10):
            raise Interrupted

    with pytest.raises(Interrupted):
        _train(data, tmp_path, SHORT, report=stop, seed=3)
    checkpoint = artifact.load(tmp_path)[0]
    assert (checkpoint.progress.phase, checkpoint.progress.step) == (phase, 9)
    assert checkpoint.heads == ()
    lines, steps = list[str](), list[tuple[str, int]]()
    done = _train(
        data, tmp_path, Settings(), resume=True, say=lines.append, report=lambda *now: steps.append(now[:2])
    )
    assert f"going on from {checkpoint.version}: {phase}, step 9" in lines
    assert steps[0] == (phase, 10)
    assert (done.progress.phase, done.progress.step, done.progress.steps) == (FINETUNE, 24, 24)
    assert done.vocabulary_sha256 == checkpoint.vocabulary_sha256
    first = Resumed(phase=phase, step=9, seed=3, changed={})
    assert done.recipe == msgspec.structs.replace(checkpoint.recipe, resumed=(first,))
    more = _train(data, tmp_path, Settings(), resume=True, more_steps=3, seed=5)
    assert (more.progress.step, more.recipe.settings["finetune_steps"]) == (27, 27)
    assert more.recipe.resumed[1] == Resumed(phase=FINETUNE, step=24, seed=5, changed={"finetune_steps": 27.0})
    last = _train(data, tmp_path, Settings(), resume=True, more_steps=3)
    assert (last.progress.step, last.recipe.seed, [each.seed for each in last.recipe.resumed]) == (30, 3, [3, 5, 5])
    assert artifact.read_manifest(tmp_path) == last
    other = _train(data, tmp_path, Settings(), resume=True, more_steps=1, changes={"gold_share": 0.5})
    assert _train(data, tmp_path, Settings(), resume=True) == other  # nothing is left to learn
    assert other.recipe.resumed[-1].changed == {"finetune_steps": 31.0, "gold_share": 0.5}
    assert f"Went on from checkpoints: {phase} step 9 by seed 3, fine-tuning step 24 by seed 5" in card(last)


def test_more_steps_lengthen_a_run_from_the_start_too(data: Path, tmp_path: Path) -> None:
    done = _train(data, tmp_path, SHORT, more_steps=3)
    assert (done.progress.step, done.progress.steps, done.recipe.settings["finetune_steps"]) == (27, 27, 27)
    assert (done.recipe.seed, done.recipe.resumed) == (7, ())


def test_the_defaults_are_those_that_the_shipped_model_learned_with() -> None:
    shipped = artifact.read_manifest(default_artifact().parent / "transformer").recipe.settings
    # It was fine-tuned longer.
    same = [name for name in Settings.__struct_fields__ if name != "finetune_steps"]
    assert {name: getattr(Settings(), name) for name in same} == {name: shipped[name] for name in same}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"silver_share": 1.0}, "known: pieces"),
        ({"noise": -0.1}, "below 0"),
        ({"batch_pieces": 0.5}, "no such value"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(changes: dict[str, float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        changed(Settings(), changes)


def test_what_a_checkpoint_is_made_of_cannot_change_on_the_way() -> None:
    before = {name: float(value) for name, value in msgspec.structs.asdict(SHORT).items()}
    assert resumed(before, {"noise": 0.5, "batch_pieces": 256}) == msgspec.structs.replace(
        SHORT, noise=0.5, batch_pieces=256
    )
    with pytest.raises(DataError, match="layers, width cannot change"):
        resumed(before, {"width": 32.0, "layers": 1.0})


def test_there_must_be_a_checkpoint_to_go_on_from(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="cannot read"):
        _train(data, tmp_path / "absent", SHORT, resume=True)


def test_too_few_rows_of_every_label_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="300 annotated rows of both kinds"):
        _train(data, tmp_path / "out", SHORT, limit=300)
    assert not (tmp_path / "out").exists()


def test_rows_without_a_validation_part_are_refused_before_anything_is_trained(data: Path, tmp_path: Path) -> None:
    rows = [line for line in (data / "rows.jsonl").read_text().splitlines() if '"validation"' not in line]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))
    with pytest.raises(DataError, match="validation"):
        _train(tmp_path, tmp_path / "out", SHORT)
    assert not (tmp_path / "out").exists()


def test_an_unknown_label_gets_no_gradient() -> None:
    network = Network(Shape(pieces=300, width=16, layers=1, heads=2, inner=32, positions=16), ("toxicity", "threat"))
    ids = torch.tensor([[2, 280, 281, 3], [2, 290, 3, 0]])
    truth = torch.tensor([[1.0, UNKNOWN], [0.0, UNKNOWN]])
    finetune._loss(network, ids, truth, torch.tensor([1.0, 0.5])).backward()  # type: ignore[no-untyped-call] # torch declares no types here
    known, unknown = network.out.weight.grad
    assert known.abs().sum() > 0
    assert unknown.abs().sum() == 0
    assert network.out.bias.grad[1] == 0


def test_a_row_of_weight_0_gets_no_gradient() -> None:
    network = Network(Shape(pieces=300, width=16, layers=1, heads=2, inner=32, positions=16), ("toxicity",)).eval()
    ids, truth = torch.tensor([[2, 280, 3], [2, 290, 3]]), torch.tensor([[1.0], [0.0]])
    finetune._loss(network, ids, truth, torch.tensor([1.0, 0.0])).backward()  # type: ignore[no-untyped-call] # as above
    pieces = network.encoder.embeddings.word_embeddings.weight.grad
    assert pieces[280].abs().sum() > 0
    assert pieces[290].abs().sum() == 0


def test_a_loss_that_is_no_number_ends_the_run_before_it_is_saved() -> None:
    network = Network(Shape(pieces=300, width=16, layers=1, heads=2, inner=32, positions=16), ("toxicity",))
    saved: list[int] = []

    def losses() -> Iterator[loop.Step]:
        for value in (1.0, 2.0, math.nan):
            yield partial(lambda scale: network.out.weight.sum() * scale, value)

    with pytest.raises(DataError, match="nan at step 3; --resume"):
        loop.run(
            loop.Phase("tried", 5, 1e-3, 1e-3, 1e-3), network, losses(), report=lambda *_: None, save=saved.append,
            save_every_seconds=-1.0,
        )  # fmt: skip
    assert saved == [1, 2]
    assert all(weight.isfinite().all() for weight in network.parameters())


def test_rates_rise_then_fall_and_rise_again_after_a_resume() -> None:
    phase = loop.Phase("tried", 100, 1e-3, 1e-3, 1e-3)
    rates = [loop._rate(phase, step, 0) for step in range(100)]
    assert rates[:6] == sorted(rates[:6])
    assert max(rates) == 1.0
    assert rates[6:] == sorted(rates[6:], reverse=True)
    assert rates[-1] < 0.08
    assert loop._rate(phase, 50, 50) < loop._rate(phase, 51, 50) == rates[51]
    assert all(loop._rate(phase, step, 50) <= rates[step] for step in range(50, 100))
    assert loop._rate(phase, 60, 50) == rates[60]


def _english(folder: Path) -> Path:
    """A random English encoder of the miniature's sizes in Hugging Face format."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters), *FILLER]
    ids = {piece: place for place, piece in enumerate(pieces)}
    inner = Tokenizer(models.WordPiece(ids, unk_token="[UNK]"))
    inner.normalizer, inner.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    ends = [("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])]
    inner.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]", pad_token="[PAD]").save_pretrained(folder)  # type: ignore[no-untyped-call] # transformers leaves it without types
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=QUICK.width, num_hidden_layers=QUICK.layers,
        num_attention_heads=QUICK.attention_heads, intermediate_size=QUICK.inner, max_position_embeddings=256,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


def _text(folder: Path) -> Path:
    """Sentences, translations and a dictionary between English and German that is English in capitals and dots."""
    draw = random.Random(2)
    for name in ("mono", "parallel", "dict"):
        (folder / name).mkdir(parents=True)
    (folder / "mono" / "sw.txt").write_text("\n".join(" ".join(draw.sample(FILLER, 4)) for _ in range(50)))
    with (folder / "parallel" / "own.tsv").open("w") as file:
        file.write("id\tlang\ttext\n")
        for n in range(120):
            words = draw.sample(FILLER, 4)
            file.write(f"{n}\ten\t{' '.join(words)}\n{n}\tde\t{' '.join(f'{word}en' for word in words)}\n")
    (folder / "dict" / "en-de.tsv").write_text("".join(f"{word}\t{word}en\n" for word in FILLER))
    return folder


def test_text_and_an_english_encoder_are_learned_from_where_they_are_there(data: Path, tmp_path: Path) -> None:
    settings = msgspec.structs.replace(SHORT, pretrain_steps=30, checkpoint_seconds=300.0, batch_pieces=1_024)
    start, lines = _english(tmp_path / "english"), list[str]()
    manifest = train(
        data, _text(tmp_path / "text"), default_folder(), tmp_path / "out",
        start=start, settings=settings, device="cpu", say=lines.append,
    )  # fmt: skip
    counts = manifest.corpus.sentences, manifest.corpus.translations, manifest.corpus.dictionary
    assert counts == (50, 120, 13)
    assert manifest.recipe.started_from.startswith("English encoder with weights of SHA-256 ")
    assert any("pieces start from a known meaning" in line for line in lines)
    assert any(line.startswith("the teacher reads ") for line in lines)
    assert np.isfinite(list(_aucs(manifest).values())).all()
    assert artifact.load(tmp_path / "out")[0] == manifest
