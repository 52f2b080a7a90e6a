"""The results page holds what was measured, and names from data cannot break out of its tables."""

import msgspec

from models.evaluation.report import Cell, Figure, LevelShare, Report, SystemReport
from models.thresholds import Thresholds
from models.training.quality import page


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
    assert "Labels of the policy that nothing here scores: self_harm." in text
    assert "linear.v1 decided 100.0%" in text
