"""What noise costs is measured on rows that every label, language and source has its share of."""

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np

from models.evaluate import compare
from models.evaluation.evasion import noised
from models.evaluation.report import Evasion, Report
from models.evaluation.rows import Rows
from models.evaluation.scored import Scored, System
from models.training.data import Row
from models.training.quality import page

LABELS = ("toxicity", "spam")


def _row(
    n: int, toxic: int | None, *, lang: str = "en", source: str = "s", weak: int = 0, spam: int | None = None
) -> Row:
    word = "horrible" if toxic or spam else "pleasant"
    return msgspec.convert(
        {
            "text": f"this is a {word} sentence about the weather, number {n}",
            "lang": lang,
            "labels": {"toxicity": toxic, "spam": spam},
            "source": source,
            "split": "validation",
            "weak": weak,
        },
        Row,
    )


def _rows() -> Rows:
    many = [_row(n, n % 2) for n in range(400)]
    few = [_row(n, n % 2, lang="de", source="t") for n in range(20)]
    spam = [_row(n, None, spam=n % 2, source="u") for n in range(10)]
    useless = [_row(n, 1, source="positives") for n in range(50)] + [_row(n, n % 2, weak=1) for n in range(50)]
    return Rows.of([*many, *few, *spam, *useless])


def _system(name: str, *, literal: bool) -> System:
    """Knows the one word as it stands, or the shape of the text alone."""

    def score(texts: Sequence[str], languages: Sequence[str]) -> Scored:
        found = [0.9 if ("horrible" in text if literal else len(text) > 2) else 0.1 for text in texts]
        scores = np.repeat(np.array(found).reshape(-1, 1), 2, axis=1)
        return Scored.plain(scores, np.ones(scores.shape, np.bool_))

    return System("evaluated" if literal else "compared", name, "1", LABELS, score)


def _compared(seed: int = 0) -> Report:
    rows = _rows()
    systems = [_system("words.v1", literal=True), _system("length.v1", literal=False)]
    return compare(systems, rows, bootstrap=100, changed=noised(rows, LABELS, str, seed=seed, most=80))


def test_the_rows_are_spread_over_labels_classes_and_sources_and_bounded() -> None:
    rows = _rows()
    found = noised(rows, LABELS, str, most=80)
    drawn = [(str(rows.sources[place]), rows.labels[place]["toxicity"]) for place in found.places]
    # 20 of each class of toxicity, half of them from the small source that has 10; all 10 rows of spam.
    assert Counter(drawn) == {("s", 0): 10, ("s", 1): 10, ("t", 0): 10, ("t", 1): 10, ("u", None): 10}
    assert not rows.weak[found.places].any()
    assert len(found.texts) == len(found.languages) == found.places.size


def test_the_seed_alone_decides_and_every_text_goes_through_the_stream() -> None:
    rows = _rows()
    first, second, other = (noised(rows, LABELS, str.upper, seed=seed, most=80) for seed in (3, 3, 4))
    assert first.texts == second.texts
    assert first.texts != other.texts
    assert all(text == text.upper() for text in first.texts)


def test_what_is_lost_is_the_difference_on_the_same_rows() -> None:
    report = _compared()
    cells: dict[str, Evasion] = {cell.label: cell for cell in report.systems[0].evasion}
    assert list(cells) == ["toxicity", "spam"]
    cell = cells["toxicity"]
    assert (cell.rows, cell.positives) == (40, 20)
    assert 0.7 < cell.changed <= 1
    assert cell.clean is not None
    assert cell.noised is not None
    assert cell.lost is not None
    assert cell.clean.value == 1
    assert cell.noised.value < 0.95
    assert abs(cell.lost.value - (1 - cell.noised.value)) < 2e-5
    assert cell.lost.low is not None
    assert cell.lost.low > 0
    blind = report.systems[1].evasion[0]
    assert blind.clean is not None
    assert blind.lost is not None
    assert (blind.clean.value, blind.lost.value) == (0.5, 0.0)


def test_nothing_is_measured_where_no_source_holds_both_classes() -> None:
    rows = Rows.of([_row(n, 1) for n in range(5)])
    changed = noised(rows, LABELS, str)
    report = compare([_system("words.v1", literal=True)], rows, bootstrap=5, changed=changed)
    assert (changed.texts, report.systems[0].evasion) == ([], ())
    assert "What evasion costs" not in page(report)


def test_the_page_holds_every_system_and_says_what_was_trained_on() -> None:
    report = msgspec.json.decode(_compared().to_json(), type=Report)
    text = page(report).partition("## What evasion costs")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("| toxicity")]
    assert [line.split(" | ")[1:3] for line in lines] == [["words.v1", "20 / 20"], ["length.v1", "20 / 20"]]
    assert "1.000 (1.000 to 1.000)" in lines[0]
    assert "fine-tuned on texts changed by these same functions" in text
