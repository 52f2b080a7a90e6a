"""``cascade.yaml``: levels of every kind, one way each to be unsure, and errors that name file and key."""

import sys
from types import ModuleType

import pytest
import yaml

from models import ensemble_manifest, exits
from models.artifacts import default_artifact, read_manifest
from models.classifiers.linear import LinearClassifier
from models.ensemble_manifest import EnsembleHead, EnsembleManifest, Limits, MemberEntry, OwnLines
from models.errors import ArtifactError
from models.exits import Exits, LanguageExits
from models.manifest import Recipe
from models.mixing import Mix
from models.sigmoid import Line
from models.thresholds import Thresholds
from stream_app.adapters.memory import NoCache
from stream_app.build import build_moderator, load_cascade
from stream_app.cascade_file import EXIT_HUNG
from stream_app.config_files import shipped
from stream_app.errors import ConfigError
from stream_app.pipeline.classify import classify
from stream_app.pipeline.policy_file import load_policy
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry
from stream_app.testing import FakeClassifier

LINEAR = default_artifact()


@pytest.fixture
def ensemble(tmp_path):
    """An ensemble of the shipped linear classifier alone, with exits for English."""
    linear = read_manifest(LINEAR)
    line = Line(slope=1.0, offset=0.0)
    heads = tuple(
        EnsembleHead(
            label=head.label, mix=Mix(slopes=(1.0,), offset=0.0), mixes={},
            own=(OwnLines(line=line, lines={}),), records=head.records,
        )
        for head in linear.heads
    )  # fmt: skip
    folder = tmp_path / "ensemble"
    manifest = ensemble_manifest.sealed(
        EnsembleManifest(
            format_version=1, name="ensemble.v1", version="",
            members=(MemberEntry(kind="linear", path=str(LINEAR), version=linear.version),),
            heads=heads, limits=Limits(unknown_share=1.0, disagreement=1.0, percentile=99.5), omitted=(),
            data_digest="", sources=(), metrics=(),
            recipe=Recipe(method="", seed=0, limit=None, settings={}, evidence_rule=""),
        )
    )  # fmt: skip
    ensemble_manifest.save(folder, manifest)
    exits.save(folder, make_exits(linear.version, manifest.version, linear.labels))
    return folder


def make_exits(lower, upper, labels):
    bands = dict.fromkeys(labels, (0.3, 0.9))
    return Exits(
        format_version=exits.EXITS_FORMAT, lower=lower, upper=upper, target=0.005, rows=1, left=0.5, changed=0.0,
        thresholds={"toxicity": Thresholds(review_from=0.25, act_from=0.95)},
        languages={"en": LanguageExits(rows=1, left=1, changed=0, bands=bands)},
    )  # fmt: skip


def level(classifier, **over):
    keys = {
        "classifier": classifier,
        "artifact": "shipped",
        "timeout_seconds": 5,
        "batch_texts": 64,
        "breaker": {"failures": 3, "rest_seconds": 15},
    } | over
    return {key: value for key, value in keys.items() if value is not None}


@pytest.fixture
def write(tmp_path):
    def write(*levels):
        path = tmp_path / "cascade.yaml"
        path.write_text(yaml.safe_dump({"version": "1", "levels": list(levels)}))
        return path

    return write


def fails(path, match):
    with pytest.raises(ConfigError, match=match) as caught:
        load_cascade(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["cascade.yaml", "cascade-linear.yaml"])
def test_the_shipped_files_load(name):
    assert load_cascade(shipped(name)).steps[0].level.name == "linear.v1"


def test_the_file_for_the_highest_throughput_has_the_linear_classifier_alone():
    cascade = load_cascade(shipped("cascade-linear.yaml"))
    assert [step.level.classifier.version for step in cascade.steps] == [LinearClassifier.load(LINEAR).version]


def test_two_levels_with_exits_leave_early_in_english_and_nowhere_else(write, ensemble):
    path = write(level("linear", exits="ensemble/exits.json"), level("ensemble", artifact="ensemble"))
    english, german = classify(["have a nice day my friend", "Ich wünsche dir einen schönen Tag"], load_cascade(path))
    assert (english.level, german.level) == ("linear.v1", "ensemble.v1")
    assert (english.language, german.language) == ("en", "de")


def test_one_band_for_all_stays_possible(write, ensemble):
    path = write(level("linear", unsure=[0.5, 0.9]), level("ensemble", artifact="ensemble"))
    (german,) = classify(["Ich wünsche dir einen schönen Tag"], load_cascade(path))
    assert german.level == "linear.v1"


def test_a_band_and_exits_together_are_refused(write, ensemble):
    both = level("linear", unsure=[0.1, 0.9], exits="ensemble/exits.json")
    fails(write(both, level("ensemble", artifact="ensemble")), r"levels\[0\]\.exits: .*keep one")


def test_a_level_before_the_last_needs_one_of_the_two(write, ensemble):
    fails(write(level("linear"), level("ensemble", artifact="ensemble")), r"levels\[0\]\.unsure: .*every level but")


def test_exits_at_the_last_level_are_refused(write, ensemble):
    fails(write(level("linear", exits="ensemble/exits.json")), r"levels\[0\]\.exits: .*last level")


def test_exits_for_other_versions_are_refused(write, ensemble):
    exits.save(ensemble, make_exits("another", "version", ("toxicity",)))
    path = write(level("linear", exits="ensemble/exits.json"), level("ensemble", artifact="ensemble"))
    fails(path, r"levels\[0\]\.exits: .*weir train --data DIR --only ensemble")


def test_missing_exits_are_named(write, ensemble):
    path = write(level("linear", exits="nowhere.json"), level("ensemble", artifact="ensemble"))
    fails(path, r"levels\[0\]\.exits: .*nowhere\.json")


def test_a_missing_ensemble_is_named(write):
    path = write(level("linear", unsure=[0.1, 0.9]), level("ensemble", artifact="nowhere"))
    fails(path, r"levels\[1\]\.artifact: .*nowhere")


@pytest.mark.parametrize("band", [[0.9, 0.1], [0.1], "0.1", [-1, 0.5], [0.5, 2]])
def test_a_wrong_band_is_refused(write, band):
    fails(write(level("linear", unsure=band)), r"levels\[0\]\.unsure")


def test_an_unknown_kind_names_the_known_ones(write):
    fails(write(level("oracle")), "linear, ensemble, transformer, hub")


def test_an_unknown_key_is_refused(write):
    fails(write(level("linear", unsre=[0.1, 0.9])), r"unsre.*did you mean 'unsure'")


def test_the_same_level_twice_is_refused(write):
    fails(write(level("linear", unsure=[0.1, 0.9]), level("linear")), "two levels have one name")


@pytest.fixture
def hub(monkeypatch):
    """A stand-in for the loader of hub classifiers, which keeps how it was called."""
    calls = []

    class Stand:
        @staticmethod
        def load(source, **keys):
            calls.append((source, keys))
            if source == "bad/model":
                raise ArtifactError("no such model")
            return FakeClassifier(name="hub")

    module = ModuleType("models.classifiers.hub")
    module.HubClassifier = Stand
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return calls


def test_a_hub_level_gets_its_source_revision_label_map_and_device(write, hub, tmp_path):
    path = write(level("hub", artifact=None, source="someone/model", revision="a" * 40, label_map="maps/some.yaml"))
    cascade = load_cascade(path, device="cpu")
    assert cascade.steps[0].level.name == "hub"
    keys = {"label_map": tmp_path / "maps/some.yaml", "revision": "a" * 40, "device": "cpu"}
    assert hub == [("someone/model", keys)]


def test_a_hub_folder_is_relative_to_the_file(write, hub, tmp_path):
    (tmp_path / "local").mkdir()
    load_cascade(write(level("hub", artifact=None, source="local", label_map="map.yaml")))
    assert hub[0][0] == str(tmp_path / "local")
    assert hub[0][1]["revision"] is None


def test_a_hub_level_that_cannot_be_loaded_is_named(write, hub):
    fails(
        write(level("hub", artifact=None, source="bad/model", label_map="map.yaml")), r"levels\[0\]\.source: no such"
    )


def test_a_hub_level_has_no_artifact(write, hub):
    fails(write(level("hub", source="someone/model", label_map="map.yaml")), r"levels\[0\]\.artifact: is not a key")


def test_the_setting_for_the_device_reaches_the_level(write, hub):
    path = write(level("hub", artifact=None, source="someone/model", label_map="map.yaml"))
    build_moderator(Settings(cascade=path, device="cpu"), Telemetry(), NoCache())
    assert hub[0][1]["device"] == "cpu"


def test_other_thresholds_than_the_exits_were_fitted_for_are_warned_of(write, ensemble, caplog):
    path = write(level("linear", exits="ensemble/exits.json"), level("ensemble", artifact="ensemble"))
    band = load_policy().labels["toxicity"].band
    fitted = {"toxicity": Thresholds(review_from=band.review_from, act_from=band.act_from)}
    for thresholds, warnings in ((fitted, 0), ({"toxicity": Thresholds(review_from=0.5, act_from=0.6)}, 1)):
        caplog.clear()
        cascade = load_cascade(path)
        made = make_exits(
            *(step.level.classifier.version for step in cascade.steps), cascade.steps[0].level.classifier.labels
        )
        made.thresholds.clear()
        made.thresholds.update(thresholds)
        exits.save(ensemble, made)
        build_moderator(Settings(cascade=path), Telemetry(), NoCache())
        assert len([record for record in caplog.records if "exit bands" in record.message]) == warnings


def test_the_status_of_a_process_that_hangs_is_none_that_a_command_uses():
    assert EXIT_HUNG not in (0, 1, 2, 3, 130)
