"""Who leaves early would have been treated alike by the next level."""

from pathlib import Path

import msgspec
import msgspec.structs
import numpy as np
import pytest

from models import exits
from models.errors import ArtifactError
from models.exits import Exits, LanguageExits
from models.sigmoid import sigmoid
from models.thresholds import Thresholds
from models.training.exits import FEWEST_ROWS, TARGET, Answers, fit_exits

RULE = {"toxicity": Thresholds(review_from=0.25, act_from=0.95, review_without_evidence=True)}
VERSIONS = ("lower-1", "upper-1")


def _answers(probabilities: np.ndarray, *labels: str, evidence: bool = True) -> Answers:
    table = probabilities.reshape(len(probabilities), -1)
    return Answers(labels or ("toxicity",), table, np.full(table.shape, evidence))


def _levels(rows: int, seed: int, noise: float = 0.7) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a rough lower level and of the upper one, for mostly harmless texts."""
    random = np.random.default_rng(seed)
    upper = random.normal(-3, 3, rows)
    return sigmoid(upper + random.normal(0, noise, rows)), sigmoid(upper)


def _outcome(probabilities: np.ndarray, rule: Thresholds = RULE["toxicity"]) -> np.ndarray:
    return (probabilities >= rule.review_from).astype(int) + (probabilities >= rule.act_from)


def _leaves(found: Exits, lower: np.ndarray, tag: str = "en") -> np.ndarray:
    bands = found.bands(tag)
    if bands is None:
        return np.zeros(len(lower), np.bool_)
    low, high = bands["toxicity"]
    return (lower < low) | (lower > high)


def _fit(lower: Answers, upper: Answers, tags: np.ndarray | None = None) -> Exits:
    languages = np.full(len(lower.evidence), "en") if tags is None else tags
    return fit_exits(lower, upper, languages, RULE, versions=VERSIONS)


@pytest.mark.parametrize("seed", range(5))
def test_at_most_the_stated_share_of_other_texts_leaves_early_with_another_outcome(seed: int) -> None:
    lower, upper = _levels(20_000, seed)
    found = _fit(_answers(lower), _answers(upper))
    assert found.left > 0.5
    assert found.changed <= TARGET
    other_lower, other_upper = _levels(50_000, seed + 100)
    wrong = _leaves(found, other_lower) & (_outcome(other_lower) != _outcome(other_upper))
    assert wrong.mean() <= TARGET * 1.3


def test_the_share_that_is_stated_is_the_share_that_leaves() -> None:
    lower, upper = _levels(20_000, 1)
    found = _fit(_answers(lower), _answers(upper))
    assert found.left == pytest.approx(_leaves(found, lower).mean(), abs=0.002)
    assert found.languages["en"].left == _leaves(found, lower).sum()


def test_levels_that_agree_let_everything_leave() -> None:
    lower, _ = _levels(2000, 2)
    assert _fit(_answers(lower), _answers(lower)).left == 1.0


def test_a_level_that_knows_nothing_lets_nearly_nothing_leave() -> None:
    random = np.random.default_rng(3)
    lower, (_, upper) = random.random(20_000), _levels(20_000, 3)
    assert _fit(_answers(lower), _answers(upper)).left < 0.03


def test_a_language_with_few_rows_never_leaves_early() -> None:
    lower, upper = _levels(5000, 4)
    tags = np.where(np.arange(5000) < FEWEST_ROWS - 1, "few", "many")
    found = _fit(_answers(lower), _answers(upper), tags)
    assert set(found.languages) == {"many"}
    assert found.bands("few") is None
    assert found.bands("never-seen") is None


def test_a_language_in_which_the_levels_differ_climbs_more_than_one_in_which_they_agree() -> None:
    near, far = _levels(10_000, 5, noise=0.2), _levels(10_000, 6, noise=2.0)
    tags = np.repeat(["near", "far"], 10_000)
    found = _fit(*(_answers(np.concatenate(each)) for each in zip(near, far, strict=True)), tags)
    left = {tag: found.languages[tag].left if tag in found.languages else 0 for tag in ("near", "far")}
    assert left["near"] > 2 * left["far"]


def test_no_text_leaves_a_level_that_cannot_see_what_the_next_one_would_review() -> None:
    """The lower level has evidence for spam alone; toxicity goes to review there, and not at the next level."""
    _, upper = _levels(5000, 7)
    spam = np.full(5000, 0.01)
    above = _answers(np.stack([spam, np.minimum(upper, 0.1)], axis=1), "spam", "toxicity")
    found = _fit(_answers(spam, "spam"), above)
    assert not found.languages


def test_a_text_that_is_unlike_all_others_to_the_next_level_counts_as_changed() -> None:
    lower, upper = _levels(20_000, 8)
    above = _answers(upper)
    above.evidence[lower < 0.05] = False
    assert _fit(_answers(lower), above).left < _fit(_answers(lower), _answers(upper)).left / 2


def test_every_label_must_be_outside_its_band() -> None:
    (toxic_lower, toxic), (hate_lower, hate) = _levels(20_000, 9), _levels(20_000, 10)
    rules = {**RULE, "hate": Thresholds(review_from=0.2, act_from=0.975)}
    found = fit_exits(
        _answers(np.stack([toxic_lower, hate_lower], axis=1), "toxicity", "hate"),
        _answers(np.stack([toxic, hate], axis=1), "toxicity", "hate"),
        np.full(20_000, "en"),
        rules,
        versions=VERSIONS,
    )
    bands = found.bands("en")
    assert bands is not None
    assert set(bands) == {"toxicity", "hate"}
    outside = [
        (scores < bands[label][0]) | (scores > bands[label][1])
        for label, scores in (("toxicity", toxic_lower), ("hate", hate_lower))
    ]
    leaves = outside[0] & outside[1]
    wrong = (_outcome(toxic_lower) != _outcome(toxic)) | (
        _outcome(hate_lower, rules["hate"]) != _outcome(hate, rules["hate"])
    )
    assert leaves.mean() > 0.2
    assert (leaves & wrong).mean() <= TARGET


def test_rows_without_evidence_do_not_dilute_the_share() -> None:
    lower, upper = _levels(5000, 11)
    below = _answers(np.concatenate([lower, lower]))
    below.evidence[5000:] = False
    found = _fit(below, _answers(np.concatenate([upper, upper])))
    assert found.rows == 5000


def test_no_rows_give_no_exits() -> None:
    nothing = Answers(("toxicity",), np.zeros((0, 1)), np.zeros((0, 1), np.bool_))
    assert _fit(nothing, nothing).languages == {}


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    lower, upper = _levels(2000, 12)
    exits.save(tmp_path, _fit(_answers(lower), _answers(upper)))
    return tmp_path / exits.EXITS_FILE


def test_what_was_stored_is_read_back(stored: Path) -> None:
    lower, upper = _levels(2000, 12)
    found = exits.load(stored, lower=VERSIONS[0], upper=VERSIONS[1])
    assert found == _fit(_answers(lower), _answers(upper))


@pytest.mark.parametrize("versions", [("lower-2", "upper-1"), ("lower-1", "upper-2")])
def test_exits_for_other_versions_are_refused_with_what_to_do(stored: Path, versions: tuple[str, str]) -> None:
    with pytest.raises(ArtifactError, match=r"fitted for.*lower-1.*upper-1.*weir train --data DIR --only ensemble"):
        exits.load(stored, lower=versions[0], upper=versions[1])


def test_missing_exits_name_the_other_way(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="unsure"):
        exits.load(tmp_path / "exits.json", lower="a", upper="b")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format_version": 1}'])
def test_what_holds_no_exits_is_refused(stored: Path, text: str) -> None:
    stored.write_text(text)
    with pytest.raises(ArtifactError, match="does not hold exit bands"):
        exits.load(stored, lower=VERSIONS[0], upper=VERSIONS[1])


def test_an_edited_band_is_noticed(stored: Path) -> None:
    found = msgspec.json.decode(stored.read_bytes())
    found["languages"]["en"]["bands"]["toxicity"] = (0.5, 0.5)
    stored.write_bytes(msgspec.json.encode(found))
    with pytest.raises(ArtifactError, match=r"was edited.*fit them again, or write `unsure"):
        exits.load(stored, lower=VERSIONS[0], upper=VERSIONS[1])


def test_exits_that_lost_their_version_are_refused(stored: Path) -> None:
    found = msgspec.json.decode(stored.read_bytes())
    del found["version"]
    stored.write_bytes(msgspec.json.encode(found))
    with pytest.raises(ArtifactError, match="it says none"):
        exits.load(stored, lower=VERSIONS[0], upper=VERSIONS[1])


def test_whole_numbers_seal_as_they_are_read_back(stored: Path) -> None:
    bands = {"en": LanguageExits(rows=1, left=0, changed=0, bands={"toxicity": (0, 1)})}
    found = msgspec.structs.replace(exits.read(stored), languages=bands, changed=0)
    exits.save(stored.parent, found)
    assert exits.read(stored).languages == bands


@pytest.mark.parametrize("band", [(0.6, 0.4), (-0.1, 0.5), (0.5, 1.1)])
def test_a_band_out_of_order_is_refused(stored: Path, band: tuple[float, float]) -> None:
    found = msgspec.json.decode(stored.read_bytes())
    found["languages"]["en"]["bands"]["toxicity"] = band
    stored.write_bytes(msgspec.json.encode(found))
    with pytest.raises(ArtifactError, match="from <= to"):
        exits.load(stored, lower=VERSIONS[0], upper=VERSIONS[1])


@pytest.mark.parametrize("version", [1, 3])
def test_another_format_of_exits_is_refused_with_what_to_do(stored: Path, version: int) -> None:
    found = msgspec.json.decode(stored.read_bytes()) | {"format_version": version}
    stored.write_bytes(msgspec.json.encode(found))
    with pytest.raises(ArtifactError, match=r"reads 2.*weir train --data DIR --only ensemble"):
        exits.load(stored, lower=VERSIONS[0], upper=VERSIONS[1])


def test_labels_whose_thresholds_changed_are_named(stored: Path) -> None:
    found = exits.load(stored, lower=VERSIONS[0], upper=VERSIONS[1])
    assert found.outdated({"toxicity": (0.25, 0.95), "spam": (0.5, 0.9)}) == []
    assert found.outdated({"toxicity": (0.3, 0.95)}) == ["toxicity"]


def test_a_region_does_not_cost_the_exit(stored: Path) -> None:
    found = exits.load(stored, lower=VERSIONS[0], upper=VERSIONS[1])
    assert found.bands("en-GB") == found.bands("en")


def test_other_bands_are_another_version(stored: Path) -> None:
    found = exits.load(stored, lower=VERSIONS[0], upper=VERSIONS[1])
    wider = {"en": LanguageExits(rows=1, left=0, changed=0, bands={"toxicity": (0.0, 1.0)})}
    assert exits.sealed(msgspec.structs.replace(found, languages=wider)).version != found.version
