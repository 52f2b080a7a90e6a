"""Reading policy.yaml: what it gives, and that every mistake names the file and the key."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from stream_app.errors import ConfigError
from stream_app.pipeline import policy_file
from stream_app.pipeline.policy import Policy, check_labels
from stream_app.pipeline.policy_file import default_policy_path, load_policy, read_policy

Content = dict[str, Any]
Spoil = Callable[[Content], object]


def test_the_shipped_policy_is_found_and_sound(shipped: Policy) -> None:
    assert default_policy_path().is_file()
    assert {"toxicity", "hate", "threat", "sexual", "self_harm", "spam"} <= set(shipped.labels)
    assert shipped.labels["toxicity"].without_evidence == "review"


def test_an_installed_wheel_brings_the_policy_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "stream_app"
    monkeypatch.setattr(policy_file, "__file__", str(package / "pipeline" / "policy_file.py"))
    assert default_policy_path() == package / "_config" / "policy.yaml"


def test_the_version_changes_with_the_content_and_not_with_comments(small_file: Path) -> None:
    text = small_file.read_text()
    version = read_policy(text, "a").version
    assert version.startswith("7+")
    assert len(version) == len("7+") + 8
    assert read_policy("# a note\n" + text, "b").version == version
    assert read_policy(text.replace("miss: 25", "miss: 26"), "a").version != version


def test_the_same_file_gives_equal_policies(small_file: Path) -> None:
    assert load_policy(small_file) == load_policy(small_file)


def _set(path: str, value: object) -> Spoil:
    def spoil(content: Content) -> None:
        *parents, last = path.split(".")
        place: Any = content
        for name in parents:
            place = place[int(name)] if name.isdigit() and isinstance(place, list) else place[name]
        place[int(last) if isinstance(place, list) or last.isdigit() else last] = value

    return spoil


def _drop(path: str) -> Spoil:
    def spoil(content: Content) -> None:
        *parents, last = path.split(".")
        place: Any = content
        for name in parents:
            place = place[name]
        del place[int(last) if last.isdigit() else last]

    return spoil


MISTAKES: list[tuple[Spoil, str, str]] = [
    (_set("label", {}), "label", "did you mean 'labels'"),
    (_set("labels.insult.cost", 1), "labels.insult.cost", "did you mean 'costs'"),
    (_set("labels.insult.colour", 1), "labels.insult.colour", "known here: "),
    (_drop("labels"), "labels", "missing"),
    (_set("labels", {}), "labels", "at least one label"),
    (_set("labels.Insult", {}), "labels.Insult", "small letters"),
    (_set("labels.insult", None), "labels.insult", "must be a mapping"),
    (_drop("labels.insult.costs.miss"), "labels.insult.costs.miss", "missing"),
    (_set("labels.insult.costs.miss", -1), "labels.insult.costs.miss", "above 0"),
    (_set("labels.insult.costs.miss", 0), "labels.insult.costs.miss", "above 0"),
    (_set("labels.insult.costs.miss", float("nan")), "labels.insult.costs.miss", "finite"),
    (_set("labels.insult.costs.miss", float("inf")), "labels.insult.costs.miss", "finite"),
    (_set("labels.insult.costs.miss", 10**400), "labels.insult.costs.miss", "finite"),
    (_set("labels.insult.costs.miss", "dear"), "labels.insult.costs.miss", "must be a number"),
    (_set("labels.insult.costs.miss", True), "labels.insult.costs.miss", "must be a number"),
    (_set("labels.insult.costs.wrong_removal", 10**6), "labels.insult.costs", "no usable thresholds"),
    (_set("labels.insult.action.verdict", "delete"), "labels.insult.action.verdict", "limit, remove"),
    (_set("labels.insult.action.verdict", "review"), "labels.insult.action.verdict", "limit, remove"),
    (_set("labels.insult.action.kind", "remove"), "labels.insult.action.kind", "limit or label"),
    (_set("labels.attack.action.kind", "limit"), "labels.attack.action.kind", "must be remove"),
    (_set("labels.insult.action.hours", 0), "labels.insult.action.hours", "above 0"),
    (_set("labels.insult.pending", "hidden"), "labels.insult.pending", "visible, held"),
    (_set("labels.insult.fail", "allow"), "labels.insult.fail", "hold, review, allow-and-recheck"),
    (_set("labels.insult.without_evidence", "allow"), "labels.insult.without_evidence", "review, sample"),
    (_set("labels.insult.rules.3", "remove"), "labels.insult.rules.3", "none, review, review-held"),
    (_drop("labels.insult.rules.2"), "labels.insult.rules.2", "missing"),
    (_set("labels.insult.rules.4", "review"), "labels.insult.rules.4", "known here: 1, 2, 3"),
    (_set("labels.insult.due_minutes", 0), "labels.insult.due_minutes", "above 0"),
    (_set("labels.insult.priority", 1.5), "labels.insult.priority", "at most 1"),
    (_set("labels.insult.always_reviewed", "yes"), "labels.insult.always_reviewed", "true or false"),
    (_set("labels.insult.ground", " "), "labels.insult.ground", "must be a text"),
    (_set("version", 7), "version", "in quotes"),
    (_set("version", "1 0"), "version", "must look like"),
    (_set("no_text", "remove"), "no_text", "allow, review"),
    (_set("suspicious_text.then", "hold"), "suspicious_text.then", "none, review, review-held"),
    (_set("suspicious_text.flags", [1]), "suspicious_text.flags", "list of texts"),
    (_set("overrides", {}), "overrides", "must be a list"),
    (_set("overrides.0.when", {}), "overrides[0].when", "matches everything"),
    (_set("overrides.0.when", {"author": "x"}), "overrides[0].when.author", "is not a key"),
    (_set("overrides.0.when", {"why": "sampled"}), "overrides[0].when.why", "is not a key"),
    (_set("overrides.0.when", {"label": "insults"}), "overrides[0].when.label", "there are insult, attack"),
    (_set("overrides.0.when", {"language": "Portuguese!"}), "overrides[0].when.language", "pt-BR"),
    (_set("overrides.0.when", {"language": "pt_BR"}), "overrides[0].when.language", "pt-BR"),
    (_set("overrides.0.when", {"region": "Brazil"}), "overrides[0].when.region", "DE"),
    (_set("overrides.0.when", {"surface": "*"}), "overrides[0].when.surface", "one word"),
    (_set("overrides.0.costs", {}), "overrides[0]", "changes nothing"),
    (_set("overrides.0.costs", {"misses": 1}), "overrides[0].costs.misses", "did you mean 'miss'"),
    (_set("overrides.0.costs", {"review": 0}), "overrides[0].costs.review", "above 0"),
    (_set("overrides.0.costs", {"wrong_removal": 10**6}), "overrides[0].costs", "for insult, where overrides [0]"),
    (_set("queues.default", "a b"), "queues.default", "must look like"),
    (_drop("queues.default"), "queues.default", "missing"),
    (_set("queues.routes.1.when", {"label": "x"}), "queues.routes[1].when.label", "none of the labels"),
    (_set("queues.routes.0.when", {"why": "random"}), "queues.routes[0].when.why", "sampled"),
    (_set("queues.routes.0.to", "x"), "queues.routes[0].to", "is not a key"),
    (_set("sampling.allow", 1.1), "sampling.allow", "at most 1"),
    (_set("sampling.act", -0.1), "sampling.act", "at least 0"),
    (_set("sampling.salt", "x" * 65), "sampling.salt", "64 bytes"),
    (_set("sampling.labels", {"x": {}}), "sampling.labels.x", "none of the labels"),
    (_set("sampling.labels", {"insult": {"deny": 0.1}}), "sampling.labels.insult.deny", "is not a key"),
    (_drop("statement.facts.appeal"), "statement.facts.appeal", "missing"),
    (_set("statement.facts.worker", "{score}"), "statement.facts.worker", "{title}"),
]


@pytest.mark.parametrize(("spoil", "key", "problem"), MISTAKES, ids=[f"{key}-{why}" for _, key, why in MISTAKES])
def test_a_mistake_names_the_file_the_key_and_what_would_have_worked(
    content: Content, spoil: Spoil, key: str, problem: str
) -> None:
    spoil(content)
    with pytest.raises(ConfigError) as caught:
        read_policy(yaml.safe_dump(content, sort_keys=False), "my.yaml")
    assert (caught.value.where, caught.value.key) == ("my.yaml", key)
    assert problem in caught.value.problem


def test_overrides_that_are_sound_alone_are_refused_where_they_are_not_sound_together(content: Content) -> None:
    content["overrides"] = [
        {"when": {"tier": "new"}, "costs": {"wrong_removal": 5000}},
        {"when": {"language": "pt"}, "costs": {"review": 0.6}},
        {"when": {"surface": "bio"}, "costs": {"wrong_removal": 9000}},
    ]
    with pytest.raises(ConfigError, match=r"overrides\[2\].costs: for insult, where overrides \[1\], \[2\] meet"):
        read_policy(yaml.safe_dump(content, sort_keys=False), "my.yaml")


def test_more_exceptions_than_anyone_can_oversee_are_refused(content: Content) -> None:
    words = [f"w{at}" for at in range(30)]
    languages = [f"l{chr(97 + at)}" for at in range(26)]
    content["overrides"] = [
        {"when": {"surface": words}, "pending": "held"},
        {"when": {"tier": words}, "pending": "held"},
        {"when": {"language": languages}, "pending": "held"},
    ]
    with pytest.raises(ConfigError, match="overrides: tell 25947 kinds of items apart"):
        read_policy(yaml.safe_dump(content, sort_keys=False), "my.yaml")


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("labels: {a: 1, a: 2}", "a", "stands twice"),
        ("version: a\nversion: b\n", "version", "again in line 2"),
        ("labels: [1, 2", "line 1", "is not YAML"),
        ("", "(file)", "must be a mapping"),
        ("- a", "(file)", "must be a mapping"),
        ("a: !!python/object/apply:os.system [ls]", "line 1", "is not YAML"),
        ("? [a, b]\n: 1", "line 1", "plain name"),
    ],
)
def test_what_is_no_mapping_of_plain_yaml_is_refused(text: str, key: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_policy(text, "my.yaml")
    assert caught.value.key == key
    assert problem in caught.value.problem


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=2)
    ),
    max_leaves=4,
)


@given(st.data())
def test_whatever_is_spoiled_gives_a_policy_or_a_config_error(small_file: Path, data: st.DataObject) -> None:
    content = yaml.safe_load(small_file.read_text())
    place: Any = content
    while True:
        key = data.draw(st.sampled_from(sorted(place, key=str)) if isinstance(place, dict) else st.just(0))
        inner = place[key]
        if not (isinstance(inner, dict | list) and inner and data.draw(st.booleans())):
            break
        place = inner
    place[key] = data.draw(anything)
    if isinstance(place, dict) and data.draw(st.booleans()):
        place[data.draw(st.integers() | st.text(max_size=3))] = data.draw(anything)
    with contextlib.suppress(ConfigError):
        read_policy(yaml.safe_dump(content), "my.yaml")


@pytest.mark.parametrize("text", ["a: &x [*x]", "labels: &x {a: *x}", "<<: 1", "a: *b", "&x ? *x : 1"])
def test_references_in_a_circle_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        read_policy(text, "my.yaml")


def test_norwegian_is_not_false(small_file: Path) -> None:
    text = small_file.read_text().replace("{language: pt}", "{language: no, region: NO}")
    policy = read_policy(text, "my.yaml")
    assert policy.overrides[0].when.languages == {"no"}
    assert policy.overrides[0].when.regions == {"NO"}


def test_a_file_that_is_not_there_or_not_utf8_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_policy(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_policy(tmp_path / "latin.yaml")


def test_labels_that_are_scored_but_not_in_the_policy_stop_the_start(small: Policy) -> None:
    check_labels(small, ("insult", "attack"))
    with pytest.raises(ConfigError, match=r"labels\.fraud: .*there are insult, attack, distress"):
        check_labels(small, ("insult", "fraud"))


@pytest.mark.parametrize(
    ("language", "region", "surface", "tier", "insult"),
    [
        ("en", None, "post", None, (0.2, 0.95)),
        ("pt", None, "post", None, (0.1, 0.95)),
        ("PT-br", "BR", "post", None, (0.1, 0.95)),
        ("pt-BR", None, "post", "new", (0.1, 0.975)),
        ("pt-BR", None, "post", "old", (0.1, 0.95)),
        ("pt", None, "post", "new", (0.1, 0.95)),
        ("ptx", None, "post", "new", (0.2, 0.95)),
        ("en", None, "message", "trial", (0.2, 0.95)),
    ],
)
def test_overrides_apply_in_order_to_what_they_name(
    small: Policy, language: str, region: str | None, surface: str, tier: str | None, insult: tuple[float, float]
) -> None:
    bands = small.bands_for(language, region, surface, tier)
    assert bands.thresholds["insult"] == insult
    assert bands.by_label["insult"].pending == ("held" if surface == "message" else "visible")


def test_words_from_outside_never_grow_the_table_without_bound(small_file: Path) -> None:
    policy = load_policy(small_file)
    for at in range(10_000):
        policy.bands_for("en", f"R{at}", f"surface-{at}", f"tier-{at}")
    assert len(policy.table._by_key) <= 4096
    assert len(policy.table._by_overrides) == 1
