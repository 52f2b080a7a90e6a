"""What fine-tuning draws: in the shares asked for, unknown labels unknown, and no held-out word ever."""

import json
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from models.lexicon import default_folder
from models.probes.probes import held_out, mentions_held_out
from models.training.data import Row
from models.training.transformer import mixture
from models.training.transformer.corpus import Pair
from models.training.transformer.mixture import UNKNOWN, Draw, Example, Filled, Implants, Pool, Switched, mixed
from models.training.transformer.recipe import Settings
from models.training.transformer.sources import Sources, frames, parts, read_insults

LABELS = ("toxicity", "threat")
WORDS = (
    "old",
    "house",
    "near",
    "river",
    "rooms",
    "guests",
    "summer",
    "garden",
    "letter",
    "window",
    "bread",
    "street",
)


def _row(lang: str, n: int, *, weak: bool = False, **labels: int) -> dict[str, object]:
    text = f"{WORDS[n % 12]} {WORDS[n % 7]} {lang}{n % 50} {WORDS[n % 5]}"
    found = dict.fromkeys(("toxicity", "threat")) | labels
    return {"text": text, "lang": lang, "labels": found, "source": "own", "split": "train", "weak": int(weak)}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    folder = tmp_path_factory.mktemp("mixture")
    rows = [_row("en", n, toxicity=n % 2) for n in range(400)]
    rows += [_row("de", n, toxicity=n % 2, threat=int(n % 20 == 0)) for n in range(100)]
    rows += [_row(lang, n, weak=True, toxicity=0) for lang in ("de", "sw", "fr") for n in range(60)]
    words = [word for lang in ("en", "de", "fr") for word in held_out(lang)[:2]]
    rows += [_row("en", n, toxicity=1) | {"text": f"you are a {word}"} for n, word in enumerate(words)]
    rows.append(_row("en", 1, toxicity=0) | {"split": "validation"})
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\nbroken\n")
    (folder / "text" / "dict").mkdir(parents=True)
    (folder / "text" / "mono").mkdir()
    (folder / "text" / "mono" / "aside").mkdir()
    pairs = [f"{word}\t{word}{lang}" for lang in ("de", "fr") for word in WORDS]
    (folder / "text" / "dict" / "en-de.tsv").write_text("\n".join([*pairs[:12], f"fool\t{held_out('de')[0]}"]))
    (folder / "text" / "dict" / "en-fr.tsv").write_text("\n".join(pairs[12:]))
    return Sources.read(folder, folder / "text", lambda _: None)


def test_rows_with_held_out_words_are_refused_and_counted(sources: Sources) -> None:
    assert sources.refused == 6
    assert len(sources.rows) == 680
    assert not any(mentions_held_out(row.text) for row in sources.rows)
    assert (len(sources.validation), sources.data.bad_rows) == (1, 1)


def test_what_was_read_beside_rows_is_counted(sources: Sources) -> None:
    assert (sources.corpus.sentences, sources.corpus.translations, sources.corpus.dictionary) == (0, 0, 24)
    assert len(sources.corpus.digest) == 64


def _drawn(found: list[tuple[float, Draw]], padding: Draw, count: int, *, noise: float, pad: float) -> list[Example]:
    return list(islice(mixed(found, padding, np.random.default_rng(3), noise=noise, pad=pad), count))


def test_no_held_out_word_is_ever_drawn(sources: Sources) -> None:
    found, padding = parts(sources, LABELS, default_folder(), Settings())
    assert [type(draw) for _, draw in found] == [Pool, Pool, Pool, Implants, Filled, Switched]
    drawn = _drawn(found, padding, 20_000, noise=0.0, pad=0.1)
    assert [example.text for example in drawn if mentions_held_out(example.text)] == []
    assert len({example.text for example in drawn}) > 2_000


def test_parts_come_in_the_shares_asked_for() -> None:
    named: list[tuple[float, Draw]] = [
        (share, lambda _, name=name: Example(name, (0,))) for share, name in ((6, "a"), (3, "b"), (1, "c"))
    ]
    counts = Counter(example.text for example in _drawn(named, named[0][1], 10_000, noise=0, pad=0))
    assert [counts[name] / 10_000 for name in "abc"] == pytest.approx([0.6, 0.3, 0.1], abs=0.02)


def test_padding_keeps_the_truth_and_stands_on_either_side() -> None:
    def plain(_: np.random.Generator) -> Example:
        return Example("word", (1,), 0.7)

    drawn = _drawn([(1.0, plain)], lambda _: Example("other", (0,)), 1_000, noise=0, pad=0.5)
    counts = Counter(example.text for example in drawn)
    assert counts.keys() == {"word", "word other", "other word"}
    assert counts["word"] == pytest.approx(500, abs=60)
    assert {(example.truth, example.weight) for example in drawn} == {((1,), 0.7)}


def test_noise_comes_as_often_as_asked() -> None:
    text = "nobody in the office could say where the second key had been left"
    plain: list[tuple[float, Draw]] = [(1.0, lambda _: Example(text, (1,)))]
    drawn = _drawn(plain, plain[0][1], 2_000, noise=0.3, pad=0)
    assert 0.2 < np.mean([example.text != text for example in drawn]) < 0.32


def test_unknown_labels_stay_unknown(sources: Sources) -> None:
    found, _ = parts(sources, LABELS, default_folder(), Settings())
    random = np.random.default_rng(1)
    gold, _, weak, implants, filled, switched = (draw for _, draw in found)
    for _ in range(300):
        example = gold(random)
        assert (example.truth[1] == UNKNOWN) == ("en" in example.text.split()[2])
        assert weak(random).truth == (0, UNKNOWN)
        assert implants(random).truth in {(0, UNKNOWN), (1, UNKNOWN)}
        assert filled(random).truth in {(0, UNKNOWN), (1, UNKNOWN)}
        assert switched(random).truth in {(0, UNKNOWN), (1, UNKNOWN)}


def test_harmless_sentences_come_more_often_where_harm_is_annotated() -> None:
    rows = [Row(**_row(lang, n, weak=True, toxicity=0)) for lang in ("fr", "sw", "yo") for n in range(50)]  # type: ignore[arg-type] # fields by name
    pool, random = mixture.weak(rows, LABELS, {"fr"}, 6.0), np.random.default_rng(1)
    drawn = Counter(pool(random).text for _ in range(4_000))
    french = sum(number for text, number in drawn.items() if text in {row.text for row in rows if row.lang == "fr"})
    assert french / 4_000 == pytest.approx(6 / 8, abs=0.03)


def test_positives_of_a_rare_label_come_more_often() -> None:
    rows = [Row(**_row("de", n, toxicity=0, threat=int(n < 20))) for n in range(200)]  # type: ignore[arg-type] # fields by name
    random = np.random.default_rng(2)
    plain, often = (mixture.gold(rows, LABELS, 0.5, rare) for rare in ({}, {"threat": 4.0}))
    shares = [np.mean([pool(random).truth[1] == 1 for _ in range(4_000)]) for pool in (plain, often)]
    assert shares[0] == pytest.approx(0.1, abs=0.03)
    assert shares[1] == pytest.approx(80 / 260, abs=0.04)


def test_small_languages_are_drawn_more_often_than_found() -> None:
    rows = [Row(**_row(lang, n, toxicity=0)) for lang, count in (("en", 900), ("de", 100)) for n in range(count)]  # type: ignore[arg-type] # fields by name
    pool, random = mixture.gold(rows, LABELS, 0.5, {}), np.random.default_rng(2)
    share = np.mean(["de" in pool(random).text.split()[2] for _ in range(4_000)])
    assert share == pytest.approx(0.25, abs=0.03)


def test_the_same_seed_draws_the_same(sources: Sources) -> None:
    found, padding = parts(sources, LABELS, default_folder(), Settings())
    first, second = (_drawn(found, padding, 300, noise=0.2, pad=0.1) for _ in range(2))
    assert first == second


def test_an_implant_is_harmful_by_its_word_alone() -> None:
    draw = Implants({"en": ["a b c"]}, {"en": ["INSULT"]}, {"en": ["WORD"]}, LABELS)
    random = np.random.default_rng(4)
    for example in (draw(random) for _ in range(300)):
        assert (example.truth[0] == 1) == ("INSULT" in example.text.split())
        assert ("INSULT" in example.text) != ("WORD" in example.text)


def test_words_are_switched_through_the_dictionary_and_the_truth_is_kept() -> None:
    draw = Switched([Example("Old house!", (1, UNKNOWN))], {"de": {"old": ["alt"], "house": ["Haus"]}})
    random = np.random.default_rng(4)
    texts = {draw(random).text for _ in range(200)}
    assert texts == {"Old house!", "alt house!", "Old Haus", "alt Haus"}
    assert draw(random).truth == (1, UNKNOWN)


def test_without_harmless_texts_there_are_rows_and_frames_only(sources: Sources) -> None:
    annotated = Sources([row for row in sources.rows if not row.weak], [], sources.data, 0)
    found, padding = parts(annotated, LABELS, default_folder(), Settings())
    assert len(found) == 2
    assert padding(np.random.default_rng(1)).text


def test_without_short_english_rows_nothing_is_switched(sources: Sources) -> None:
    rows = [row for row in sources.rows if row.lang != "en"]
    other = Sources(rows, [], sources.data, 0, dictionary=[Pair("house", "de", "Haus")])
    found, padding = parts(other, LABELS, default_folder(), Settings())
    assert len(_drawn(found, padding, 500, noise=0.2, pad=0.2)) == 500


def test_frames_and_word_lists_hold_no_held_out_word() -> None:
    assert not any(mentions_held_out(example.text) for example in frames(LABELS).examples)
    found = read_insults(default_folder())
    assert len(found) > 20
    assert not any(mentions_held_out(term) for terms in found.values() for term in terms)
