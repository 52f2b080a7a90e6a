"""An artifact is loaded by what its manifest says it is."""

import json
from pathlib import Path

import pytest

from models.artifacts import default_artifact
from models.classifiers.linear import LinearClassifier
from models.classifiers.load import load_any
from models.errors import ArtifactError


def test_the_shipped_artifact_is_loaded_as_what_it_is() -> None:
    assert isinstance(load_any(default_artifact()), LinearClassifier)


@pytest.mark.parametrize(
    ("content", "named"), [("{", "not JSON"), ("[]", "known: linear.v1"), (json.dumps({"name": "x.v9"}), "'x.v9'")]
)
def test_a_folder_of_another_kind_is_refused_with_what_would_work(tmp_path: Path, content: str, named: str) -> None:
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ArtifactError, match=named):
        load_any(tmp_path)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        load_any(tmp_path)
