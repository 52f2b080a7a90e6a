"""docs/policy.md and the code agree."""

import re
from pathlib import Path

from stream_app.pipeline.costs import Costs, band_of
from stream_app.pipeline.policy import Policy

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
ROW = re.compile(r"^\| ([^|]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)


def test_the_worked_example_is_what_the_code_computes() -> None:
    rows = ROW.findall(PAGE)
    assert len(rows) == 5
    for name, wrong, miss, review, review_from, act_from in rows:
        band = band_of(Costs(float(wrong), float(miss), float(review)))
        assert band.as_tuple() == (float(review_from), float(act_from)), name


def test_the_expected_costs_of_the_example() -> None:
    costs = Costs(wrong_removal=150, miss=4, review=1)
    assert (costs.of_allow(0.5), costs.of_act(0.5)) == (2, 75)
    assert (round(costs.of_allow(0.997), 4), round(costs.of_act(0.997), 4)) == (3.988, 0.45)


def test_the_first_row_is_the_shipped_policy(shipped: Policy) -> None:
    name, *costs = ROW.findall(PAGE)[0][:4]
    assert shipped.labels[name].costs.as_tuple() == tuple(map(float, costs))


def test_no_label_or_queue_of_the_shipped_policy_stands_in_the_code(shipped: Policy) -> None:
    pipeline = Path(__file__).parents[2] / "stream_app" / "pipeline"
    words = {*shipped.labels, shipped.queues.default, *(route.queue for route in shipped.queues.routes)}
    for file in pipeline.glob("*.py"):
        assert not [word for word in words if f'"{word}"' in file.read_text()], file.name
