"""Scoring needs neither the training libraries nor the network, and imports load no weights."""

import subprocess
import sys

import pytest

CODE = """
import sys
import models.classifiers.linear, models.language, models.evaluate, models.artifacts
heavy = {"scipy", "sklearn", "threadpoolctl", "requests", "fasttext", "models.training"} & set(sys.modules)
print(sorted(heavy))
"""


@pytest.mark.parametrize("code", [CODE])
def test_importing_the_classifier_stays_light(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
