"""From an assessment to a decision."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.classifier import Hit
from models.text.normalized import NormalizedText
from stream_app.contracts.codec import decode, encode
from stream_app.contracts.content import ContentItem
from stream_app.contracts.decision import Decision
from stream_app.contracts.ids import digest
from stream_app.pipeline.policy import Policy
from stream_app.pipeline.types import Assessment, BankMatch

Build = Callable[..., Any]

LABELS = ("insult", "attack", "distress")
probability = st.floats(0, 1, allow_nan=False)
some_labels = st.sets(st.sampled_from(LABELS)).map(frozenset)
some_scores = st.dictionaries(st.sampled_from(LABELS), probability)
some_hits = st.lists(
    st.builds(Hit, st.sampled_from((*LABELS, "unheard-of")), st.sampled_from(["w1", "w2"]), st.integers(-1, 5),
              st.integers(0, 30), st.integers(0, 30)), max_size=5,
).map(tuple)  # fmt: skip


def details(decision: Decision, kind: str) -> list[str]:
    return [reason.detail for reason in decision.reasons if reason.kind == kind]


@pytest.mark.parametrize(
    ("score", "verdict", "detail"),
    [
        (0.1999, "allow", "below review_from on every label that has evidence"),
        (0.19994, "allow", "below review_from on every label that has evidence"),
        (0.2, "review", "insult 0.2 >= review_from 0.2"),
        (0.19996, "review", "insult 0.2 >= review_from 0.2"),
        (0.9499, "review", "insult 0.9499 >= review_from 0.2"),
        (0.95, "limit", "insult 0.95 >= act_from 0.95"),
        (1.0, "limit", "insult 1 >= act_from 0.95"),
    ],
)
def test_both_edges_of_the_band(
    small: Policy, assess: Build, settle: Build, score: float, verdict: str, detail: str
) -> None:
    decision = settle(small, assess(insult=score))
    assert decision.verdict == verdict
    assert details(decision, "score") == [detail]
    assert decision.label == (None if verdict == "allow" else "insult")


def test_a_decision_says_all_that_repeats_it(small: Policy, assess: Build, settle: Build) -> None:
    decision = settle(small, assess(insult=0.123456, attack=0.05), supersedes="d0", text_digest="t")
    assert decision.scores == {"insult": 0.1235, "attack": 0.05, "distress": 0.0}
    assert decision.thresholds == {"insult": (0.2, 0.95), "attack": (0.1, 0.98), "distress": (0.04, 0.99)}
    assert decision.costs["attack"] == (50, 10, 1)
    assert decision.policy_version == small.version
    assert (decision.level, decision.language, decision.artifacts["lexicon"]) == ("linear", "en", "2")
    assert decision.based_on == decision.decision_id
    pairs = [("lexicon", "2"), ("linear", "1")]
    assert decision.decision_id == digest("i1", "t", small.version, pairs, "d0", None)
    assert decode(encode(decision), Decision) == decision


def test_each_cause_changes_the_id(small: Policy, shipped: Policy, assess: Build, settle: Build) -> None:
    found = assess()
    ids = {
        settle(small, found).decision_id,
        settle(shipped, found).decision_id,
        settle(small, found, supersedes="x").decision_id,
        settle(small, found, text_digest="other").decision_id,
        settle(small, found, item=ContentItem(item_id="i2", text="hello there")).decision_id,
        settle(small, assess(artifacts={"linear": "2"})).decision_id,
    }
    assert len(ids) == 6
    assert settle(small, found, latency_ms=99.0).decision_id in ids


def test_scores_of_labels_that_the_policy_does_not_know_are_kept_and_weigh_nothing(
    small: Policy, assess: Build, settle: Build
) -> None:
    decision = settle(small, assess(scores={"insult": 0.0, "attack": 0.0, "distress": 0.0, "fraud": 0.99}))
    assert (decision.verdict, decision.scores["fraud"]) == ("allow", 0.99)
    assert "fraud" not in decision.thresholds


@pytest.mark.parametrize(
    ("scores", "verdict", "label"),
    [
        ({"insult": 0.99, "attack": 0.99}, "remove", "attack"),  # the stricter of two that act
        ({"insult": 0.96, "attack": 0.5}, "limit", "insult"),  # acting goes before asking
        ({"insult": 0.9, "attack": 0.2}, "review", "insult"),  # saves 3.5 against 1
        ({"insult": 0.3, "attack": 0.9}, "review", "attack"),  # saves 8 against 0.5
        ({"insult": 1.0, "distress": 1.0}, "limit", "distress"),  # saves 25 against 5
    ],
)
def test_the_label_that_saves_most_decides(
    small: Policy, assess: Build, settle: Build, scores: dict[str, float], verdict: str, label: str
) -> None:
    decision = settle(small, assess(**scores))
    assert (decision.verdict, decision.label) == (verdict, label)
    assert decision.reasons[0].detail.startswith(label)
    assert {reason.detail.split()[0] for reason in decision.reasons} == set(scores)


def test_review_is_held_where_any_label_that_asks_for_it_says_so(small: Policy, assess: Build, settle: Build) -> None:
    assert settle(small, assess(insult=0.5)).pending == "visible"
    both = settle(small, assess(insult=0.9, attack=0.15))
    assert (both.label, both.pending) == ("insult", "held")


class TestRules:
    @pytest.mark.parametrize(
        ("label", "severity", "verdict", "pending"),
        [
            ("insult", 1, "allow", "visible"),
            ("insult", 2, "review", "visible"),
            ("insult", 3, "review", "held"),
            ("insult", 9, "review", "held"),
            ("distress", 0, "review", "visible"),
            ("unheard-of", 3, "allow", "visible"),
        ],
    )
    def test_severity_decides_what_a_hit_does(
        self, small: Policy, assess: Build, settle: Build, label: str, severity: int, verdict: str, pending: str
    ) -> None:
        decision = settle(small, assess(hits=(Hit(label, "w1", severity, 0, 5),)))
        assert (decision.verdict, decision.pending) == (verdict, pending)

    def test_a_hit_names_its_rule_and_its_places_in_the_original(
        self, small: Policy, assess: Build, settle: Build
    ) -> None:
        text = NormalizedText("bad bad", offsets=(0, 2, 4, 6, 8, 10, 12, 14))
        hits = (Hit("insult", "w1", 2, 0, 3), Hit("insult", "w1", 3, 4, 7), Hit("attack", "w2", 2, 0, 99))
        decision = settle(small, assess(hits=hits), text=text)
        assert details(decision, "rule") == ["insult rule w1, severity 3", "attack rule w2, severity 2"]
        assert [reason.spans for reason in decision.reasons] == [((0, 6), (8, 14)), ((0, 14),)]

    def test_a_text_full_of_hits_gives_few_reasons_and_spans(
        self, small: Policy, assess: Build, settle: Build
    ) -> None:
        hits = tuple(Hit("insult", f"w{at % 100}", 2, at, at + 1) for at in range(10_000))
        decision = settle(small, assess(hits=hits), text=NormalizedText("x" * 10_001))
        assert len(decision.reasons) == 16
        assert all(len(reason.spans) == 16 for reason in decision.reasons)

    @given(some_hits)
    def test_hits_alone_never_act(self, small: Policy, assess: Build, settle: Build, hits: tuple[Hit, ...]) -> None:
        for found in (assess(hits=hits), assess(hits=hits, evidence=()), assess(hits=hits, degraded="down")):
            assert settle(small, found).verdict in {"allow", "review"}


class TestWithoutEvidence:
    def test_a_guess_neither_allows_nor_acts(self, small: Policy, assess: Build, settle: Build) -> None:
        for guess in (0.0, 0.5, 1.0):
            decision = settle(small, assess(insult=guess, evidence=("attack", "distress")))
            assert (decision.verdict, decision.label, decision.pending) == ("review", "insult", "visible")
            assert decision.reasons[0].detail == "no evidence in this language for insult: a person decides"

    @pytest.mark.parametrize("label", ["attack", "distress"])
    @pytest.mark.parametrize("guess", [0.0, 1.0])
    def test_other_choices_allow_and_say_that_nothing_speaks_for_it(
        self, small: Policy, assess: Build, settle: Build, label: str, guess: float
    ) -> None:
        evidence = tuple(name for name in LABELS if name != label)
        decision = settle(small, assess(evidence=evidence, **{label: guess}))
        assert decision.verdict == "allow"
        assert [f"no evidence in this language for {label}" in reason.detail for reason in decision.reasons] == [
            False,
            True,
        ]

    def test_a_label_without_a_score_has_no_evidence(self, small: Policy, assess: Build, settle: Build) -> None:
        decision = settle(small, assess(scores={"attack": 0.0, "distress": 0.0}, evidence=LABELS))
        assert (decision.verdict, decision.label) == ("review", "insult")
        assert set(decision.thresholds) == {"attack", "distress"}

    def test_an_override_can_say_otherwise_for_a_surface(self, small: Policy, assess: Build, settle: Build) -> None:
        item = ContentItem(item_id="i", text="hm", surface="message")
        assert settle(small, assess(evidence=()), item=item).verdict == "allow"

    @given(some_scores, some_labels, some_hits)
    def test_a_label_that_needs_evidence_is_never_allowed_without(
        self,
        small: Policy,
        assess: Build,
        settle: Build,
        scores: dict[str, float],
        evidence: frozenset[str],
        hits: tuple[Hit, ...],
    ) -> None:
        decision = settle(small, assess(scores=scores, evidence=tuple(evidence), hits=hits))
        proven = evidence & set(scores)
        if "insult" not in proven:
            assert decision.verdict != "allow"
        if decision.verdict == "allow" and proven != set(LABELS):
            assert any("no evidence" in reason.detail for reason in decision.reasons)
        if decision.verdict in {"limit", "remove"}:
            assert decision.label in proven


class TestDegraded:
    def test_each_label_fails_as_its_policy_says(self, small: Policy, assess: Build, settle: Build) -> None:
        decision = settle(small, assess(scores={}, degraded="linear is unavailable"))
        assert (decision.verdict, decision.pending, decision.degraded) == ("review", "held", True)
        assert decision.label is None
        assert details(decision, "degraded") == [
            "linear is unavailable; held until a person decides: attack",
            "linear is unavailable; a person decides: insult",
            "linear is unavailable; to be checked again: distress",
        ]

    def test_what_was_found_names_the_label(self, small: Policy, assess: Build, settle: Build) -> None:
        hit = Hit("distress", "w1", 1, 0, 5)
        assert settle(small, assess(scores={}, hits=(hit,), degraded="down")).label == "distress"
        assert settle(small, assess(insult=0.2, degraded="down")).label == "insult"

    def test_where_the_policy_lets_pass_the_decision_says_that_it_must_be_checked(
        self, policy_with: Build, assess: Build, settle: Build
    ) -> None:
        def lenient(content: Any) -> None:
            for label in content["labels"].values():
                label["fail"] = "allow-and-recheck"

        decision = settle(policy_with(lenient), assess(scores={}, degraded="down"))
        assert (decision.verdict, decision.degraded) == ("allow", True)
        assert details(decision, "degraded") == ["down; to be checked again: insult, attack, distress"]

    def test_a_weaker_level_may_call_a_person_but_not_act(
        self, policy_with: Build, assess: Build, settle: Build
    ) -> None:
        lenient = policy_with(lambda content: content["labels"]["attack"].update(fail="review"))
        decision = settle(lenient, assess(insult=0.99, degraded="down"))
        assert (decision.verdict, decision.label) == ("review", "insult")
        assert "insult 0.99 >= act_from 0.95" in details(decision, "score")

    @pytest.mark.parametrize("broken", [float("nan"), float("inf"), -0.1, 1.5])
    def test_a_score_that_is_no_probability_counts_as_a_level_that_is_down(
        self, small: Policy, assess: Build, settle: Build, broken: float
    ) -> None:
        decision = settle(small, assess(insult=broken, attack=0.999))
        assert (decision.verdict, decision.degraded) == ("review", True)
        assert "insult" not in decision.scores
        assert details(decision, "degraded")[0].startswith("no usable score for insult; ")

    @given(some_scores, some_labels, some_hits)
    def test_it_never_acts_and_allows_only_where_every_label_may_be_rechecked(
        self,
        small: Policy,
        assess: Build,
        settle: Build,
        scores: dict[str, float],
        evidence: frozenset[str],
        hits: tuple[Hit, ...],
    ) -> None:
        decision = settle(small, assess(scores=scores, evidence=tuple(evidence), hits=hits, degraded="down"))
        assert decision.degraded
        assert (decision.verdict, decision.pending) == ("review", "held")


class TestMatch:
    @pytest.mark.parametrize("verdict", ["allow", "limit", "remove", "review"])
    def test_a_bank_entry_goes_before_everything(
        self, small: Policy, assess: Build, settle: Build, verdict: str
    ) -> None:
        match = BankMatch("known", "e1", "attack", verdict)
        decision = settle(small, assess(insult=0.99, match=match))
        assert (decision.verdict, decision.variant_of) == (verdict, "e1")
        assert decision.label == (None if verdict == "allow" else "attack")
        assert decision.reasons[0].kind == "match"

    def test_a_verdict_that_nobody_knows_asks_a_person(self, small: Policy, assess: Build, settle: Build) -> None:
        decision = settle(small, assess(match=BankMatch("known", "e1", "fraud", "explode")))
        assert (decision.verdict, decision.label) == ("review", "fraud")


class TestTexts:
    def test_no_text_is_decided_without_scores(self, small: Policy, assess: Build, settle: Build) -> None:
        decision = settle(small, assess(scores={}, level="no-text"))
        assert (decision.verdict, details(decision, "rule")) == ("allow", ["no-text: nothing is left to read"])

    def test_no_text_goes_to_a_person_where_the_policy_says_so(
        self, policy_with: Build, assess: Build, settle: Build
    ) -> None:
        policy = policy_with(lambda content: content.update(no_text="review"))
        assert settle(policy, assess(scores={}, level="no-text")).verdict == "review"

    @pytest.mark.parametrize("level", ["linear", "no-text"])
    def test_a_text_that_was_cut_or_mangled_goes_to_a_person(
        self, small: Policy, assess: Build, settle: Build, level: str
    ) -> None:
        text = NormalizedText("x", flags=("mostly-unknown", "unknown"))
        decision = settle(small, assess(level=level), text=text, flags=("bom", "cut"))
        assert (decision.verdict, decision.label) == ("review", None)
        assert details(decision, "rule")[0] == "text-flags: cut, mostly-unknown"

    def test_flags_that_the_policy_does_not_name_change_nothing(
        self, small: Policy, assess: Build, settle: Build
    ) -> None:
        assert settle(small, assess(), flags=("bom",)).verdict == "allow"

    def test_a_recalled_assessment_says_so(self, small: Policy, assess: Build, settle: Build) -> None:
        decision = settle(small, assess(cached=True))
        assert details(decision, "cache")
        assert decision.decision_id == settle(small, assess()).decision_id


@given(some_scores, some_labels, some_hits, st.booleans(), st.sampled_from(["", "down"]))
def test_the_same_arguments_give_the_same_decision(
    small_file: Any,
    small: Policy,
    assess: Build,
    settle: Build,
    scores: dict[str, float],
    evidence: frozenset[str],
    hits: tuple[Hit, ...],
    cached: bool,
    degraded: str,
) -> None:
    found: Assessment = assess(scores=scores, evidence=tuple(evidence), hits=hits, cached=cached, degraded=degraded)
    again: Assessment = assess(
        scores=dict(scores), evidence=tuple(sorted(evidence)), hits=hits, cached=cached, degraded=degraded
    )
    assert encode(settle(small, found)) == encode(settle(small, again))


class TestAudit:
    def test_a_drawn_decision_keeps_its_verdict_and_says_with_which_probability(
        self, policy_with: Build, assess: Build, settle: Build
    ) -> None:
        policy = policy_with(lambda content: content["sampling"].update(allow=1, act=0.5))
        decision = settle(policy, assess())
        assert decision.verdict == "allow"
        assert decision.reasons[-1].kind == "sampled"
        assert decision.sampling_probability == 1.0

    @pytest.mark.parametrize("change", [{"for_the_record": True}, {}])
    def test_neither_what_a_person_sees_anyway_nor_what_is_not_effective_is_drawn(
        self, policy_with: Build, assess: Build, settle: Build, change: dict[str, Any]
    ) -> None:
        policy = policy_with(lambda content: content["sampling"].update(allow=1, act=1))
        found = assess(insult=0.96 if change else 0.5)
        assert settle(policy, found, **change).sampling_probability is None

    def test_a_label_without_evidence_raises_the_share(
        self, policy_with: Build, assess: Build, settle: Build
    ) -> None:
        policy = policy_with(lambda content: content["sampling"].update(without_evidence=1))
        assert settle(policy, assess()).sampling_probability is None
        assert settle(policy, assess(evidence=("insult", "distress"))).sampling_probability == 1.0

    def test_labels_have_their_own_shares(self, policy_with: Build, assess: Build, settle: Build) -> None:
        shares = {"insult": {"act": 1}, "distress": {"allow": 1}}
        policy = policy_with(lambda content: content["sampling"].update(labels=shares))
        assert settle(policy, assess(insult=0.99)).sampling_probability == 1.0
        assert settle(policy, assess(attack=0.99)).sampling_probability is None
        assert settle(policy, assess(distress=0.03)).sampling_probability == 1.0
        assert settle(policy, assess(attack=0.09)).sampling_probability is None
