"""What docs/hub.md shows works as it stands there, with a small random model in the place of the named one."""

import json
import re
import shutil
from pathlib import Path

import pytest

from models.hub.testing import save_tiny
from models.label_map import bind, read
from stream_app.cascade_file import load_cascade

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "hub.md").read_text()
OUTPUTS = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.S)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the page's reader stands: the model, the label maps and labeled rows."""
    save_tiny(tmp_path / "toxic-bert", OUTPUTS)
    shutil.copytree(ROOT / "config" / "label_maps", tmp_path / "label_maps")
    rows = [{"text": f"text {at}", "labels": {"toxicity": at % 2, "threat": None, "hate": 0}} for at in range(20)]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_cascade_on_the_page_loads_and_scores(folder):
    (folder / "cascade.yaml").write_text(blocks("yaml")[0])
    cascade = load_cascade(folder / "cascade.yaml", device="cpu")
    assert [step.level.name for step in cascade.steps][1:] == ["hub-toxic-bert"]
    (row,) = cascade.steps[1].level.score(["hello"], ["en"])
    assert row is not None
    assert set(row.scores) == {"toxicity", "hate", "threat"}
    assert row.evidence == frozenset()


def test_the_label_map_on_the_page_is_valid(tmp_path):
    (tmp_path / "map.yaml").write_text(blocks("yaml")[1])
    assert bind(read(tmp_path / "map.yaml")[0], OUTPUTS).languages == {"en", "pt"}


def test_the_code_on_the_page_prints_a_line_for_each_label(folder, capsys):
    (code,) = blocks("python")
    exec(compile(code, "docs/hub.md", "exec"), {})  # noqa: S102 - the page's own code
    printed = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in printed] == ["toxicity", "hate", "threat"]
    assert printed[0].endswith("from 20 rows")
    assert printed[2] == "threat: calibration: {slope: 1, offset: 0} from 0 rows"
