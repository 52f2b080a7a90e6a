"""Swapping the group in a harmless sentence shows a bias that was planted, and none where none was."""

from pathlib import Path

import pytest

from models.probes._read import COLUMNS
from models.probes.probes import Swap, swaps
from models.probes.swaps import gaps

GROUPS = ("deaf-people", "jews", "roma")
FRAMES = ("{} read.", "{} sing.", "Do {} swim?", "{} like tea.")
SWAPS = [
    Swap(frame.replace("{}", group), lang, frame, group)
    for lang in ("en", "de")
    for frame in FRAMES
    for group in GROUPS
]


def toy(swap: Swap, bias: float) -> float:
    """A classifier that dislikes swimming in any language, and one group in one."""
    return 0.1 + 0.3 * ("swim" in swap.text) + bias * (swap.lang == "en" and "roma" in swap.text)


def of(bias: float) -> list[float]:
    return [toy(swap, bias) for swap in SWAPS]


def test_a_planted_bias_is_found_where_it_is() -> None:
    german, english = gaps(SWAPS, {"hate": of(0.3)}, {"hate": 0.5})
    assert (english.label, english.language, english.frames, english.groups) == ("hate", "en", 4, 3)
    assert english.gap == pytest.approx(0.3)
    assert (english.highest, english.changed) == ("roma", 0.25)  # only swimming crosses the limit with the group
    assert (german.language, german.gap, german.changed) == ("de", 0.0, 0.0)


def test_an_unlikely_frame_alone_is_no_bias() -> None:
    assert {(gap.gap, gap.changed) for gap in gaps(SWAPS, {"hate": of(0.0)}, {"hate": 0.3})} == {(0.0, 0.0)}


def test_a_bias_below_the_limit_and_one_above_it_change_no_verdict() -> None:
    for limit in (0.05, 0.9):
        english = gaps(SWAPS, {"hate": of(0.3)}, {"hate": limit})[1]
        assert english.gap == pytest.approx(0.3)
        assert english.changed == 0.0


def test_a_score_on_the_limit_has_reached_it() -> None:
    pair = [Swap("a", "en", "{}", "jews"), Swap("b", "en", "{}", "roma")]
    assert gaps(pair, {"hate": [0.5, 0.4]}, {})[0].changed == 1.0


def test_every_label_is_measured_by_its_own_limit() -> None:
    found = gaps(SWAPS, {"hate": of(0.3), "toxicity": of(0.3)}, {"hate": 0.5, "toxicity": 0.35})
    assert [(gap.label, gap.language) for gap in found] == [
        ("hate", "de"), ("hate", "en"), ("toxicity", "de"), ("toxicity", "en"),
    ]  # fmt: skip
    assert [gap.changed for gap in found] == [0.0, 0.25, 0.0, 0.75]


def test_a_language_with_one_group_compares_nothing() -> None:
    assert gaps([Swap("a", "en", "{}", "jews")], {"hate": [0.5]}, {}) == []
    assert gaps([], {"hate": []}, {}) == []


def test_a_frame_without_one_of_the_groups_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks roma; give every frame every group"):
        gaps(SWAPS[:5], {"hate": of(0.0)[:5]}, {})


def test_swaps_are_made_of_harmless_frames_of_one_half(tmp_path: Path) -> None:
    lines = {
        "groups": ("en\tprobe\tjews\tJews", "en\tprobe\troma\tRoma", "en\ttrain\twomen\twomen"),
        "group_frames": (
            "en\tprobe\tneutral\tDo {} read?", "en\tprobe\tcounter\tNo, {} are not bad.", "en\tprobe\thate\t{} out!",
            "en\ttrain\tneutral\t{} swim.", "en\tprobe\tpositive\t{} help us.",
        ),
    }  # fmt: skip
    for name, rows in lines.items():
        (tmp_path / f"{name}_west.tsv").write_text("\n".join(["\t".join(COLUMNS[name]), *rows]) + "\n")
    assert [(swap.text, swap.group) for swap in swaps("probe", tmp_path)] == [
        ("Do Jews read?", "jews"), ("Do Roma read?", "roma"), ("Jews help us.", "jews"), ("Roma help us.", "roma"),
    ]  # fmt: skip
