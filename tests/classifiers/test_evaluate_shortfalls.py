"""What falls short is said by rules, each with the cases it was applied to."""

import msgspec.structs

from models.evaluation.report import Cell, Figure, Identity, Report, Share, SystemReport
from models.evaluation.shortfalls import Shortfall, median_lead, shortfalls

NONE = dict.fromkeys(
    (name for name in Cell.__struct_fields__ if Cell.__annotations__[name] == (Figure | None)),
)


def _cell(language: str, rows: int = 2000, source: str = "all", **measures: float) -> Cell:
    figures = {name: Figure(value=value, low=None, high=None, n=rows) for name, value in measures.items()}
    sizes = {"rows": rows, "positives": rows // 2, "negatives": rows // 2}
    fields = NONE | figures | sizes | {"evidence": 1.0, "reliability": ()}
    return Cell(label="toxicity", language=language, source=source, **fields)  # type: ignore[arg-type] # fields by name


def _system(*cells: Cell, role: str = "evaluated", name: str = "x") -> SystemReport:
    return SystemReport(
        role=role,
        name=name,
        version="1",
        texts_per_second=1.0,
        cells=tuple(cell for cell in cells if cell.source == "all"),
        sources=tuple(cell for cell in cells if cell.source != "all"),
        benign=(),
        shares=(),
        levels=(),
        identity=(),
        insults=(),
    )


def _found(*systems: SystemReport) -> dict[str, Shortfall]:
    report = Report(rows=1, weak_rows=0, bootstrap=0, seed=0, thresholds={}, systems=systems)
    return {found.rule: found for found in shortfalls(report)}


def _rule(found: dict[str, Shortfall], begins: str) -> Shortfall:
    (only,) = (each for rule, each in found.items() if rule.startswith(begins))
    return only


def test_the_edge_itself_is_met_and_what_is_beyond_is_named_worst_first() -> None:
    cells = [_cell("de", recall_seen=0.8), _cell("en", recall_seen=0.79), _cell("tr", recall_seen=0.5)]
    rule = _rule(_found(_system(*cells)), "positives seen")
    assert (rule.cases, rule.broken) == (3, ("toxicity tr 0.500", "toxicity en 0.790"))


def test_few_rows_are_no_case() -> None:
    found = _found(_system(_cell("de", rows=400, recall_seen=0.1, ece=0.5, fpr_at_act=0.5)))
    assert {rule.cases for rule in found.values()} == {0}


def test_every_measure_has_its_rule() -> None:
    cells = [_cell("all", ece=0.051), _cell("de", ece=0.081, benign_in_review=0.26, fpr_at_act=0.006)]
    found = _found(_system(*cells))
    assert _rule(found, "ECE of a label").broken == ("toxicity 0.051",)
    assert _rule(found, "ECE at most .08").broken == ("toxicity de 0.081",)
    assert _rule(found, "negatives in review").broken == ("toxicity de 0.260",)
    assert _rule(found, "negatives at act_from").broken == ("toxicity de 0.006",)


def test_systems_beside_are_compared_by_source_and_by_language() -> None:
    baseline = _system(_cell("all", source="s", lead=-0.011), role="baseline")
    other = _system(
        *(_cell(tag, lead=lead) for tag, lead in (("de", -0.006), ("en", 0.02), ("tr", 0.03))), role="compared"
    )
    found = _found(_system(), baseline, other)
    assert _rule(found, "AUC at most .01 below").broken == ("toxicity s -0.011",)
    assert _rule(found, "AUC at most .005 below").broken == ("toxicity de -0.006",)
    assert _rule(found, "AUC of linear at most .01 below").cases == 0
    assert median_lead("toxicity", other) == (0.02, 3)
    assert median_lead("spam", other) is None


def test_any_rate_is_too_much_where_no_negative_is_flagged() -> None:
    def identity(rate: float) -> Identity:
        figure = Figure(value=rate, low=None, high=None, n=60)
        return Identity(
            label="hate", language="en", at_review=figure, at_act=figure, times_review=None, times_act=None
        )

    system = msgspec.structs.replace(_system(), identity=(identity(0.1), identity(0.0)))
    assert _rule(_found(system), "harmless sentences about groups at act_from").broken == ("hate en inf",)


def _level(name: str, **aucs: float) -> SystemReport:
    return _system(*(_cell(tag, auc=auc) for tag, auc in aucs.items()), role="compared", name=name)


def test_the_evaluated_system_is_ahead_of_level_0_in_the_median() -> None:
    cells = [_cell(tag, lead=lead) for tag, lead in (("de", 0.2), ("en", 0.0096), ("tr", -0.004))]
    few = _cell("ja", rows=38, lead=0.5)
    level_0 = _system(_cell("all", lead=0.3), few, *cells, role="compared", name="linear.v1")
    rule = _rule(_found(_system(), level_0), "AUC ahead of linear.v1 1: median")
    assert (rule.cases, rule.broken) == (1, ("toxicity 0.0096",))


def test_level_1_is_ahead_of_level_0_in_the_median_and_nowhere_far_behind() -> None:
    level_0 = _level("linear.v1", all=0.1, de=0.9, en=0.8, tr=0.8)
    found = _found(_system(), level_0, _level("transformer.v1", all=0.9, de=0.894, en=0.82, tr=0.85))
    assert _rule(found, "AUC of transformer.v1 1 ahead of linear.v1 1").broken == ()  # .02 exactly
    behind = _rule(found, "AUC of transformer.v1 1 at most .005 below linear.v1 1")
    assert (behind.cases, behind.broken) == (3, ("toxicity de -0.006",))
    found = _found(_system(), level_0, _level("transformer.v1", de=0.895, en=0.819, tr=0.85))
    assert _rule(found, "AUC of transformer.v1 1 ahead of linear.v1 1").broken == ("toxicity 0.0190",)
    assert _rule(found, "AUC of transformer.v1 1 at most .005 below").broken == ()


def test_the_ensemble_is_held_against_level_0_where_no_text_left_before_it() -> None:
    level_0 = _level("linear.v1", all=0.1, de=0.9, en=0.8, tr=0.8)
    rule = "AUC of ensemble.v1 1 ahead of linear.v1 1"
    found = _found(_system(), level_0, _level("ensemble.v1", all=0.9, de=0.9, en=0.809, tr=0.85))
    assert _rule(found, rule).broken == ("toxicity 0.0090",)
    found = _found(_system(), level_0, _level("ensemble.v1", all=0.1, de=0.9, en=0.81, tr=0.85))
    assert (_rule(found, rule).cases, _rule(found, rule).broken) == (1, ())
    assert not any(each.startswith("AUC of ensemble") for each in _found(_system(), level_0))


def test_level_0_is_held_against_the_baseline_by_source_whatever_is_evaluated() -> None:
    sources = {"s": 0.9, "t": 0.8, "few": 0.1}
    rows = {"s": 600, "t": 600, "few": 598}
    level_0 = _system(*(_cell("all", rows[at], at, auc=auc) for at, auc in sources.items()), name="linear.v1")
    baseline = _system(
        *(_cell("all", rows[at], at, auc=auc) for at, auc in (("s", 0.91), ("t", 0.811), ("few", 0.9))),
        role="baseline",
        name="n-gram baseline",
    )
    for systems in ((_system(), level_0, baseline), (level_0, baseline)):
        rule = _rule(_found(*systems), "AUC of linear.v1 1 at most .01 below the n-gram baseline")
        assert (rule.cases, rule.broken) == (2, ("toxicity t -0.011",))
    assert _rule(_found(level_0, baseline), "AUC ahead of linear.v1 1").cases == 0  # nothing leads itself


def test_harmless_items_have_the_bounds_of_negatives() -> None:
    def share(language: str, review: float, act: float, *, rows: int = 500, harmful: bool = False) -> Share:
        figures = {name: Figure(value=value, low=None, high=None, n=rows) for name, value in _pairs(review, act)}
        return Share(language=language, harmful=harmful, rows=rows, allow=None, **figures)

    shares = (
        share("all", 0.9, 0.9),
        share("de", 0.25, 0.005),
        share("en", 0.26, 0.006),
        share("fr", 0.9, 0.9, rows=499),
        share("en", 0.9, 0.9, harmful=True),
    )
    found = _found(msgspec.structs.replace(_system(), shares=shares))
    where = "all labels together, languages with 500"
    review, act, beside = (
        _rule(found, rule)
        for rule in (
            f"harmless items in review at most .25, {where} of them",
            "harmless items acted on",
            f"harmless items in review at most .25, {where} harmful ones",
        )
    )
    assert (review.cases, review.broken) == (2, ("en 0.260",))
    assert (beside.cases, beside.broken) == (1, ("en 0.260",))
    assert (act.cases, act.broken) == (2, ("en 0.006",))


def test_harmful_items_are_seen_whatever_label_sees_them() -> None:
    def share(language: str, allow: float, *, rows: int = 500, harmful: bool = True) -> Share:
        figure = Figure(value=allow, low=None, high=None, n=rows)
        return Share(language=language, harmful=harmful, rows=rows, allow=figure, review=None, act=None)

    shares = (
        share("all", 0.9),
        share("de", 0.2),
        share("en", 0.201),
        share("fr", 0.9, rows=499),
        share("tr", 0.5),
        share("ko", 0.9, harmful=False),
    )
    rule = _rule(_found(msgspec.structs.replace(_system(), shares=shares)), "harmful items seen")
    assert (rule.cases, rule.broken) == (3, ("tr 0.500", "en 0.799"))


def _pairs(review: float, act: float) -> tuple[tuple[str, float], tuple[str, float]]:
    return ("review", review), ("act", act)
