"""``weir evaluate`` as its users run it, and the page made of its report."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from models.artifacts import default_artifact


def run(*arguments: str | Path, module: str = "stream_app") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def weir(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run("evaluate", "--bootstrap", "10", *arguments)


def linear(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The first level alone, where it does not matter what is evaluated: it is many times faster."""
    return weir("--artifact", default_artifact(), *arguments)


def _row(text: str, toxic: int, split: str, lang: str = "en", weak: int = 0) -> str:
    row = {"text": text, "lang": lang, "labels": {"toxicity": toxic}, "source": "own", "split": split, "weak": weak}
    return json.dumps(row) + "\n"


def _rows(split: str, count: int = 60) -> str:
    words = ("you are a lovely person", "you are a stupid idiot")
    return "".join(_row(f"{words[n % 2]} number {n}", n % 2, split) for n in range(count))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own.jsonl"
    path.write_text(_rows("train") + _rows("validation", 40) + _row("habari ya asubuhi", 0, "validation", "sw", 1))
    return path


def test_the_shipped_cascade_stands_beside_the_baseline_and_another_artifact(file: Path) -> None:
    done = weir("--data", file, "--compare", default_artifact(), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [system["role"] for system in report["systems"]] == ["evaluated", "compared", "baseline"]
    assert [system["name"] for system in report["systems"]] == ["cascade", "linear.v1", "n-gram baseline"]
    cascade, artifact, baseline = report["systems"]
    assert sum(level["share"] for level in cascade["levels"]) == pytest.approx(1)
    for system in report["systems"]:
        cell = next(cell for cell in system["cells"] if (cell["label"], cell["language"]) == ("toxicity", "en"))
        assert (cell["rows"], cell["auc"]["value"]) == (40, 1.0)
    assert artifact["cells"][0]["lead"]["n"] == 40
    assert baseline["insults"]
    assert {"commit", "command", "cpu"} <= report["made"].keys()
    assert 0 < report["thresholds"]["toxicity"]["review_from"] < report["thresholds"]["toxicity"]["act_from"] < 1


def test_tables_name_labels_languages_and_the_baseline(file: Path) -> None:
    done = weir("--data", file, "--artifact", default_artifact())
    assert done.returncode == 0, done.stderr
    for part in ("toxicity", "n-gram baseline", "20 / 20", "insults against neutral words"):
        assert part in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 160


def test_the_baseline_may_learn_from_other_files(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text(_rows("train"))
    (tmp_path / "check.jsonl").write_text(_rows("validation"))
    alone = linear("--data", tmp_path / "check.jsonl")
    assert alone.returncode == 2
    assert "--train" in alone.stderr
    assert "--no-baseline" in alone.stderr
    assert linear("--data", tmp_path / "check.jsonl", "--no-baseline").returncode == 0
    both = linear(
        "--data", tmp_path / "check.jsonl", "--train", tmp_path / "train.jsonl", "--json", "--baseline-rows", "50"
    )
    assert both.returncode == 0, both.stderr
    assert json.loads(both.stdout)["systems"][1]["version"].startswith("50 rows")


def test_bad_rows_are_listed_and_the_rest_is_measured(file: Path) -> None:
    with file.open("a") as more:
        more.write('{"text": ""}\nnot json\n')
    done = linear("--data", file, "--no-baseline", "--json")
    assert done.returncode == 1
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == ["own.jsonl:102", "own.jsonl:103"]
    report = json.loads(done.stdout)
    assert (report["rows"], report["bad_rows"]) == (41, 2)


def test_several_files_follow_one_option(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text(_rows("validation", 20))
    done = linear("--no-baseline", "--json", "--data", tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    assert json.loads(done.stdout)["rows"] == 40


def test_rows_of_any_split_or_of_none_are_evaluated(tmp_path: Path, file: Path) -> None:
    without = _row("and one more", 0, "x").replace(', "split": "x"', "")
    (tmp_path / "held.jsonl").write_text(_rows("test", 30) + without)
    for split, rows, note in (
        ("test", 30, ["Rows of the split test were evaluated, not those of validation."]),
        ("all", 31, ["Rows of every split were evaluated, not those of validation alone."]),
    ):
        done = linear("--data", tmp_path / "held.jsonl", "--train", file, "--split", split, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        report = json.loads(done.stdout)
        assert (report["rows"], report["bad_rows"], report["notes"]) == (rows, 0, note)
    none = linear("--data", tmp_path / "held.jsonl", "--no-baseline")
    assert none.returncode == 2
    assert "--split takes these of this data: test, or all (1 rows name none)" in none.stderr


def test_the_baseline_learns_from_no_test_split(tmp_path: Path, file: Path) -> None:
    with file.open("a") as more:
        more.write(_row("held out", 1, "test"))
    same = linear("--data", file, "--json")
    assert (same.returncode, json.loads(same.stdout)["systems"][1]["version"]) == (0, "60 rows, seed 0")
    other = linear("--data", file, "--train", file, "--json")
    assert other.returncode == 1
    assert "own.jsonl:102: split must be train or validation, not 'test'" in other.stderr


def test_what_cannot_be_evaluated_is_wrong_use(tmp_path: Path, file: Path) -> None:
    empty, folder = tmp_path / "empty.jsonl", tmp_path / "folder"
    empty.write_text("")
    folder.mkdir()
    for arguments, named in (
        (("--data", tmp_path / "absent"), "absent"),
        (("--data", empty), "holds no row"),
        (("--data", folder), "docs/data.md"),
        (("--data", file, "--split", "test"), "--split takes these of this data: train, validation, or all"),
        (("--data", file, "--artifact", folder), "manifest.json"),
        (("--data", file, "--compare", folder), "--compare"),
        (("--data", file, "--artifact", folder, "--cascade", empty), "--cascade"),
        (("--data", file, "--device", "abacus"), "cuda"),
        (("--data", file, "--no-baseline", "--without", "own"), "sources: own"),
        (("--data", file, "--no-baseline", "--without", "typo"), "sources: own"),
    ):
        done = weir(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), (arguments, done.stderr)
        assert named in done.stderr
        assert "Traceback" not in done.stderr


def test_a_source_may_be_left_out_and_the_report_says_so(file: Path) -> None:
    with file.open("a") as more:
        more.write(_row("more", 0, "validation").replace('"own"', '"other"'))
    report = json.loads(linear("--data", file, "--no-baseline", "--without", "own", "--json").stdout)
    assert (report["rows"], report["notes"]) == (1, ["Left out: own."])


def test_nothing_from_the_data_steers_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b[2J[red]"
    rows = "".join(_row(f"{('fine', 'stupid idiot')[n % 2]} {n}", n % 2, "validation", evil) for n in range(20))
    (tmp_path / "a\x1b[2J.jsonl").write_text(rows + "{}\n")
    done = linear("--data", tmp_path, "--no-baseline")
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr
    assert "[red]" in done.stdout


def test_the_page_says_what_was_measured_and_what_falls_short(tmp_path: Path, file: Path) -> None:
    done = weir("--data", file, "--json")
    report = tmp_path / "report.json"
    report.write_text(done.stdout)
    page = run(report, module="models.training.quality")
    assert page.returncode == 0, page.stderr
    text = page.stdout
    assert str(tmp_path) not in text
    assert "`weir evaluate --bootstrap 10 --data own.jsonl --json`" in text
    for heading in (
        "## What falls short",
        "## toxicity",
        "## Items",
        "## Harmless sentences",
        "## Sentences about groups",
    ):
        assert heading in text
    assert "| en | 20 / 20 | 1.000 (1.000 to 1.000) | 1.000" in text


def test_a_page_is_not_made_of_anything_else(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    for path in (tmp_path / "x.json", tmp_path / "absent.json"):
        done = run(path, module="models.training.quality")
        assert (done.returncode, done.stdout) == (2, "")
        assert "weir evaluate --json" in done.stderr
        assert "Traceback" not in done.stderr
