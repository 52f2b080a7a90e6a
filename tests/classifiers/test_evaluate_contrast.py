"""Sentences that share words and differ in meaning are measured, on the half that nothing is trained on."""

from collections.abc import Sequence

import msgspec
import numpy as np

from models.evaluate import compare
from models.evaluation.probes import Probes
from models.evaluation.report import Contrasted, Report
from models.evaluation.rows import Rows
from models.evaluation.scored import Scored, System
from models.probes.probes import Contrast, contrast
from models.training.data import Row
from models.training.quality import page

LABELS = ("toxicity", "threat")
ROWS = [
    Row(text=f"{word} one", lang="en", labels={"toxicity": n}, source="own", split="validation")
    for n, word in enumerate(("fine", "bad"))
]
SENTENCES = [
    Contrast("he called me an oaf", "en", 0, 0),
    Contrast("you oaf", "en", 1, 0),
    Contrast("I will hit you", "en", 1, 1),
    Contrast("it hit me that I was late", "en", 0, 0),
    Contrast("du Depp", "de", 1, None),
    Contrast("er sagte Depp", "de", 0, None),
]


def _system(role: str, knows: Sequence[str]) -> System:
    def score(texts: Sequence[str], languages: Sequence[str]) -> Scored:
        found = [[0.9 if any(word in text for word in knows) else 0.1] * 2 for text in texts]
        return Scored.plain(np.array(found).reshape(-1, 2), np.ones((len(texts), 2), np.bool_))

    return System(role, f"{role}.v1", "1", LABELS, score)


def _report() -> Report:
    systems = [_system("evaluated", ("you", "du")), _system("compared", ("oaf", "hit", "Depp"))]
    return compare(systems, Rows.of(ROWS), bootstrap=20, probes=Probes((), (), contrast=SENTENCES))


def _cells(report: Report, at: int) -> dict[tuple[str, str], Contrasted]:
    return {(cell.label, cell.language): cell for cell in report.systems[at].contrast}


def _auc(cell: Contrasted) -> float:
    assert cell.auc is not None
    return cell.auc.value


def test_who_looks_at_words_alone_tells_nothing_apart() -> None:
    report = _report()
    meaning, words = _cells(report, 0), _cells(report, 1)
    assert [*meaning] == [("toxicity", tag) for tag in ("all", "de", "en")] + [
        ("threat", tag) for tag in ("all", "en")
    ]
    assert {key: (cell.meant, cell.not_meant) for key, cell in meaning.items()} == {
        ("toxicity", "all"): (3, 3), ("toxicity", "de"): (1, 1), ("toxicity", "en"): (2, 2),
        ("threat", "all"): (1, 3), ("threat", "en"): (1, 3),
    }  # fmt: skip
    assert {_auc(meaning["toxicity", tag]) for tag in ("all", "de", "en")} == {1.0}
    assert {_auc(words["toxicity", tag]) for tag in ("all", "de", "en")} == {0.5}
    assert _auc(meaning["threat", "en"]) == round((1 + 1 + 0.5) / 3, 5)  # an insult is no threat


def test_the_half_that_is_measured_is_the_one_that_is_not_trained_on() -> None:
    own = Probes.own().contrast
    assert own == contrast("probe")
    assert not {sentence.text for sentence in own} & {sentence.text for sentence in contrast("train")}


def test_the_page_holds_the_sentences_and_every_system() -> None:
    report = msgspec.json.decode(_report().to_json(), type=Report)
    text = page(report).partition("## Same words, other meaning")[2].partition("\n## ")[0]
    assert "| toxicity | all | 3 / 3 | 1.000 (1.000 to 1.000) | 0.500 |" in text
    assert "compared.v1 AUC |" in text
