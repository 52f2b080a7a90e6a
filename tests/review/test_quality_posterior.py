import numpy as np
import pytest

from human_review.quality.overlap import Given, weigh
from human_review.quality.posterior import VERDICTS, confusion_of, posterior
from human_review.quality.weights import Trust
from human_review.review_file import Quality

EVEN = dict.fromkeys(VERDICTS, 1 / 3)
GOOD = Trust(0.9, 0.9)


def given(*verdicts: str, trust: Trust = GOOD, labels: tuple[str, ...] = ()) -> list[Given]:
    return [Given(verdict, labels, trust) for verdict in verdicts]


def test_one_answer_leaves_its_givers_doubt() -> None:
    assert posterior([("remove", GOOD)], EVEN)["remove"] == pytest.approx(0.9)


def test_two_that_agree_are_surer_and_two_that_do_not_are_not() -> None:
    assert posterior([("remove", GOOD)] * 2, EVEN)["remove"] == pytest.approx(0.81 / (0.81 + 2 * 0.0025))
    torn = posterior([("remove", GOOD), ("allow", GOOD)], EVEN)
    assert torn["remove"] == pytest.approx(torn["allow"])


def test_what_is_rare_needs_more_to_be_believed() -> None:
    rare = {"allow": 0.98, "limit": 0.01, "remove": 0.01}
    assert posterior([("remove", GOOD)], rare)["remove"] < 0.5
    assert posterior([("remove", GOOD)] * 3, rare)["remove"] > 0.95


def test_a_trusted_person_outweighs_two_who_guess() -> None:
    guess = Trust(1 / 3, 1 / 3)
    answers = [("remove", Trust(0.95, 0.95)), ("allow", guess), ("allow", guess)]
    assert max(posterior(answers, EVEN), key=posterior(answers, EVEN).__getitem__) == "remove"


def test_rows_of_a_confusion_matrix_sum_to_one() -> None:
    assert confusion_of(Trust(0.8, 0.95)).sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("trust", "weight"), [((1, 1), 1.0), ((0.5, 0.5), 0.0), ((0.2, 0.3), 0.0), ((0.9, 0.8), 0.7)]
)
def test_a_weight_is_what_answers_tell_beyond_chance(trust: tuple[float, float], weight: float) -> None:
    assert Trust(*trust).weight == pytest.approx(weight)


def test_one_answer_of_a_good_person_is_final_where_one_was_wanted() -> None:
    settled = weigh(given("remove", labels=("hate",)), EVEN, Quality())
    assert (settled.final, settled.verdict, settled.labels) == (True, "remove", ("hate",))
    assert settled.weight == pytest.approx(0.8)
    assert not weigh(given("remove"), EVEN, Quality(), wanted=2).final


def test_one_answer_of_a_poor_person_wants_another() -> None:
    assert not weigh(given("remove", trust=Trust(0.6, 0.6)), EVEN, Quality()).final


def test_people_who_disagree_get_a_third_and_then_the_likelier_verdict_stands() -> None:
    assert not weigh(given("remove", "allow"), EVEN, Quality(), wanted=2).final
    settled = weigh(given("remove", "allow", "remove"), EVEN, Quality(), wanted=3)
    assert (settled.final, settled.verdict) == (True, "remove")
    assert settled.weight == pytest.approx(0.0405 / (0.0405 + 0.00225 + 0.000125))


def test_only_what_somebody_said_can_be_the_verdict() -> None:
    sure = {"allow": 0.999, "limit": 0.0005, "remove": 0.0005}
    assert weigh(given("remove"), sure, Quality(most_answers=1)).verdict == "remove"


def test_labels_are_those_that_half_of_those_behind_the_verdict_named() -> None:
    answers = [Given("remove", ("hate", "spam"), GOOD), Given("remove", ("hate",), GOOD), Given("remove", (), GOOD)]
    assert weigh(answers, EVEN, Quality(), wanted=3).labels == ("hate",)


def test_overlap_that_follows_doubt_is_as_accurate_as_three_answers_each_with_30_percent_fewer() -> None:
    """3,000 tasks, people right in 75 to 97 %: asking until it is sure, against always asking three."""
    rng = np.random.default_rng(21)
    trust = [Trust(right, right) for right in rng.uniform(0.75, 0.97, size=20)]
    always = Quality(sure=0.9, sure_alone=0.9, most_answers=5)
    asked = right = right_of_three = 0
    for truth in rng.choice(VERDICTS, size=3000, p=[0.6, 0.15, 0.25]):
        answers = []
        for person in rng.permutation(20)[:5]:
            others = [verdict for verdict in VERDICTS if verdict != truth]
            is_right = rng.random() < trust[person].sensitivity
            answers.append(Given(str(truth) if is_right else str(rng.choice(others)), (), trust[person]))
        first = next(count for count in range(1, 6) if weigh(answers[:count], EVEN, always).final)
        asked += first
        right += weigh(answers[:first], EVEN, always).verdict == truth
        right_of_three += weigh(answers[:3], EVEN, Quality(sure=1.0, most_answers=3)).verdict == truth
    assert asked <= 0.7 * 3 * 3000
    assert right >= right_of_three - 0.005 * 3000
