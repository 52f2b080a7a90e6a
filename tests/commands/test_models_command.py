"""``weir models`` as its users run it."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from models.artifacts import MANIFEST_FILE, WEIGHTS_FILE, default_artifact, read_manifest
from models.exits import EXITS_FILE
from models.transformer.testing import save_tiny
from stream_app import cli

Weir = Callable[..., tuple[int, str, str]]


@pytest.fixture
def weir(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Weir:
    """Run the command in this process; exit status, standard output, standard error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["weir", "models", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("artifacts") / "transformer"
    save_tiny(folder, ("toxicity", "spam"), evidence=("en", "de"))
    return folder


def test_what_ships_is_listed_with_its_evidence(weir: Weir) -> None:
    status, out, err = weir("list")
    manifest = read_manifest(default_artifact())
    assert (status, err) == (0, "")
    assert "romanized" in out
    assert manifest.version in out
    for head in manifest.heads:
        assert head.label in out


def test_a_list_as_json_says_it_all(weir: Weir, tiny: Path) -> None:
    status, out, _ = weir("list", tiny.parent, "--json")
    (entry,) = json.loads(out)
    assert status == 0
    assert entry["folder"] == str(tiny)
    assert entry["name"] == "transformer.v1"
    assert entry["bytes"] == sum(path.stat().st_size for path in tiny.iterdir())
    assert entry["evidence"] == {"toxicity": ["de", "en"], "spam": ["de", "en"]}


def test_an_artifact_that_cannot_be_read_does_not_hide_the_others(weir: Weir, tiny: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny, tmp_path / "good")
    for name, text in (("cut", "{"), ("other", "[]"), ("evil\x1b[2J", "no")):
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST_FILE).write_text(text)
    status, out, err = weir("list", tmp_path)
    assert status == 1
    assert "good" in out
    assert len(err.splitlines()) == 3
    assert "\x1b" not in out + err


def test_an_artifact_is_shown_by_name_or_by_folder(weir: Weir, tiny: Path) -> None:
    status, out, _ = weir("show", "linear")
    manifest = read_manifest(default_artifact())
    assert status == 0
    for part in (manifest.version, manifest.data_digest, "evidence needs", "every digest agrees"):
        assert part in out
    status, out, _ = weir("show", tiny)
    assert status == 0
    for part in ("transformer.v1", "fine-tuning, step 1 of 1", "vocabulary SHA-256", "500 / 500", "0.900 (0.850 to"):
        assert part in out


def test_what_is_shown_as_json_holds_the_records(weir: Weir, tiny: Path) -> None:
    found = json.loads(weir("show", tiny, "--json")[1])
    assert found["manifest"]["heads"][0]["records"]["en"]["auc"] == 0.9


def test_a_damaged_artifact_is_wrong_use_and_says_what_would_do(weir: Weir, tiny: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "copy")
    (folder / WEIGHTS_FILE).write_bytes(b"junk")
    for command in (("show", folder), ("export", folder, tmp_path / "out")):
        status, out, err = weir(*command)
        assert (status, out) == (2, "")
        assert "truncated" in err
        assert err.count("\n") == 1


def test_edited_exits_of_an_ensemble_are_noticed(weir: Weir, tmp_path: Path) -> None:
    shipped = default_artifact().parent
    for name in ("ensemble", "linear", "transformer"):
        shutil.copytree(shipped / name, tmp_path / name)
    assert weir("show", tmp_path / "ensemble")[0] == 0
    path = tmp_path / "ensemble" / EXITS_FILE
    path.write_text(path.read_text().replace('"target": 0.005', '"target": 0.5'))
    status, _, said = weir("show", tmp_path / "ensemble")
    assert status == 2
    assert "was edited" in said


def test_what_a_manifest_says_never_steers_the_terminal(weir: Weir, tiny: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "copy")
    text = (folder / MANIFEST_FILE).read_text().replace("random weights for tests", "\\u001b[2J[red]x[/red]")
    (folder / MANIFEST_FILE).write_text(text)
    status, out, _ = weir("show", folder)
    assert status == 0
    assert "\x1b" not in out
    assert "[red]x[/red]" in out


def test_a_folder_without_an_artifact_is_wrong_use(weir: Weir, tmp_path: Path) -> None:
    status, _, err = weir("show", tmp_path / "absent")
    assert status == 2
    assert "linear, romanized" in err
    status, _, err = weir("list", tmp_path)
    assert status == 2
    assert "holds no artifacts" in err


def test_a_transformer_is_exported(weir: Weir, tiny: Path, tmp_path: Path) -> None:
    status, out, _ = weir("export", tiny, tmp_path / "out")
    assert status == 0
    assert str(tmp_path / "out") in out
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {p.name for p in (tmp_path / "out").iterdir()}
    status, _, err = weir("export", tiny, tmp_path / "out")
    assert status == 2
    assert "name a new folder" in err


def test_only_a_transformer_can_be_exported(weir: Weir, tmp_path: Path) -> None:
    status, _, err = weir("export", "linear", tmp_path / "out")
    assert status == 2
    assert "is of the kind linear.v1; only transformer.v1 can be exported" in err
    assert not (tmp_path / "out").exists()


def test_a_list_needs_no_torch() -> None:
    code = (
        "import sys; sys.argv = ['weir', 'models', 'list']\nfrom stream_app import cli\n"
        "try: cli.main()\nexcept SystemExit: print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines()[-1] == "set()"
