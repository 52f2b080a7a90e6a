"""Model cards say what the manifests say, and nothing in a manifest can break out of them."""

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import msgspec.structs
import pytest
import torch

import models.artifacts
from models import ensemble_manifest, language
from models.artifacts import MANIFEST_FILE, default_artifact, read_manifest
from models.classifiers import transformer as serving
from models.ensemble_manifest import EnsembleHead, EnsembleManifest, Limits, MemberEntry, OwnLines
from models.errors import ArtifactError
from models.evaluation.report import Figure, LevelShare, Report, Share, SystemReport
from models.exits import EXITS_FILE, EXITS_FORMAT, Exits, LanguageExits
from models.exits import save as save_exits
from models.manifest import Head, LanguageRecord, Manifest, Metric, Omitted, Recipe, Source
from models.mixing import Mix
from models.romanized import romanized_artifact
from models.sigmoid import Line
from models.thresholds import Thresholds
from models.training import card as cards
from models.training.cards import published
from models.training.cards.romanized import card as romanized_card
from models.training.ensemble_card import card as ensemble_card
from models.training.transformer import card as transformer_cards
from models.training.transformer.card import card as transformer_card
from models.training.transformer.vocabulary import train_vocabulary
from models.transformer import artifact
from models.transformer import manifest as of_transformer
from models.transformer.encoder import Shape
from models.transformer.network import Network

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = default_artifact().parent
GENERATED = [
    name for name in ("linear", "romanized", "transformer", "ensemble") if (SHIPPED / name / MANIFEST_FILE).is_file()
]
SECTIONS = (
    "What it is",
    "Training data",
    "Policy and taxonomy",
    "Annotation",
    "Benchmarks",
    "Where there is evidence",
    "Quantization",
    "Bias and limits",
    "How to use",
)
HOSTILE = "x|y\n# z<script>`[a](b)"

RECORD = LanguageRecord(
    train_positives=1234, train_negatives=2345, train_weak=0, validation_positives=61, validation_negatives=72,
    auc=0.8125, auc_low=0.7251, auc_high=0.9012, ece=0.0432, evidence=True,
)  # fmt: skip
BARE = msgspec.structs.replace(
    RECORD, train_positives=0, train_negatives=0, auc=None, auc_low=None, auc_high=None, ece=None, evidence=False
)
LINE = Line(slope=1.0, offset=0.0)
OMITTED = Omitted(label="self_harm", reason="0 annotated positives in training")
SOURCE = Source(file="own_de.jsonl.gz", sha256="ab" * 32, rows=4321, bad_rows=2)
SETTINGS = {"gold_power": 0.5, "pretrain_steps": 1400.0}


def _metrics(*found: tuple[str, str, float]) -> tuple[Metric, ...]:
    return tuple(Metric(name=name, scope=scope, value=value) for name, scope, value in found)


def transformer(name: str = "toxicity") -> of_transformer.Manifest:
    """A manifest in which every number is one that no other has; ``name`` stands wherever a name may."""
    return of_transformer.Manifest(
        format_version=1, name="transformer.v1", version="cafe", labels=(name,), omitted=(OMITTED,),
        shape=Shape(pieces=36_000), heads=(Head(label=name, scale=1.0, line=LINE, lines={}, records={name: RECORD}),),
        data_digest="d1" * 32, sources=(msgspec.structs.replace(SOURCE, file=name),), held_out_digest="e1" * 32,
        refused_rows=465, progress=of_transformer.Progress(phase="fine-tuning", step=3300, steps=3300),
        corpus=of_transformer.Corpus(digest="f1" * 32, sentences=562_459, translations=459_251, dictionary=1_711_966),
        recipe=of_transformer.Recipe(
            method="pre-training", seed=7, started_from="random weights", settings=SETTINGS, evidence_rule="the rule",
            machine="x86_64, 2 threads",
        ),
        metrics=_metrics(("validation_auc", f"{name}/{name}", 0.7654), ("harmless_at_half_or_more", "all", 0.0123)),
        weights_sha256="", vocabulary_sha256="",
    )  # fmt: skip


def ensemble(name: str = "toxicity", source: str = "hatexplain_en") -> EnsembleManifest:
    head = EnsembleHead(
        label=name, mix=Mix(slopes=(0.731, 1.252), offset=-2.013), mixes={"en": Mix(slopes=(1.0, 1.0), offset=0.0)},
        own=(OwnLines(line=LINE, lines={}),) * 2, records={name: RECORD, "fr": BARE},
    )  # fmt: skip
    member = MemberEntry(kind="linear", path="../../somewhere/else/linear", version="aa11")
    return ensemble_manifest.sealed(
        EnsembleManifest(
            format_version=1, name="ensemble.v1", version="", heads=(head,), omitted=(OMITTED,),
            members=(member, MemberEntry(kind="transformer", path="../transformer", version=name)),
            limits=Limits(unknown_share=0.117, disagreement=0.7431, percentile=99.5), data_digest="d1" * 32,
            sources=(SOURCE,),
            recipe=Recipe(method="mixed", seed=7, limit=None, settings=SETTINGS, evidence_rule="the rule"),
            metrics=_metrics(
                ("validation_auc", f"{name}/{source}", 0.8123),
                ("validation_auc_of_linear", f"{name}/{source}", 0.7012),
            ),
        )
    )  # fmt: skip


def exits(upper: str) -> Exits:
    return Exits(
        format_version=EXITS_FORMAT, lower="aa11", upper=upper,
        thresholds={"toxicity": Thresholds(review_from=0.2, act_from=0.9)},
        target=0.005, rows=19_178, left=0.4791, changed=0.00417,
        languages={"pt": LanguageExits(rows=854, left=401, changed=3, bands={"toxicity": (0.1, 0.9)})},
    )  # fmt: skip


def report() -> Report:
    figure = Figure(value=0.251, low=0.2, high=0.3, n=90)
    share = Share(language="all", harmful=True, rows=90, allow=figure, review=figure, act=None)
    system = SystemReport(
        role="evaluated", name="cascade", version="1", texts_per_second=1.0, cells=(), sources=(), benign=(),
        shares=(share,), levels=(LevelShare(level="linear.v1", share=0.4567),), identity=(), insults=(),
    )  # fmt: skip
    return Report(rows=1111, weak_rows=0, bootstrap=5, seed=0, thresholds={}, systems=(system,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An ensemble's folder with exits."""
    manifest = ensemble()
    ensemble_manifest.save(tmp_path / "ensemble", manifest)
    save_exits(tmp_path / "ensemble", exits(manifest.version))
    return tmp_path / "ensemble"


def titles(text: str) -> list[str]:
    return re.findall(r"^## (.*)$", text, flags=re.M)


def without_outcomes(text: str) -> str:
    """A card less the section that needs a report of an evaluation."""
    return re.sub(r"## What becomes of items\n.*?(?=\n## )", "", text, flags=re.S)


@pytest.mark.parametrize("name", GENERATED)
def test_the_stored_card_is_the_one_that_the_artifact_gives(name: str) -> None:
    stored = (ROOT / "docs" / "model_cards" / f"{name}.md").read_text(encoding="utf-8")
    assert without_outcomes(stored) == without_outcomes(cards.of(SHIPPED / name))


def test_every_kind_has_every_section(folder: Path) -> None:
    for text in (cards.of(default_artifact()), transformer_card(transformer()), ensemble_card(folder)):
        assert set(SECTIONS) <= set(titles(text))
    more = {"Members and mixing", "Published figures, for context", "Early exits", "What becomes of items"}
    assert more <= set(titles(ensemble_card(folder)))


def test_numbers_of_the_transformer_are_those_of_its_manifest() -> None:
    text = transformer_card(transformer())
    row = "| toxicity | toxicity | 1,234 / 2,345 | 61 / 72 | 0.812 | 0.725 to 0.901 | 0.043 | yes |"
    for said in (
        row,
        "| toxicity | toxicity | 0.765 |",
        "562,459 sentences",
        "459,251 translations",
        "1,711,966 dict",
    ):
        assert said in text
    for said in ("4,321 rows read from 1 files, 2 refused", "465 training rows were refused", "1.2% of the weak"):
        assert said in text
    for said in (
        "`e1e1e1e1e1e1e1e1`",
        "x86_64, 2 threads",
        "step 3,300 of 3,300",
        "gold_power 0.5",
        "pretrain_steps 1400",
    ):
        assert said in text
    assert "`self_harm`: 0 annotated positives in training." in text


def test_every_card_names_the_libraries_that_its_manifest_does(tmp_path: Path) -> None:
    named = {"numpy": "1.2.3", HOSTILE: HOSTILE}
    linear, large, mixed = (
        msgspec.structs.replace(found, recipe=msgspec.structs.replace(found.recipe, libraries=named))
        for found in (read_manifest(default_artifact()), transformer(), ensemble())
    )
    ensemble_manifest.save(tmp_path, mixed)
    for text in (cards.card(linear), romanized_card(linear), transformer_card(large), ensemble_card(tmp_path)):
        assert "omputed with numpy 1.2.3, x?y?? z?script???a?(b) x?y" in text
    assert "omputed with" not in transformer_card(transformer())


def test_every_card_says_what_becomes_of_languages_without_evidence(folder: Path) -> None:
    for text in (cards.of(default_artifact()), transformer_card(transformer()), ensemble_card(folder)):
        assert "**Every other language is unsupported**, whether the manifest has a record of it or not." in text
        assert "no evidence for `toxicity` goes to review (`without_evidence`)" in text


def test_no_method_and_no_reason_is_cut(tmp_path: Path) -> None:
    long, omitted = "A method, " * 60 + "to its end", "A reason, " * 60 + "to its end"
    manifests = [
        msgspec.structs.replace(
            manifest,
            recipe=msgspec.structs.replace(manifest.recipe, method=long),
            omitted=(Omitted(label="spam", reason=omitted),),
        )
        for manifest in (read_manifest(default_artifact()), transformer(), ensemble())
    ]
    ensemble_manifest.save(tmp_path, manifests[2])
    for text in (cards.card(manifests[0]), transformer_card(manifests[1]), ensemble_card(tmp_path)):
        assert f"{long}; seed 7" in text
        assert f"{omitted}." in text


def test_what_the_card_says_of_windows_is_what_serving_does() -> None:
    assert transformer_cards.WINDOWS == serving._MOST_WINDOWS
    assert transformer_cards.CHARACTERS == serving._MOST_CHARACTERS
    assert "more than 1,008 pieces" in transformer_card(transformer())


def test_a_known_start_is_named_and_an_unknown_one_is_quoted() -> None:
    manifest = transformer()
    minilm = (
        "English encoder with weights of SHA-256 53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    )
    known = msgspec.structs.replace(manifest, recipe=msgspec.structs.replace(manifest.recipe, started_from=minilm))
    assert "Started from all-MiniLM-L6-v2, an English sentence encoder, Apache-2.0" in transformer_card(known)
    assert "**English first.**" in transformer_card(known)
    assert "Started from random weights." in transformer_card(manifest)
    assert "**English first.**" not in transformer_card(manifest)


def test_a_run_that_did_not_end_is_called_so() -> None:
    manifest = transformer()
    assert "did not end" not in transformer_card(manifest)
    early = msgspec.structs.replace(manifest.progress, step=10)
    assert "did not end" in transformer_card(msgspec.structs.replace(manifest, progress=early))


def test_numbers_of_the_ensemble_are_those_of_its_folder(folder: Path) -> None:
    text = ensemble_card(folder)
    for said in (
        "| linear | `aa11` | linear |",
        "| toxicity | 0.731 | 1.252 | -2.013 | 1 |",
        "| toxicity | hatexplain_en | 0.812 | 0.701 | - |",
        "more than 11.7% of its pieces",
        "more than 0.743 apart",
        "47.9% of 19,178 validation rows leave early. 0.42% of all rows",
        "| pt | 854 | 401 (47%) | 3 |",
    ):
        assert said in text
    assert "somewhere" not in text


def test_a_member_that_does_not_know_a_label_has_a_dash(tmp_path: Path) -> None:
    manifest = ensemble()
    head = msgspec.structs.replace(manifest.heads[0], own=(None, manifest.heads[0].own[1]))
    ensemble_manifest.save(tmp_path, ensemble_manifest.sealed(msgspec.structs.replace(manifest, heads=(head,))))
    assert "| toxicity | - | 1.252 | -2.013 | 1 |" in ensemble_card(tmp_path)


def test_an_ensemble_without_exits_says_that_all_texts_reach_it(folder: Path) -> None:
    (folder / EXITS_FILE).unlink()
    assert "every text reaches the ensemble" in ensemble_card(folder)


def test_exits_of_another_ensemble_are_refused(folder: Path) -> None:
    save_exits(folder, exits("other"))
    with pytest.raises(ArtifactError, match=r"fitted for the ensemble other.*weir train"):
        ensemble_card(folder)


def test_damaged_exits_are_refused(folder: Path) -> None:
    (folder / EXITS_FILE).write_text("{")
    with pytest.raises(ArtifactError, match="exit bands"):
        ensemble_card(folder)


def test_shares_come_from_a_report_where_there_is_one(folder: Path) -> None:
    text = ensemble_card(folder, report())
    assert "| all languages | harmful | 90 | 25.1% (20.0% to 30.0%) | 25.1% (20.0% to 30.0%) | - |" in text
    assert "linear.v1 decided 45.7%" in text
    assert without_outcomes(text) == without_outcomes(ensemble_card(folder))


def _earlier(folder: Path, text: str) -> Path:
    path = folder.parent / "ensemble.md"
    path.write_text(text, encoding="utf-8")
    return path


def _report_of(version: str) -> Report:
    found = report()
    system = msgspec.structs.replace(
        found.systems[0], name="cascade", version=f"linear.v1 aa11, ensemble.v1 {version}"
    )
    return msgspec.structs.replace(found, systems=(system,))


def test_shares_of_an_earlier_card_stay_where_they_are_of_the_same_ensemble(folder: Path) -> None:
    measured = ensemble_card(folder, _report_of(ensemble_manifest.load(folder).version))
    earlier = _earlier(folder, measured)
    assert ensemble_card(folder, earlier=earlier) == measured
    assert cards.of(folder, earlier=earlier) == measured
    assert "| 50.0% |" not in measured
    shares = (
        msgspec.structs.replace(report().systems[0].shares[0], act=Figure(value=0.5, low=None, high=None, n=90)),
    )
    newer = msgspec.structs.replace(report().systems[0], shares=shares)
    assert "| 50.0% |" in ensemble_card(folder, msgspec.structs.replace(report(), systems=(newer,)), earlier)


@pytest.mark.parametrize("version", ["bb22", ""])
def test_shares_of_another_ensemble_go_and_the_card_says_what_brings_new_ones(folder: Path, version: str) -> None:
    earlier = _earlier(folder, ensemble_card(folder, _report_of(version)))
    text = ensemble_card(folder, earlier=earlier)
    assert text == ensemble_card(folder)
    assert "| all languages | harmful |" not in text
    assert "`weir evaluate --data DIR --json > report.json`" in text
    assert "`python -m models.training.card FOLDER report.json`" in text


def test_an_earlier_card_without_shares_or_that_cannot_be_read_brings_none(folder: Path, tmp_path: Path) -> None:
    bare = ensemble_card(folder)
    for text in ("", bare, bare.replace("What becomes of items", "Other")):
        assert ensemble_card(folder, earlier=_earlier(folder, text)) == bare
    (tmp_path / "broken.md").write_bytes(b"\xff\xfe")
    for earlier in (tmp_path / "broken.md", tmp_path / "none.md", tmp_path):
        assert ensemble_card(folder, earlier=earlier) == bare


def test_manifests_without_heads_and_figures_give_a_card(tmp_path: Path) -> None:
    bare = msgspec.structs.replace(transformer(), heads=(), metrics=(), sources=(), omitted=())
    mixed = ensemble_manifest.sealed(msgspec.structs.replace(ensemble(), heads=(), metrics=(), omitted=()))
    ensemble_manifest.save(tmp_path, mixed)
    linear = msgspec.structs.replace(read_manifest(default_artifact()), heads=(), metrics=(), omitted=())
    for text in (transformer_card(bare), ensemble_card(tmp_path), cards.card(linear)):
        assert "Labels: none" in text
        assert "No label was measured in any language." in text
        assert "- No label has evidence in any language." in text
        assert "By source: not measured." in text


def test_a_head_without_evidence_names_no_language() -> None:
    head = Head(label="hate", scale=1.0, line=LINE, lines={}, records={"fr": BARE})
    text = transformer_card(msgspec.structs.replace(transformer(), heads=(head,)))
    assert "- `hate`: none. Positives but too little to rely on: none. No positives at all: 1 languages." in text


def _safe(text: str) -> None:
    assert "x?y?? z?script???a?(b)" in text
    for broken in ("x|y", "\n# z", "<script", "[a](b)"):
        assert broken not in text
    widths: list[int] = []
    for line in text.splitlines():
        widths = [*widths, line.count("|")] if line.startswith("|") else []
        assert len(set(widths)) < 2, line


def test_names_in_a_manifest_neither_end_a_cell_nor_begin_a_tag(tmp_path: Path) -> None:
    _safe(transformer_card(transformer(HOSTILE)))
    manifest = ensemble(HOSTILE, HOSTILE)
    ensemble_manifest.save(tmp_path, manifest)
    bad = msgspec.structs.replace(
        exits(manifest.version), lower=HOSTILE, languages={HOSTILE: exits("").languages["pt"]}
    )
    save_exits(tmp_path, bad)
    _safe(ensemble_card(tmp_path))
    linear = read_manifest(default_artifact())
    head = msgspec.structs.replace(linear.heads[0], label=HOSTILE, records={HOSTILE: RECORD})
    hostile: dict[str, object] = {
        "heads": (head,),
        "omitted": (Omitted(label=HOSTILE, reason=HOSTILE),),
        "sources": (msgspec.structs.replace(SOURCE, file=HOSTILE, sha256=HOSTILE),),
        "metrics": _metrics(
            ("validation_auc", HOSTILE, 0.5),
            ("auc_change_by_int8", HOSTILE, 0.5),
            ("harmless_at_half_or_more", "all", 0.5),
            ("harmless_at_half_or_more", HOSTILE, 0.5),
            ("positives_only_at_half_or_more", HOSTILE, 0.5),
        ),
        "version": HOSTILE,
        "data_digest": HOSTILE,
        "recipe": msgspec.structs.replace(
            linear.recipe, method=HOSTILE, evidence_rule=HOSTILE, settings={HOSTILE: 1.0}
        ),
    }
    _safe(cards.card(msgspec.structs.replace(linear, **hostile)))


def test_published_figures_belong_to_sources_and_have_an_address() -> None:
    figures = published.read()
    documented = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    assert len({figure.source for figure in figures}) >= 4
    for figure in figures:
        assert f"| {figure.source} |" in documented
        assert figure.address.startswith("https://")


def test_our_figure_stands_beside_the_published_one_and_is_called_not_comparable() -> None:
    text = published.section(_metrics(("validation_auc", "toxicity/hatexplain_en", 0.8123)))
    assert re.search(r"\| hatexplain_en \| encoder \| BERT \| AUROC \| 0.843 \|.*\| 0.812 \(toxicity\) \|", text)
    assert re.search(r"\| told_br \|.*\| - \(toxicity\) \|", text)
    assert "cannot be compared" in text


@pytest.mark.parametrize(
    "row", ["a\ttoxicity\tsimple\tm\tF1\t1.5\ttest\tx\thttps://a.b/c", "a\ttoxicity\tsimple\tm\tF1\t0.5\ttest\tx\thttp://a",
            "a\ttoxicity\tgiant\tm\tF1\t0.5\ttest\tx\thttps://a.b/c", "a\ttoxicity"],
)  # fmt: skip
def test_a_bad_row_of_published_figures_is_named(tmp_path: Path, row: str) -> None:
    lines = published.FILE.read_text(encoding="utf-8").splitlines()
    head = next(line for line in lines if line.startswith("source\t"))
    (tmp_path / "published.tsv").write_text(f"# comment\n{head}\n{row}\n")
    with pytest.raises(ValueError, match="published figure 1"):
        published.read(tmp_path / "published.tsv")


def test_numbers_of_the_romanized_classifier_are_those_of_its_manifest() -> None:
    manifest = read_manifest(romanized_artifact())
    text = cards.of(romanized_artifact())
    assert text.startswith("# Model card: romanized.v1\n")
    assert f"Version `{manifest.version}`" in text
    for metric in manifest.metrics:
        assert f"| {metric.scope} | {metric.value:.3f} |" in text
    assert all(f"| {source.file} | {source.rows:,} |" in text for source in manifest.sources)
    assert "probability of 0.8" in text
    assert f"less than {language._BEYOND_DOUBT:.0%} sure" in text
    assert "taken for English" not in text  # no command measures how often


def test_a_romanized_manifest_without_figures_or_with_hostile_names_gives_a_card() -> None:
    manifest = read_manifest(romanized_artifact())
    bare = msgspec.structs.replace(manifest, heads=(), metrics=(), sources=())
    assert "AUC: not measured." in romanized_card(bare)
    assert "Languages: none." in romanized_card(bare)
    hostile = msgspec.structs.replace(
        manifest,
        version=HOSTILE,
        heads=(msgspec.structs.replace(manifest.heads[0], label=HOSTILE),),
        metrics=_metrics(("validation_auc", HOSTILE, 0.5)),
        sources=(msgspec.structs.replace(SOURCE, file=HOSTILE, sha256=HOSTILE),),
        data_digest=HOSTILE,
        recipe=msgspec.structs.replace(manifest.recipe, method=HOSTILE, settings={HOSTILE: 1.0}),
    )
    _safe(romanized_card(hostile))


def test_what_the_romanized_card_shows_under_how_to_use_works(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", cards.of(romanized_artifact()), flags=re.S)
    exec(compile(code, "romanized", "exec"), {})  # noqa: S102 - the code is that of our own page
    assert capsys.readouterr().out == "ur-Latn\n"


def test_the_card_of_a_folder_is_printed_by_its_manifest_name(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "transformer").mkdir()
    artifact.write_manifest(tmp_path / "transformer", transformer())
    for place, title in ((folder, "ensemble.v1"), (tmp_path / "transformer", "transformer.v1")):
        assert cards.of(place).startswith(f"# Model card: {title}\n")
    done = subprocess.run(
        [sys.executable, "-m", "models.training.card"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=ROOT,
    )
    assert done.stdout == cards.of(default_artifact())


def test_arguments_that_name_no_artifact_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / MANIFEST_FILE).write_text('{"name": "oracle.v1"}')
    assert cards.main([str(tmp_path)]) == 2
    assert "there are cards of linear.v1, transformer.v1, ensemble.v1, romanized.v1" in capsys.readouterr().err
    assert cards.main([str(tmp_path / "nowhere")]) == 2
    assert "give the folder of an artifact" in capsys.readouterr().err


def test_a_report_is_read_from_a_file(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "report.json").write_bytes(report().to_json())
    assert cards.main([str(folder), str(tmp_path / "report.json")]) == 0
    assert "| all languages | harmful | 90 |" in capsys.readouterr().out


def _small_transformer(folder: Path) -> None:
    words = [f"{a}{b} {c}" for a in "bcdfghjklm" for b in ("ana", "ero", "iku") for c in ("house", "river", "donkey")]
    tokenizer = train_vocabulary(words, 320, 1)
    shape = Shape(pieces=tokenizer.size, width=16, layers=1, heads=2, inner=16, positions=16)
    torch.manual_seed(0)
    manifest = msgspec.structs.replace(transformer(), shape=shape)
    artifact.save(folder, manifest, Network(shape, manifest.labels), tokenizer)


def _ensemble_of(linear: Path, version: str, folder: Path) -> None:
    manifest = ensemble()
    members = (MemberEntry(kind="linear", path="../linear", version=version),)
    head = msgspec.structs.replace(
        manifest.heads[0], mix=Mix(slopes=(1.0,), offset=0.0), mixes={}, own=manifest.heads[0].own[:1]
    )
    found = msgspec.structs.replace(manifest, members=members, heads=(head,))
    ensemble_manifest.save(folder, ensemble_manifest.sealed(found))
    assert (folder.parent / "linear").samefile(linear)


def test_what_each_card_shows_under_how_to_use_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "linear").symlink_to(default_artifact())
    _small_transformer(tmp_path / "transformer")
    _ensemble_of(default_artifact(), read_manifest(default_artifact()).version, tmp_path / "ensemble")
    monkeypatch.setattr(models.artifacts, "default_artifact", lambda: tmp_path / "linear")
    for name in ("linear", "transformer", "ensemble"):
        (code,) = re.findall(r"```python\n(.*?)```", cards.of(tmp_path / name), flags=re.S)
        exec(compile(code, name, "exec"), {})  # noqa: S102 - the code is that of our own page
        assert "toxicity" in capsys.readouterr().out


def test_cards_are_the_same_each_time(folder: Path) -> None:
    manifest: Manifest = read_manifest(default_artifact())
    assert cards.card(manifest) == cards.card(manifest)
    assert ensemble_card(folder) == ensemble_card(folder)
