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
    levels = [json.loads(line)["level"] for line in done.stdout.splitlines()]
    assert len(levels) == 3
    lines = done.stderr.splitlines()
    assert lines[0].split() == ["decisions", "3"]
    assert "allow 66.7 %, review 33.3 %, act 0.0 %" in lines[1]
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
