"""The report and the page say how far the group alone moves the score of a sentence."""

from collections.abc import Sequence

import msgspec
import numpy as np

from models.evaluate import compare
from models.evaluation.probes import Probes
from models.evaluation.report import Report
from models.evaluation.rows import Rows
from models.evaluation.scored import Scored, System
from models.probes.probes import Swap
from models.thresholds import Thresholds
from models.training.data import Row
from models.training.quality import page

ROWS = [
    Row(text="bad one", lang="en", labels={"hate": 1}, source="own", split="validation"),
    Row(text="fine", lang="en", labels={"hate": 0}, source="own", split="validation"),
]
SWAPS = [Swap(frame.format(group), "en", frame, group) for frame in ("{} read.", "{} sing.") for group in "ab"]


def _system(role: str, bias: float) -> System:
    def score(texts: Sequence[str], languages: Sequence[str]) -> Scored:
        found = np.array([[0.9 if "bad" in text else 0.1 + bias * text.startswith("b ")] for text in texts])
        return Scored.plain(found.reshape(-1, 1), np.ones((len(texts), 1), np.bool_))

    return System(role, f"{role}.v1", "1", ("hate",), score)


def test_the_gap_between_groups_is_in_the_report_and_on_the_page() -> None:
    systems = [_system("evaluated", 0.3), _system("compared", 0.0)]
    probes = Probes(identity=(), insults=(), swaps=SWAPS)
    limits = {"hate": Thresholds(review_from=0.3, act_from=0.9)}
    found = compare(systems, Rows.of(ROWS), thresholds=limits, bootstrap=0, probes=probes)
    report = msgspec.json.decode(found.to_json(), type=Report)
    assert report.systems[0].swaps == found.systems[0].swaps
    assert [(gap.language, gap.changed) for gap in report.systems[0].swaps] == [("en", 1.0)]
    assert "| hate | en | 2 / 2 | 0.300 | b / a | 1.000 | 0.000 |" in page(report)
