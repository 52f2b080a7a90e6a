"""The probe tables: halves that share nothing, enough of everything, and the search for held-out words."""

from collections import Counter, defaultdict
from pathlib import Path

import pytest

from models.lexicon import default_folder
from models.probes import probes
from models.probes._read import COLUMNS, Row, rows
from models.probes._words import Words

HALVES: tuple[probes.Half, probes.Half] = ("train", "probe")
LISTED = sorted(file.stem for file in default_folder().glob("*.tsv"))


def prefix(filler: str) -> str:
    return filler.casefold()[:4]


def table(folder: Path, name: str, *lines: tuple[str, ...]) -> None:
    text = "# a comment\n" + "".join("\t".join(line) + "\n" for line in (COLUMNS[name], *lines))
    (folder / f"{name}_west.tsv").write_text(text, encoding="utf-8")


def test_every_listed_language_is_among_those_with_probes() -> None:
    assert set(LISTED) <= probes.languages()


@pytest.mark.parametrize("lang", LISTED)
@pytest.mark.parametrize("half", HALVES)
def test_every_listed_language_has_enough_frames_and_fillers(lang: str, half: probes.Half) -> None:
    frames = [row for row in rows("frames") if (row.lang, row.half) == (lang, half)]
    kinds = Counter(row.cells["kind"] for row in rows("fillers") if (row.lang, row.half) == (lang, half))
    assert len(frames) >= 4
    assert kinds["insult"] >= 8
    assert kinds["neutral"] >= 8


def test_no_filler_of_one_half_begins_like_one_of_the_other() -> None:
    begins: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows("fillers"):
        begins[row.lang, prefix(row.content)].add(row.half)
    assert [key for key, halves in begins.items() if len(halves) > 1] == []


@pytest.mark.parametrize("name", ["frames", "group_frames", "contrast", "groups", "fillers"])
def test_the_halves_share_no_text(name: str) -> None:
    def of(half: str) -> set[tuple[str, str]]:
        return {(row.lang, row.content.casefold()) for row in rows(name) if row.half == half}

    assert of("train")
    assert of("probe")
    assert of("train") & of("probe") == set()


def test_the_halves_share_no_group() -> None:
    halves = {half: {row.cells["group"] for row in rows("groups") if row.half == half} for half in HALVES}
    assert halves["train"] & halves["probe"] == set()


def test_a_language_with_group_frames_has_groups_and_every_kind_in_both_halves() -> None:
    per_language: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows("group_frames"):
        per_language[row.lang].add((row.half, row.cells["kind"]))
    kinds = {(half, kind) for half in HALVES for kind in ("neutral", "positive", "counter", "hate")}
    assert {lang: found for lang, found in per_language.items() if found != kinds} == {}
    assert set(per_language) == {row.lang for row in rows("groups")}


def test_identity_sentences_cover_twenty_groups_in_eight_languages() -> None:
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows("groups"):
        groups[row.lang].add(row.cells["group"])
    assert len(groups) >= 8
    assert min(map(len, groups.values())) >= 20


def test_no_train_sentence_mentions_a_held_out_insult() -> None:
    texts = [item.text for item in (*probes.insult_probes("train"), *probes.identity_probes("train"))]
    texts += [item.text for item in probes.contrast("train")]
    assert [text for text in texts if probes.mentions_held_out(text)] == []


def test_every_insult_of_the_probe_half_mentions_a_held_out_word() -> None:
    insults = [probe.text for probe in probes.insult_probes("probe") if probe.harmful]
    assert [text for text in insults if not probes.mentions_held_out(text)] == []


@pytest.mark.parametrize("half", HALVES)
def test_rendered_sentences_have_no_braces_and_no_repeats(half: probes.Half) -> None:
    found = [*probes.insult_probes(half), *probes.identity_probes(half)]
    assert [probe for probe in found if "{" in probe.text or "}" in probe.text] == []
    assert [key for key, n in Counter((p.lang, p.text) for p in found).items() if n > 1] == []


@pytest.mark.parametrize("half", HALVES)
def test_harmful_is_what_insults_or_dehumanizes(half: probes.Half) -> None:
    assert {(p.kind, p.harmful) for p in probes.insult_probes(half)} == {("insult", True), ("neutral", False)}
    assert {(p.kind, p.harmful) for p in probes.identity_probes(half)} == {
        ("hate", True),
        ("neutral", False),
        ("positive", False),
        ("counter", False),
    }


def test_every_frame_meets_every_filler_of_its_language_and_half() -> None:
    frames = Counter(row.lang for row in rows("frames") if row.half == "train")
    fillers = Counter(row.lang for row in rows("fillers") if row.half == "train")
    rendered = Counter(probe.lang for probe in probes.insult_probes("train"))
    assert rendered == {lang: frames[lang] * fillers[lang] for lang in frames}


def test_identity_sentences_are_capped_and_the_choice_never_changes() -> None:
    chosen = probes.identity_probes("train", cap=7)
    assert set(Counter((probe.lang, probe.kind) for probe in chosen).values()) == {7}
    assert set(chosen) <= set(probes.identity_probes("train"))
    assert chosen == probes.identity_probes("train", cap=7)


def test_a_group_that_begins_the_sentence_gets_a_capital(tmp_path: Path) -> None:
    table(tmp_path, "groups", ("en", "train", "women", "women"))
    table(tmp_path, "group_frames", ("en", "train", "neutral", "{} read."), ("en", "train", "neutral", "Do {} read?"))
    assert [probe.text for probe in probes.identity_probes("train", tmp_path)] == ["Women read.", "Do women read?"]


@pytest.mark.parametrize("half", HALVES)
def test_every_harmless_frame_is_filled_with_every_group_of_its_language(half: probes.Half) -> None:
    def of(name: str, *kinds: str) -> Counter[str]:
        return Counter(
            row.lang for row in rows(name) if row.half == half and (not kinds or row.cells["kind"] in kinds)
        )

    frames, groups = of("group_frames", "neutral", "positive"), of("groups")
    found = probes.swaps(half)
    assert Counter(swap.lang for swap in found) == {lang: frames[lang] * groups[lang] for lang in frames}
    harmless = {row.content for row in rows("group_frames") if row.cells["kind"] in ("neutral", "positive")}
    assert {swap.frame for swap in found} <= harmless
    assert len({(swap.lang, swap.text) for swap in found}) == len(found)


def test_contrast_has_both_labels_in_every_language_and_half() -> None:
    for half in HALVES:
        toxic: defaultdict[str, set[int]] = defaultdict(set)
        for item in probes.contrast(half):
            toxic[item.lang].add(item.toxicity)
        assert len(toxic) >= 8
        assert set(map(frozenset, toxic.values())) == {frozenset({0, 1})}


def test_an_empty_threat_is_unknown(tmp_path: Path) -> None:
    table(tmp_path, "contrast", ("en", "train", "1", "", "a b"), ("en", "train", "0", "0", "c d"))
    labels = [item.labels for item in probes.contrast("train", tmp_path)]
    assert labels == [{"toxicity": 1, "threat": None}, {"toxicity": 0, "threat": 0}]


def test_held_out_words_are_the_probe_insults_of_the_language() -> None:
    assert "wanker" in probes.held_out("en")
    assert "schwachmat" in probes.held_out("de")
    assert "moron" not in probes.held_out("en")
    assert probes.held_out("xx") == ()


@pytest.mark.parametrize(
    ("word", "text", "found"),
    [
        ("tosser", "What a TOSSER!", True),
        ("tosser", "they are tossers", True),
        ("tosser", "the besttosser", False),
        ("tosser", "a_tosser_1", True),
        ("zjeb", "ten zjeb", True),
        ("zjeb", "zjebany", False),
        ("stronzo", "che stronzi", True),
        ("подонок", "ПОДОНОК", True),
        ("гадёныш", "гаденыш", True),
        ("κόπανος", "ΚΌΠΑΝΟΣ", True),
        ("傻逼", "你这个傻逼吧", True),
        ("등신", "이 등신아", True),
        ("등신", "불등신", False),
        ("ഊള", "ഊള", True),
        ("ഊള", "ഊളൻ", False),
        ("tosser", "", False),
        ("tosser", "\ud800 tosser", True),
    ],
)
def test_a_word_is_found_whole_or_inflected(word: str, text: str, found: bool) -> None:
    assert Words([word]).found_in(text) is found


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("frames", ("en", "test", "a {}"), "half must be train or probe, not 'test'"),
        ("frames", ("en", "train", "no place"), "needs {} exactly once"),
        ("frames", ("en", "train", "{} and {}"), "needs {} exactly once"),
        ("frames", ("en", "train", "{} and {x"), "no braces but the {}"),
        ("frames", ("english", "train", "a {}"), "a language looks like en or hi-Latn"),
        ("frames", ("en", "train"), "needs 3 columns"),
        ("frames", ("en", "train", " a {}"), "no spaces around"),
        ("fillers", ("en", "train", "rude", "x"), "kind must be one of insult, neutral"),
        ("contrast", ("en", "train", "2", "0", "x"), "toxicity must be 0 or 1"),
        ("contrast", ("en", "train", "1", "?", "x"), "threat must be 0, 1 or empty"),
    ],
)
def test_a_bad_line_is_refused_with_its_place(tmp_path: Path, name: str, line: tuple[str, ...], message: str) -> None:
    table(tmp_path, name, line)
    with pytest.raises(probes.ProbeError, match=rf"{name}_west\.tsv:3: .*") as caught:
        rows(name, tmp_path)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "first", "second", "message"),
    [
        ("fillers", ("en", "train", "insult", "oaf"), ("en", "probe", "insult", "Oaf"), "in both halves"),
        ("fillers", ("en", "train", "insult", "oaf"), ("en", "train", "insult", "oaf"), "a duplicate, delete it"),
        ("groups", ("en", "train", "men", "men"), ("de", "probe", "men", "Männer"), "group men must be in one half"),
    ],
)
def test_repeats_are_refused_with_both_places(
    tmp_path: Path, name: str, first: tuple[str, ...], second: tuple[str, ...], message: str
) -> None:
    table(tmp_path, name, first, second)
    with pytest.raises(probes.ProbeError, match=message) as caught:
        rows(name, tmp_path)
    assert ":3" in str(caught.value)
    assert ":4" in str(caught.value)


def test_a_table_without_its_header_is_refused(tmp_path: Path) -> None:
    (tmp_path / "frames_west.tsv").write_text("en\ttrain\ta {}\n", encoding="utf-8")
    with pytest.raises(probes.ProbeError, match="must name the columns lang, half, frame"):
        rows("frames", tmp_path)


def test_rows_of_all_files_of_a_table_are_read(tmp_path: Path) -> None:
    table(tmp_path, "frames", ("en", "train", "a {}"))
    (tmp_path / "frames_east.tsv").write_text("lang\thalf\tframe\nth\tprobe\tb {}\n", encoding="utf-8")
    found: list[Row] = rows("frames", tmp_path)
    assert [(row.lang, row.half, row.content) for row in found] == [("th", "probe", "b {}"), ("en", "train", "a {}")]
