"""What falls short is said by rules, each with the cases it was applied to."""

import msgspec.structs

from models.evaluation.report import Cell, Figure, Identity, Report, SystemReport
from models.evaluation.shortfalls import Shortfall, median_lead, shortfalls

NONE = dict.fromkeys(
    (name for name in Cell.__struct_fields__ if Cell.__annotations__[name] == (Figure | None)),
)


def _cell(language: str, rows: int = 2000, source: str = "all", **measures: float) -> Cell:
    figures = {name: Figure(value=value, low=None, high=None, n=rows) for name, value in measures.items()}
    sizes = {"rows": rows, "positives": rows // 2, "negatives": rows // 2}
    fields = NONE | figures | sizes | {"evidence": 1.0, "reliability": ()}
    return Cell(label="toxicity", language=language, source=source, **fields)  # type: ignore[arg-type] # fields by name


def _system(*cells: Cell, role: str = "evaluated") -> SystemReport:
    return SystemReport(
        role=role,
        name="x",
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
