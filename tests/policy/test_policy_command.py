"""``weir policy check`` and ``weir policy explain``."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stream_app.commands.policy import app
from stream_app.contracts.codec import encode
from stream_app.pipeline.policy import Policy

Build = Callable[..., Any]
runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"})


def test_check_shows_the_shipped_thresholds(shipped: Policy) -> None:
    result = runner.invoke(app, ["check"])
    assert result.exit_code == 0
    assert shipped.version in result.stdout
    for label in shipped.labels.values():
        assert label.label in result.stdout
        assert f"{label.band.act_from:g}" in result.stdout


def test_check_gives_each_label_once_and_once_more_for_each_exception(small_file: Path) -> None:
    result = runner.invoke(app, ["check", str(small_file), "--json"])
    rows = json.loads(result.stdout)["labels"]
    insult = [(row["when"], row["review_from"], row["act_from"]) for row in rows if row["label"] == "insult"]
    assert ({}, 0.2, 0.95) in insult
    assert ({"language": "pt"}, 0.1, 0.95) in insult
    assert ({"language": "pt-br", "tier": "new"}, 0.1, 0.975) in insult
    assert len(insult) == 6
    distress = [row["when"] for row in rows if row["label"] == "distress"]
    assert distress == [{}, {"surface": "message"}, {"language": "pt"}, {"language": "pt", "surface": "message"}]


def test_check_exits_with_2_and_names_file_and_key(tmp_path: Path, small_file: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(small_file.read_text().replace("miss: 25", "miss: -25"))
    result = runner.invoke(app, ["check", str(bad)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert f"{bad}: labels.distress.costs.miss: must be above 0" in result.stderr


def test_check_of_a_file_that_is_not_there_exits_with_2(tmp_path: Path) -> None:
    result = runner.invoke(app, ["check", str(tmp_path / "none.yaml")])
    assert result.exit_code == 2
    assert "none.yaml" in result.stderr


def test_explain_says_what_each_choice_would_have_cost(
    tmp_path: Path, small: Policy, assess: Build, settle: Build
) -> None:
    file = tmp_path / "decision.json"
    file.write_bytes(encode(settle(small, assess(insult=0.5))))
    result = runner.invoke(app, ["explain", str(file), "--json"])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert "sent to a person as insult" in told["summary"]
    assert "stays visible" in told["summary"]
    assert told["reasons"] == ["score: insult 0.5 >= review_from 0.2"]
    assert told["weighings"][0] == {
        "label": "insult", "score": 0.5, "review_from": 0.2, "act_from": 0.95,
        "cost_of_allow": 2.5, "cost_of_review": 1.0, "cost_of_act": 10.0, "asks_for": "review",
    }  # fmt: skip


def test_explain_reads_lines_from_standard_input(decided: Build) -> None:
    ruled = decided("remove", decided_by="reviewer", ruling_id="r", for_the_record=True)
    lines = b"\n".join((encode(decided("allow", degraded=True)), b"", encode(ruled)))
    result = runner.invoke(app, ["explain", "-"], input=lines)
    assert result.exit_code == 0
    assert "was allowed" in result.stdout
    assert "A part of the path was down" in result.stdout
    assert "A person decided it" in result.stdout
    assert "for the record" in result.stdout
    assert "asks for" in result.stdout


@pytest.mark.parametrize("verdict", ["allow", "limit", "remove", "review"])
def test_explain_speaks_every_verdict(verdict: str, decided: Build) -> None:
    result = runner.invoke(app, ["explain", "-"], input=encode(decided(verdict, costs={})))
    assert result.exit_code == 0
    assert "?" in result.stdout


def test_explain_reads_a_decision_that_is_printed_over_several_lines(decided: Build) -> None:
    printed = json.dumps(json.loads(encode(decided("allow"))), indent=2)
    assert runner.invoke(app, ["explain", "-"], input=printed).exit_code == 0


def test_explain_goes_on_after_a_bad_line_and_exits_with_1(decided: Build) -> None:
    lines = b'{"decision_id": 3}\n\nnonsense\n' + encode(decided("allow"))
    result = runner.invoke(app, ["explain", "-"], input=lines)
    assert result.exit_code == 1
    assert "-: line 1: decode: schema: " in result.stderr
    assert "-: line 3: decode: json: " in result.stderr
    assert "was allowed" in result.stdout


def test_explain_of_nothing_is_bad_input(tmp_path: Path) -> None:
    result = runner.invoke(app, ["explain", "-"], input="\n")
    assert (result.exit_code, result.stderr) == (1, "-: holds no decision; one JSON object a line would do\n")
    assert runner.invoke(app, ["explain", str(tmp_path / "none")]).exit_code == 1
