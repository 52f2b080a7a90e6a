"""``weir classify --summary``: shares for people, apart from the decisions."""

import json
import subprocess
import sys


def test_the_summary_is_on_standard_error_and_adds_up():
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", "classify", "--text", "--summary"],
        input="I will kill you tomorrow\nI love this song so much\n\n",
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    decisions = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["verdict"] == "allow" for each in decisions] == [False, True, True]
    lines = done.stderr.splitlines()
    assert lines[0].split() == ["decisions", "3"]
    review, act = ("33.3", "0.0") if decisions[0]["verdict"] == "review" else ("0.0", "33.3")
    assert f"allow 66.7 %, review {review} %, act {act} %" in lines[1]
    assert "no-text 33.3 %" in lines[2]


def test_without_the_option_nothing_is_said():
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", "classify", "--text"],
        input="I love this song so much\n",
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert (done.returncode, done.stderr) == (0, "")
