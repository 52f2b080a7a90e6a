"""The results page holds what was measured, and names from data cannot break out of its tables."""

import json
from pathlib import Path

import msgspec
import pytest

from models.evaluation.report import Cell, Figure, LevelShare, Point, Report, SystemReport
from models.thresholds import Thresholds
from models.training.quality import page

ROOT = Path(__file__).resolve().parents[2]


def _report(language: str, command: str = "weir evaluate") -> Report:
    figure = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 30}
    fields = {name: figure for name in Cell.__struct_fields__ if Cell.__annotations__[name] == (Figure | None)}
    sizes = {"rows": 30, "positives": 10, "negatives": 20, "evidence": 1.0, "reliability": []}
    cell = msgspec.convert({"label": "toxicity", "language": language, "source": "all", **sizes, **fields}, Cell)
    system = SystemReport(
        role="evaluated",
        name="cascade",
        version="1",
        texts_per_second=1.0,
        cells=(cell,),
        sources=(),
        benign=(),
        shares=(),
        levels=(LevelShare(level="linear.v1", share=1.0),),
        identity=(),
        insults=(),
    )
    limits = {"toxicity": Thresholds(), "self_harm": Thresholds()}
    made: dict[str, str | int | float] = {"cpu": "x", "command": command}
    return Report(rows=30, weak_rows=0, bootstrap=5, seed=0, thresholds=limits, systems=(system,), made=made)


def test_names_from_data_neither_end_a_cell_nor_begin_a_tag() -> None:
    text = page(_report("e|n<script>`\n# x"))
    assert "| e?n?script?" in text
    assert "<script" not in text
    assert "\n# x" not in text


def test_folders_of_the_machine_stay_out() -> None:
    command = "weir evaluate --data /home/me/data --artifact=/srv/a/linear --compare own/linear"
    assert "`weir evaluate --data data --artifact=linear --compare own/linear`" in page(_report("en", command))


def test_a_figure_stands_with_its_interval_and_a_label_without_scores_is_named() -> None:
    text = page(_report("en"))
    assert "| en | 10 / 20 | 0.500 (0.400 to 0.600) |" in text
    assert "| positives acted on | precision of acting |" in text
    assert "Labels of the policy that nothing here scores: self_harm." in text
    assert "linear.v1 decided 100.0%" in text


def test_reliability_is_told_for_all_and_for_each_language_with_many_rows() -> None:
    report = _report("all")
    (overall,) = report.systems[0].cells
    points = (Point(stated=0.014, observed=0.004, n=500), Point(stated=0.9, observed=1.0, n=1500))
    overall = msgspec.structs.replace(overall, rows=2000, reliability=points)
    cells = [overall] + [
        msgspec.structs.replace(overall, language=tag, rows=rows, reliability=points[:many])
        for tag, rows, many in (("de", 1000, 1), ("en", 999, 2))
    ]
    system = msgspec.structs.replace(report.systems[0], cells=tuple(cells))
    text = page(msgspec.structs.replace(report, systems=(system,)))
    table = text.partition("Reliability")[2].partition("\n\n")[2].partition("\n\n")[0]
    assert table.splitlines() == [
        "| language | 1 | 2 |",
        "| --- | --- | --- |",
        "| all | .01 / .00 / 500 | .90 / 1.00 / 1500 |",
        "| de | .01 / .00 / 500 |  |",
    ]


@pytest.mark.parametrize("name", ["linear", "transformer", "ensemble"])
def test_the_page_is_of_the_artifacts_that_are_shipped(name: str) -> None:
    """After a training: ``weir evaluate --json``, then ``python -m models.training.quality``."""
    made = json.loads((ROOT / "models" / "shipped" / name / "manifest.json").read_text())
    page = (ROOT / "docs" / "results" / "quality.md").read_text()
    measured = [line for line in page.splitlines() if line.startswith(("- evaluated: ", "- compared: "))]
    assert any(f"{made['name']} {made['version']}" in line for line in measured)
