from pathlib import Path

import pytest
from pydantic import SecretStr

from stream_app.contracts.topics import CONTENT
from stream_app.errors import ConfigError
from stream_app.settings import Settings, describe, env_name, load


def test_without_anything_the_defaults_hold() -> None:
    settings = load()
    assert settings.kafka_bootstrap == "127.0.0.1:9092"
    assert settings.topic(CONTENT) == "moderation.content"
    assert settings.sasl_password() is None


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "weir.yaml"
    file.write_text("batch_items: 7\nconsumer_group: from-file\npolicy: /p.yaml\ndevice:\n")
    monkeypatch.setenv("WEIR_CONFIG", str(file))
    monkeypatch.setenv("WEIR_CONSUMER_GROUP", "from-environment")
    settings = load()
    assert (settings.batch_items, settings.consumer_group) == (7, "from-environment")
    assert settings.policy == Path("/p.yaml")
    rows = {row.name: row for row in describe(settings)}
    assert rows["WEIR_BATCH_ITEMS"].source == str(file)
    assert rows["WEIR_CONSUMER_GROUP"].source == "environment"
    assert (rows["WEIR_DEVICE"].value, rows["WEIR_DEVICE"].source) == ("auto", "default")
    assert {row.name: row for row in describe(Settings(batch_wait_ms=5))}["WEIR_BATCH_WAIT_MS"].source == "argument"


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_POLICY", "")
    assert load().policy is None


@pytest.mark.parametrize(
    ("variable", "nearest"),
    [("WEIR_KAFKA_BOOTSTRAPS", "WEIR_KAFKA_BOOTSTRAP"), ("WEIR_TOPICPREFIX", "WEIR_TOPIC_PREFIX")],
)
def test_an_unknown_variable_is_refused_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, variable: str, nearest: str
) -> None:
    monkeypatch.setenv(variable, "x")
    with pytest.raises(ConfigError) as caught:
        load()
    assert (caught.value.where, caught.value.key) == ("environment", variable)
    assert nearest in caught.value.problem


def test_variables_of_tests_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_TEST_ANYTHING", "1")
    monkeypatch.setenv("WEIR_CI", "1")
    load()


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("kafka_bootstap: x", "kafka_bootstap", "the nearest is kafka_bootstrap"),
        ("WEIR_DEVICE: cpu", "WEIR_DEVICE", "the nearest is device"),
        ("batch_items: many", "batch_items", "valid integer"),
        ("batch_items: 0", "batch_items", "greater than or equal to 1"),
        ("- a", "(the file)", "mapping"),
        ("a: [", "(the file)", "not YAML"),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, key: str, problem: str
) -> None:
    file = tmp_path / "weir.yaml"
    file.write_text(text)
    monkeypatch.setenv("WEIR_CONFIG", str(file))
    with pytest.raises(ConfigError) as caught:
        load()
    assert (caught.value.where, caught.value.key) == (str(file), key)
    assert problem in caught.value.problem


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEIR_CONFIG", str(tmp_path / "no.yaml"))
    with pytest.raises(ConfigError, match=r"WEIR_CONFIG: .*no\.yaml cannot be read: No such file"):
        load()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("METRICS_PORT", "65536"),
        ("POISON_LIMIT", "nan"),
        ("POISON_LIMIT", "0"),
        ("LEVEL_TIMEOUT_SECONDS", "inf"),
        ("TOPIC_PREFIX", "a b"),
        ("KAFKA_SECURITY_PROTOCOL", "TLS"),
        ("KAFKA_BOOTSTRAP", "  "),
        ("TRANSACTIONS", "perhaps"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, field: str, value: str) -> None:
    monkeypatch.setenv(f"WEIR_{field}", value)
    with pytest.raises(ConfigError) as caught:
        load()
    assert (caught.value.where, caught.value.key) == ("environment", f"WEIR_{field}")


def test_a_secret_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIR_KAFKA_SASL_PASSWORD", "hunter2")
    settings = load()
    assert settings.sasl_password() == "hunter2"
    assert "hunter2" not in f"{settings!r} {settings} {describe(settings)} {settings.model_dump_json()}"
    monkeypatch.setenv("WEIR_BATCH_ITEMS", "hunter2")
    with pytest.raises(ConfigError) as caught:
        load()
    assert "hunter2" not in str(caught.value)


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("from a file \n")
    assert Settings(kafka_sasl_password_file=file).sasl_password() == "from a file "
    both = Settings(kafka_sasl_password_file=file, kafka_sasl_password=SecretStr("x"))
    with pytest.raises(ConfigError, match="WEIR_KAFKA_SASL_PASSWORD; set one of them"):
        both.sasl_password()
    with pytest.raises(ConfigError, match="cannot be read"):
        Settings(kafka_ssl_key_password_file=tmp_path / "no").ssl_key_password()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().batch_items = 3


def test_docs_list_every_setting_with_its_default_and_nothing_else() -> None:
    docs = (Path(__file__).resolve().parents[2] / "docs" / "settings.md").read_text()
    listed = {}
    for line in docs.split("## Not settings")[0].splitlines():
        if line.startswith("| `WEIR_"):
            name, default, meaning = (cell.strip() for cell in line.strip("|").split("|", 2))
            assert meaning.strip("| ")
            listed[name.strip("`")] = default.strip("`")
    defaults = {row.name: row.value for row in describe(Settings())}
    assert listed == defaults
    assert set(listed) == {env_name(field) for field in Settings.model_fields}
