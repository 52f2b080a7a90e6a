"""``weir train`` as its users run it: the small path through the transformer, and what is refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from models.artifacts import default_artifact
from models.classifiers.transformer import TransformerClassifier
from stream_app import cli, training
from stream_app.training import Plan, reads_the_start

WORDS = ("old", "house", "near", "river", "rooms", "guests", "summer", "garden", "letter", "window", "bread", "door")


def _rows() -> str:
    rows = []
    for n in range(700):
        words = [WORDS[n % 12], WORDS[n * 5 % 11], ("sunny", "grumpf")[n % 2], WORDS[n * 7 % 9], f"number {n % 30}"]
        split = "train" if n < 620 else "validation"
        row = {"text": " ".join(words), "lang": "en", "labels": {"toxicity": n % 2}, "source": "own", "split": split}
        rows.append(json.dumps(row))
    return "\n".join(rows)


def test_a_miniature_is_trained_with_its_card(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.jsonl").write_text(_rows())
    options = ("--data", "data", "--only", "transformer", "--miniature", "--out", "out", "--cards", "cards")
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", "train", *options, "--device", "cpu"],
        cwd=tmp_path, capture_output=True, text=True, timeout=580, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    classifier = TransformerClassifier.load(tmp_path / "out" / "transformer", device="cpu")
    assert done.stdout == f"transformer.v1 {classifier.version} -> out/transformer\n"
    assert "fine-tuning: step 150 of 150" in done.stderr
    assert "toxicity" in (tmp_path / "cards" / "transformer.md").read_text()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["transformer"]
    bad, good = classifier.score(["old grumpf house", "old sunny house"], ["en", "en"]).probabilities[:, 0]
    assert bad > good + 0.3


def test_bad_rows_are_listed_once_by_file_and_line_and_the_rest_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rows.jsonl").write_text(_rows() + "\nbroken" * 103)
    said: list[str] = []
    monkeypatch.setattr(training.Screen, "say", lambda _, line: said.append(line))
    built = dict.fromkeys(training.PARTS, lambda plan, _: str(plan.fresh_seed))
    monkeypatch.setattr(training, "_BUILDERS", built)
    plan = Plan(
        data=tmp_path, out=tmp_path / "out", start="random", resume=False, more_steps=0, miniature=False, cards=None,
        seed=None, limit=None, device="cpu",
    )  # fmt: skip
    assert list(training.build(plan, training.PARTS)) == ["7"] * 4
    bad = [line for line in said if line.startswith("bad row")]
    assert len(bad) == 101
    assert bad[0].startswith("bad row refused: rows.jsonl, line 701: ")
    assert bad[-1] == "bad rows refused: 3 more"


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "no data": ((), "--data"),
    "a folder that is not there": (("--data", "absent"), "docs/data.md"),
    "an empty folder": (("--data", "empty", "--only", "transformer", "--miniature"), r"no *.jsonl"),
    "too few rows": (("--data", "few", "--only", "transformer", "--miniature"), "300 annotated rows"),
    "an unknown part": (("--data", "few", "--only", "oracle"), "linear, romanized, transformer, ensemble"),
    "nothing to resume": (("--data", "full", "--only", "transformer", "--miniature", "--resume"), "cannot read"),
    "a start without weights": (("--data", "full", "--only", "transformer", "--start", "empty"), "model.safetensors"),
    "a start without weights, with parts to build before": (
        ("--data", "full", "--start", "empty"),
        "model.safetensors",
    ),
    "an unknown device": (("--data", "full", "--device", "abacus"), "abacus"),
    "a setting without a value": (("--data", "full", "--set", "gold_share"), "NAME=NUMBER"),
    "a setting that is no number": (("--data", "full", "--set", "gold_share=inf"), "finite"),
    "an unknown setting": (("--data", "full", "--set", "silver_share=1"), "gold_share"),
    "steps that are no number": (("--data", "full", "--more-steps", "-1"), "more-steps"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_use_is_one_message_and_status_2(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, rows in (("empty", ""), ("few", "\n".join(_rows().splitlines()[::20])), ("full", _rows())):
        (tmp_path / name).mkdir()
        if rows:
            (tmp_path / name / "rows.jsonl").write_text(rows)
    arguments, message = WRONG[kind]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["weir", "train", *arguments, "--out", "out"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("resume", "miniature", "expected"), [(True, False, False), (False, False, True), (False, True, False)]
)
def test_a_run_that_is_past_pre_training_needs_no_encoder_to_start_from(
    resume: bool, miniature: bool, expected: bool
) -> None:
    plan = Plan(
        data=Path("data"), out=None, start="minilm", resume=resume, more_steps=0, miniature=miniature, cards=None,
        seed=7, limit=None, device="cpu",
    )  # fmt: skip
    assert reads_the_start(plan, default_artifact().parent / "transformer") is expected
