"""What a report says of invented classifiers on a handful of rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
import pytest

from models.classifier import Scores
from models.errors import DataError
from models.evaluate import compare, evaluate
from models.evaluation.baseline import baseline
from models.evaluation.probes import Probes
from models.evaluation.report import Cell, Report
from models.evaluation.rows import Rows
from models.evaluation.scored import Scored, System, of_classifier
from models.thresholds import Thresholds
from models.training.data import Row

LIMITS = {"toxicity": Thresholds(review_from=0.3, act_from=0.8, review_without_evidence=True)}


@dataclass
class Digits:
    """Scores a text by the number it begins with; no evidence in ``blind`` languages. One word is of no language."""

    blind: tuple[str, ...] = ()
    sign: float = 1.0
    labels: tuple[str, ...] = ("toxicity",)
    name: str = "digits"
    version: str = "1"
    tags: set[str] = field(default_factory=set)

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        self.tags |= set(languages)
        values = np.array([float(text.split()[0]) for text in texts], np.float32).reshape(-1, 1)
        known = np.array([tag not in self.blind for tag in languages], np.bool_).reshape(-1, 1)
        shape = (1, len(self.labels))
        return Scores(np.tile(values if self.sign > 0 else 1 - values, shape), np.tile(known, shape))


def _row(score: float, toxic: int | None, lang: str = "en", source: str = "s", *, weak: int = 0) -> Row:
    labels = {"toxicity": toxic}
    return msgspec.convert(
        {"text": f"{score} x", "lang": lang, "labels": labels, "source": source, "split": "validation", "weak": weak},
        Row,
    )


def _cells(report: Report, at: int = 0) -> dict[str, Cell]:
    return {cell.language: cell for cell in report.systems[at].cells}


ROWS = [_row(0.9, 1), _row(0.5, 1), _row(0.1, 1), _row(0.85, 0), _row(0.4, 0), _row(0.2, 0), _row(0.05, 0)]


def test_a_cell_follows_from_thresholds_and_truth() -> None:
    cell = _cells(evaluate(Digits(), ROWS, thresholds=LIMITS, bootstrap=20))["en"]
    assert (cell.rows, cell.positives, cell.negatives) == (7, 3, 4)
    values = {name: getattr(cell, name) for name in ("recall_seen", "benign_in_review", "fpr_at_act", "f1_at_act")}
    assert {name: found.value for name, found in values.items()} == {
        "recall_seen": pytest.approx(2 / 3, abs=1e-5),  # .9 acts, .5 is reviewed, .1 is missed
        "benign_in_review": 0.25,  # .4; .85 is acted on
        "fpr_at_act": 0.25,  # .85
        "f1_at_act": pytest.approx(2 / 5),
    }
    assert [values[name].n for name in ("recall_seen", "benign_in_review", "fpr_at_act", "f1_at_act")] == [3, 4, 4, 7]
    assert sum(point.n for point in cell.reliability) == 7


def test_the_shipped_threshold_is_told_with_recall_and_precision_and_their_intervals() -> None:
    cell = _cells(evaluate(Digits(), [*ROWS, _row(0.95, 1)], thresholds=LIMITS, bootstrap=200))["en"]
    recall, precision = cell.recall_at_act, cell.precision_at_act
    assert recall is not None
    assert precision is not None
    assert (recall.value, recall.n) == (0.5, 4)  # .9 and .95 of four
    assert (precision.value, precision.n) == (pytest.approx(2 / 3, abs=1e-5), 3)  # .85 is none
    for found in (recall, precision):
        assert found.low is not None
        assert found.high is not None
        assert found.low < found.value < found.high


def test_what_is_not_acted_on_has_no_precision_and_nothing_is_without_evidence() -> None:
    for digits, rows in ((Digits(), [_row(0.5, 1), _row(0.1, 0)]), (Digits(blind=("und",)), ROWS)):
        cell = _cells(evaluate(digits, rows, thresholds=LIMITS, bootstrap=20))["en"]
        assert cell.precision_at_act is None
        assert cell.recall_at_act is not None
        assert cell.recall_at_act.value == 0


def test_languages_of_variants_are_one_and_all_comes_first() -> None:
    rows = [*ROWS, _row(0.7, 1, "pt-BR"), _row(0.2, 0, "pt")]
    report = evaluate(Digits(), rows, bootstrap=5)
    assert [cell.language for cell in report.systems[0].cells] == ["all", "en", "pt"]


def test_weak_rows_count_as_harmless_sentences_only() -> None:
    weak = [_row(0.9, 0, "sw", weak=1), _row(0.1, 0, "sw", weak=1), _row(0.5, 1, "en", weak=1)]
    system = evaluate(Digits(), [*ROWS, *weak], thresholds=LIMITS, bootstrap=5).systems[0]
    assert [(cell.language, cell.rows) for cell in system.cells] == [("all", 7), ("en", 7)]
    found = [(cell.language, cell.rows, cell.at_review.value) for cell in system.benign if cell.at_review]
    assert found == [("all", 2, 0.5), ("sw", 2, 0.5)]
    assert {share.language: share.rows for share in system.shares if share.harmful} == {"all": 3, "en": 3}


def test_unknown_labels_leave_a_row_out() -> None:
    assert _cells(evaluate(Digits(), [*ROWS, _row(0.99, None)], bootstrap=5))["all"].rows == 7


def test_pairs_across_sources_count_in_the_plain_auc_only() -> None:
    rows = [_row(0.9, 1, source="a"), _row(0.8, 0, source="a"), _row(0.3, 1, source="b"), _row(0.2, 0, source="b")]
    cell = _cells(evaluate(Digits(), rows, bootstrap=5))["all"]
    assert cell.auc is not None
    assert cell.auc_plain is not None
    assert (cell.auc.value, cell.auc_plain.value) == (1.0, 0.75)
    sources = evaluate(Digits(), rows, bootstrap=5).systems[0].sources
    assert [(each.source, each.rows) for each in sources] == [("a", 2), ("b", 2)]


def test_without_evidence_nothing_acts_and_the_policy_says_who_looks() -> None:
    for looks, share in ((True, 1.0), (False, 0.0)):
        limits = {"toxicity": Thresholds(review_from=0.3, act_from=0.8, review_without_evidence=looks)}
        report = evaluate(Digits(blind=("und",)), ROWS, thresholds=limits, bootstrap=5)
        cell = _cells(report)["en"]
        assert cell.recall_seen is not None
        assert cell.benign_in_review is not None
        assert (cell.recall_seen.value, cell.benign_in_review.value, cell.evidence) == (share, share, 0.0)
        assert all(each.act is not None and each.act.value == 0 for each in report.systems[0].shares)


def test_one_class_alone_has_no_measures_that_need_both() -> None:
    cell = _cells(evaluate(Digits(), [row for row in ROWS if row.labels["toxicity"]], bootstrap=5))["en"]
    assert (cell.auc, cell.average_precision, cell.ece, cell.fpr_at_act) == (None, None, None, None)
    assert cell.recall_seen is not None


def test_the_lead_is_paired_so_a_system_leads_itself_by_nothing_at_all() -> None:
    systems = [
        of_classifier(Digits()),
        of_classifier(Digits(), "compared"),
        of_classifier(Digits(sign=-1), "compared"),
    ]
    report = compare(systems, Rows.of(ROWS), bootstrap=50)
    same, opposite = (_cells(report, at)["en"].lead for at in (1, 2))
    assert same is not None
    assert (same.value, same.low, same.high) == (0, 0, 0)
    first = _cells(report)["en"]
    assert first.auc is not None
    assert opposite is not None
    assert opposite.value == pytest.approx(2 * first.auc.value - 1, abs=1e-4)
    assert first.lead is None


def test_rows_come_back_in_their_order_whatever_order_they_are_scored_in() -> None:
    rows = [_row(score, int(score > 0.5), lang="en") for score in (0.9, 0.123456, 0.8, 0.1)]
    scored = of_classifier(Digits()).score([row.text for row in rows], [row.lang for row in rows])
    assert scored.probabilities[:, 0] == pytest.approx([0.9, 0.123456, 0.8, 0.1])


def test_every_system_is_given_the_language_that_is_detected_and_results_are_told_apart_by_that_of_the_data() -> None:
    said = "we are all going to the park today"
    rows = [
        msgspec.structs.replace(_row(score, toxic, "de"), text=f"{score} {said}") for score, toxic in ((1, 1), (0, 0))
    ]
    probes = Probes([FakeProbe(f"0.1 {said}", "fr", False)], [FakeProbe(f"0.1 {said}", "fr", True)])
    first, second = Digits(), Digits()
    report = compare(
        [of_classifier(first), of_classifier(second, "compared")], Rows.of(rows), bootstrap=0, probes=probes
    )
    assert first.tags == second.tags == {"en"}
    assert [cell.language for cell in report.systems[1].cells] == ["all", "de"]
    assert [cell.language for cell in report.systems[1].insults] == ["all", "fr"]


@pytest.mark.parametrize(
    ("labels", "harm"),
    [
        ({"toxicity": 0}, 0),
        ({"toxicity": 0, "hate": None, "spam": 0}, 0),
        ({"toxicity": 0, "hate": 1}, 1),
        ({"toxicity": None, "spam": 1}, 1),
        ({"toxicity": None, "spam": 0}, 0),
        ({"spam": 0}, 0),
        ({"toxicity": None, "hate": 0}, -1),
        ({"hate": 0, "spam": 0}, -1),
        ({"toxicity": None}, -1),
        ({}, -1),
    ],
)
def test_an_item_is_harmless_only_where_it_is_known_to_be(labels: dict[str, int | None], harm: int) -> None:
    row = msgspec.structs.replace(_row(0.5, 0), labels=labels)
    assert Rows.of([row]).harm().tolist() == [harm]


def test_shares_of_levels_and_what_rules_notice_are_told() -> None:
    noticed = np.array([[False], [False], [True], [False]])

    def score(texts: Sequence[str], languages: Sequence[str]) -> Scored:
        plain = Scored.plain(np.array([[0.9], [0.1], [0.1], [0.1]]), np.ones((4, 1), np.bool_))
        return Scored(plain.probabilities, plain.evidence, noticed, plain.noticed_otherwise, ("a", "a", "a", "b"))

    rows = [_row(0, 1), _row(0, 1), _row(0, 1), _row(0, 0)]
    report = compare(
        [System("evaluated", "s", "1", ("toxicity",), score)], Rows.of(rows), thresholds=LIMITS, bootstrap=5
    )
    system = report.systems[0]
    assert [(level.level, level.share) for level in system.levels] == [("a", 0.75), ("b", 0.25)]
    assert system.cells[0].recall_seen is not None
    assert system.cells[0].recall_seen.value == pytest.approx(2 / 3, abs=1e-5)


@dataclass(frozen=True)
class FakeProbe:
    text: str
    lang: str
    harmful: bool
    kind: str = "any"


def test_probes_tell_false_alarms_on_groups_and_languages_that_mean_harmless() -> None:
    groups = [FakeProbe("0.9 we", "en", False), FakeProbe("0.1 we", "en", False), FakeProbe("0.9 hate", "en", True)]
    insults = [FakeProbe(f"{score} you", "de", score > 0.15) for score in (0.1, 0.11, 0.2, 0.3)]
    insults += [FakeProbe("0.01 you", "fi", harmful) for harmful in (True, False)]
    system = compare(
        [of_classifier(Digits())], Rows.of(ROWS), thresholds=LIMITS, bootstrap=20, probes=Probes(groups, insults)
    ).systems[0]
    identity = {cell.language: cell for cell in system.identity}
    assert identity["en"].at_act is not None
    assert (identity["en"].at_act.value, identity["en"].at_act.n) == (0.5, 2)
    assert identity["en"].times_act == pytest.approx(0.5 / 0.25)
    aucs = {cell.language: cell.auc.value for cell in system.insults if cell.auc}
    assert aucs["de"] == 1.0
    assert aucs["fi"] == 0.5


def test_a_report_survives_its_own_json() -> None:
    report = evaluate(Digits(), ROWS, thresholds=LIMITS, bootstrap=5)
    assert msgspec.json.decode(report.to_json(), type=Report) == report


def test_the_baseline_learns_from_its_rows_and_says_what_it_would_need() -> None:
    words = ("lovely", "snarlpox")
    rows = Rows.of(
        Row(
            text=f"{words[n % 2]} thing {n}",
            lang="en",
            labels={"toxicity": 1 if n % 2 else 0},
            source="s",
            split="train",
        )
        for n in range(200)
    )
    system = baseline(rows, ("toxicity", "spam"))
    good, bad = system.score(["a lovely day", "a snarlpox day"], ["en", "en"]).probabilities[:, 0]
    assert system.labels == ("toxicity",)
    assert good < 0.3 < 0.7 < bad
    assert system.score([], []).probabilities.shape == (0, 1)
    with pytest.raises(DataError, match="split `train`"):
        baseline(Rows.of([]), ("toxicity",))
