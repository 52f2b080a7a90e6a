"""What is refused at load, each with an error that says what would have worked; loading is silent and offline."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2ForSequenceClassification

from models.classifiers.hub import HubClassifier
from models.device import choose
from models.errors import ArtifactError
from models.hub.quiet import quiet
from models.hub.testing import POSITIONS, save_tiny, save_tokenizer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("hub") / "tiny")


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return shutil.copytree(whole, tmp_path / "tiny")


def load(source: Path | str, revision: str | None = None, **options: object) -> HubClassifier:
    label_map = Path(__file__).parents[2] / "config" / "label_maps" / "roberta-toxicity-classifier.yaml"
    return HubClassifier.load(str(source), label_map=label_map, revision=revision, **{"device": "cpu", **options})


def change(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def refused(source: Path | str, *words: str, revision: str | None = None, **options: object) -> None:
    with pytest.raises(ArtifactError) as caught:
        load(source, revision, **options)
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def test_a_local_folder_loads_in_silence_and_without_network(folder, monkeypatch, capfd):
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert load(folder).score(["hello"], ["en"]).probabilities.shape == (1, 1)
    assert capfd.readouterr() == ("", "")


def test_importing_the_level_does_not_import_torch():
    code = "import sys, models.classifiers.hub, models.device; print({'torch', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("set()", "")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "tf_model.h5", "model.pt"])
def test_pickled_weights_alone_are_refused(folder, name):
    (folder / "model.safetensors").rename(folder / name)
    refused(folder, name, "may run code", "save_pretrained")


def test_pickled_weights_beside_safetensors_are_not_opened(folder):
    (folder / "pytorch_model.bin").write_bytes(b"no pickle at all")
    assert load(folder).labels == ("toxicity",)


def test_no_weights_are_refused(folder):
    (folder / "model.safetensors").unlink()
    refused(folder, "no weights at all")


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
def test_a_model_with_code_of_its_own_is_refused(folder, name):
    change(folder / name, auto_map={"AutoModelForSequenceClassification": "modeling_own.Own"})
    refused(folder, name, "auto_map", "Python code", "transformers itself")


def test_an_adapter_is_refused(folder):
    (folder / "adapter_config.json").write_text("{}")
    refused(folder, "adapter", "merge")


@pytest.mark.parametrize(
    ("part", "words"), [("../other.safetensors", "beside it"), ("part-2.safetensors", "copy all files")]
)
def test_an_index_that_names_files_elsewhere_is_refused(folder, part, words):
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": part}}))
    refused(folder, part, words)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9, 0.999])
def test_truncated_weights_are_refused(folder, share):
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: int(len(data) * share)])
    refused(folder, "cannot be loaded", "whole safetensors file")


def test_another_number_of_labels_than_the_weights_have_is_refused(folder):
    change(folder / "config.json", id2label={"0": "neutral", "1": "toxic", "2": "hate"}, label2id={})
    refused(folder, "cannot be loaded", "belongs to config.json")


def test_weights_without_a_classifier_are_refused(folder):
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith("classifier")}
    save_file(kept, folder / "model.safetensors", {"format": "pt"})
    refused(folder, "classifier.out_proj.weight", "would be random")


def test_weights_that_are_not_finite_are_refused(folder):
    weights = load_file(folder / "model.safetensors")
    weights["classifier.out_proj.bias"][0] = torch.nan
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    refused(folder, "cannot be run", "not finite")


@pytest.mark.parametrize("pieces", ["".join(map(chr, range(0x4E00, 0x4E80))), "abc"])
def test_a_tokenizer_that_does_not_belong_to_the_weights_is_refused(folder, pieces):
    save_tokenizer(folder, pieces)
    refused(folder, f"numbers {len(pieces) + 4} pieces", "33 embeddings", "one commit")


def test_a_padding_token_that_the_network_does_not_know_is_refused(folder):
    change(folder / "config.json", pad_token_id=2)
    refused(folder, "pad_token_id 2", "pads with 1", "one commit")


def test_a_network_that_does_not_ignore_padding_is_refused(folder):
    """One that reads the last token takes the padding for it where config.json names another padding token."""
    sizes = {"vocab_size": 33, "n_positions": POSITIONS, "n_embd": 32, "n_layer": 1, "n_head": 2}
    names = {"id2label": {0: "neutral", 1: "toxic"}, "label2id": {"neutral": 0, "toxic": 1}}
    torch.manual_seed(0)
    with quiet():
        config = GPT2Config(**sizes, **names, pad_token_id=3, bos_token_id=0, eos_token_id=2, initializer_range=0.5)
        GPT2ForSequenceClassification(config).save_pretrained(folder)
    refused(folder, "does not ignore padding", "padding token, which is 1")
    change(folder / "config.json", pad_token_id=1)
    assert load(folder).score(["hello", "hello " * 9], ["en", "en"]).probabilities.shape == (2, 1)


def test_a_tokenizer_without_padding_token_is_refused(folder):
    change(folder / "tokenizer_config.json", pad_token=None)
    refused(folder, "no padding token")


def test_a_missing_tokenizer_is_refused(folder):
    for path in folder.glob("tokenizer*"):
        path.unlink()
    refused(folder, "tokenizer")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"model_type": "never-heard-of"}'])
def test_a_configuration_of_something_else_is_refused(folder, text):
    (folder / "config.json").write_text(text)
    refused(folder, str(folder))


def test_a_window_is_never_longer_than_the_network_has_positions(folder):
    change(folder / "tokenizer_config.json", model_max_length=10**30)
    assert load(folder, max_tokens=10**6)._encoder.window_tokens == POSITIONS


def test_a_window_too_short_to_hold_a_text_is_refused(folder):
    refused(folder, "at least 10", max_tokens=4)


def test_a_batch_of_no_tokens_is_refused(folder):
    refused(folder, "batch_tokens must be at least 1", batch_tokens=0)


def test_outputs_that_the_label_map_does_not_know_are_named(tmp_path):
    refused(save_tiny(tmp_path / "tiny", ["LABEL_0", "LABEL_1"]), "0 'LABEL_0', 1 'LABEL_1'")


@pytest.mark.parametrize("revision", [None, "main", "v1.0", COMMIT[:7], COMMIT.upper()])
def test_a_hub_id_needs_a_whole_commit(revision):
    refused("owner/name", "40 hex digits", "git ls-remote https://huggingface.co/owner/name", revision=revision)


@pytest.mark.parametrize("source", ["", "name", "/no/such/folder", "../no/such", "owner/name/more", "owner/na me"])
def test_what_is_neither_a_folder_nor_a_hub_id_is_refused(source):
    refused(source or "\x00", "neither a folder that exists nor a hub id", revision=COMMIT)


def test_a_folder_with_a_revision_is_refused(folder):
    refused(folder, "leave the revision out", revision=COMMIT)


def test_a_hub_id_without_network_says_how_to_download_beforehand(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    refused("owner/name", "cannot get", f"hf download owner/name --revision {COMMIT} --local-dir", revision=COMMIT)


def test_names_from_the_files_reach_a_message_without_control_characters(folder):
    (folder / "model.safetensors").rename(folder / "\x1b[31mred.bin")
    with pytest.raises(ArtifactError) as caught:
        load(folder)
    assert str(caught.value).isprintable()
    assert "?[31mred.bin" in str(caught.value)


def test_a_hub_id_loads_no_pickle_and_its_version_holds_id_and_commit(folder, monkeypatch):
    asked = []

    def downloaded(hub_id: str, *, revision: str, allow_patterns: list[str]) -> str:
        asked.append((hub_id, revision, allow_patterns))
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", downloaded)
    first = load("owner/name", COMMIT)
    assert asked == [("owner/name", COMMIT, ["*.safetensors", "*.json", "*.txt", "*.model"])]
    assert first.name == "hub-name"
    versions = {load("owner/name", COMMIT[::-1]).version, load("other/name", COMMIT).version, load(folder).version}
    assert len({first.version, *versions}) == 4


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose("auto").type == choose("cpu").type == "cpu"
    with pytest.raises(ArtifactError, match="device: cpu"):
        choose("cuda")


def test_a_gpu_is_taken_where_it_is_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert (choose("auto").type, choose("cuda").type, choose("cpu").type) == ("cuda", "cuda", "cpu")


def test_an_unknown_device_is_refused():
    with pytest.raises(ArtifactError, match="known: auto, cpu, cuda"):
        choose("tpu")
