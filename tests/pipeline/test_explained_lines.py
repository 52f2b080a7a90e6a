"""What ``weir classify --explain`` adds to a decision."""

import json
import subprocess
import sys
from collections.abc import Sequence

from models.classifier import Scores
from stream_app.explained_lines import ExplainingDecider
from stream_app.lines import Decider
from stream_app.testing import FakeClassifier, make_moderator

ALL = ("toxicity", "hate", "threat", "sexual", "self_harm", "spam")


def lines(*items):
    return [(at, json.dumps(item).encode()) for at, item in enumerate(items, start=1)]


def explained(items, classifier=None):
    classifier = classifier or FakeClassifier({"awful": 0.999}, labels=ALL)
    decider = ExplainingDecider(make_moderator(classifier), as_text=False)
    answers = decider.decide(lines(*items))
    return [answer.decision and json.loads(answer.decision) for answer in answers]


def test_each_high_score_names_its_words_heaviest_first_in_the_original_text():
    (found,) = explained([{"item_id": "a", "text": "so  aw\u200bful\n you"}])
    assert [each["label"] for each in found["explanation"]] == list(ALL)
    toxicity = found["explanation"][0]
    assert toxicity["score"] == found["scores"]["toxicity"]
    first = toxicity["words"][0]
    assert (first["start"], first["end"], first["text"]) == (4, 10, "aw\\u{200b}ful")
    assert first["weight"] > 5
    assert [word["weight"] for word in toxicity["words"][1:]] == [0.0, 0.0]


def test_the_decision_is_the_one_without_an_explanation():
    items = [{"item_id": "a", "text": "awful"}, {"item_id": "b", "text": "fine"}, {"item_id": "b"}]
    plain = Decider(make_moderator(FakeClassifier({"awful": 0.999}, labels=ALL)), as_text=False).decide(lines(*items))
    found = explained(items)
    assert [each and each.pop("explanation") != [] for each in found] == [True, False, None]
    assert found == [answer.decision and json.loads(answer.decision) for answer in plain]


def test_a_decision_on_another_version_of_the_text_is_not_explained_with_this_one():
    newer, older = explained(
        [{"item_id": "a", "version": 2, "text": "awful"}, {"item_id": "a", "version": 1, "text": "awful me"}]
    )
    assert newer["explanation"][0]["words"][0]["text"] == "awful"
    assert older["for_the_record"]
    again, repeat = explained([{"item_id": "a", "text": "awful"}, {"item_id": "a", "text": "awful"}])
    assert again["explanation"] == repeat["explanation"] != []


def test_a_classifier_that_fails_on_the_parts_leaves_the_decision():
    def on_parts(texts: Sequence[str]) -> Scores | None:
        if len(texts) > 1:
            raise RuntimeError("too much")
        return None

    classifier = FakeClassifier({"awful": 0.999}, labels=ALL, trouble=on_parts)
    (found,) = explained([{"item_id": "a", "text": "awful thing"}], classifier)
    assert found["verdict"] != "allow"
    assert found["explanation"] == []


def test_the_command_prints_decisions_with_the_field_only_when_asked():
    def classify(*options):
        command = [sys.executable, "-m", "stream_app", "classify", "--text", *options]
        text = "you are a complete idiot\nwhat a lovely day my friends\n"
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    bad, good = classify("--explain")
    assert bad["explanation"][0]["label"] == "toxicity"
    assert bad["explanation"][0]["words"][0]["text"] == "idiot"
    assert good["explanation"] == []
    assert any(start <= 19 < 24 <= end for start, end in bad["reasons"][0]["spans"])
    assert all("explanation" not in decision for decision in classify())
