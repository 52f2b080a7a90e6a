import json
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from stream_app.settings import Settings, env_name, load

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
KNOWN = {env_name(field) for field in Settings.model_fields}
ONE_SHOT = {"topics"}


def test_the_file_follows_the_compose_specification() -> None:
    # The specification's own schema, as it comes with the development dependency check-jsonschema.
    # It is not imported: it wants another click than Faust does.
    (folder,) = find_spec("check_jsonschema").submodule_search_locations  # type: ignore[union-attr, misc] # installed
    schema = json.loads(Path(folder, "builtin_schemas/vendor/compose-spec.json").read_text())
    errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(COMPOSE)]
    assert errors == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_setting_of_a_service_is_known_and_valid(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        assert variable in KNOWN or not variable.startswith("WEIR_")
        if variable in KNOWN:
            monkeypatch.setenv(variable, _substituted(value))
    load()


@pytest.mark.parametrize("name", SERVICES)
def test_everything_that_a_service_names_is_there(name: str) -> None:
    service = SERVICES[name]
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"]
    for needed, how in service.get("depends_on", {}).items():
        expected = "service_completed_successfully" if needed in ONE_SHOT else "service_healthy"
        assert (needed in SERVICES, how["condition"]) == (True, expected)
    if "build" in service:
        assert (ROOT / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    else:
        assert ":" in service["image"]
        assert not service["image"].endswith(":latest")


def test_every_declared_volume_is_used() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert set(COMPOSE["volumes"]) <= used


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOT))
def test_what_keeps_running_is_watched_and_started_again(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_listens_beyond_this_machine_and_no_secret_is_written_down(name: str) -> None:
    service = SERVICES[name]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    words = ("PASSWORD", "SECRET", "TOKEN", "KEYFILE")
    assert not [variable for variable in service.get("environment", {}) if any(word in variable for word in words)]


def test_workers_reach_kafka_by_a_listener_that_it_advertises() -> None:
    advertised = SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    host_port = SERVICES["kafka"]["ports"][0].rsplit(":", 1)[0]
    for name in ("topics", "worker", "worker-gpu"):
        assert f"//{SERVICES[name]['environment']['WEIR_KAFKA_BOOTSTRAP']}," in advertised + ","
    assert f"//{host_port}" in advertised
    assert host_port == Settings().kafka_bootstrap


def test_a_worker_has_the_time_to_finish_its_batch() -> None:
    for name in ("worker", "worker-gpu"):
        assert int(SERVICES[name]["stop_grace_period"].rstrip("s")) > Settings().shutdown_seconds + 5


def test_only_the_gpu_profile_asks_for_a_device() -> None:
    with_device = {name for name, service in SERVICES.items() if "devices" in str(service.get("deploy"))}
    assert with_device == {"worker-gpu"} == {name for name, service in SERVICES.items() if "profiles" in service}
    assert SERVICES["worker-gpu"]["environment"]["WEIR_DEVICE"] == "cuda"


def test_prometheus_asks_every_process_where_it_answers() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text())
    job, review = config["scrape_configs"]
    assert review["static_configs"] == [{"targets": [f"review:{Settings().review_bind.rpartition(':')[2]}"]}]
    (workers,) = job["dns_sd_configs"]
    assert set(workers["names"]) == {name for name in SERVICES if name.startswith("worker")} | {"feedback"}
    assert workers["port"] == Settings().metrics_port
    for name in workers["names"]:
        assert f":{Settings().metrics_port}/healthz" in SERVICES[name]["healthcheck"]["test"][-1]


def test_the_image_is_made_from_what_is_there_and_runs_as_nobody_special() -> None:
    lines = _instructions((ROOT / "deploy" / "Dockerfile").read_text())
    sources = [
        source
        for instruction, rest in lines
        if instruction == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]
    ignored = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    assert {f"!{source}" for source in sources} == {line for line in ignored if line.startswith("!")}
    assert all((ROOT / source).exists() for source in sources)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= set(sources)
    set_here = [word.split("=")[0] for instruction, rest in lines if instruction == "ENV" for word in rest.split()]
    assert {name for name in set_here if name.startswith("WEIR_")} <= KNOWN
    assert [rest for instruction, rest in lines if instruction == "USER"] == ["10001"]
    assert ("EXPOSE", str(Settings().metrics_port)) in lines


def _instructions(dockerfile: str) -> list[tuple[str, str]]:
    whole = dockerfile.replace("\\\n", " ")
    lines = [line for line in whole.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1].strip()) for line in lines]


def _substituted(value: str) -> str:
    """The value with the default of ``${NAME:-default}``."""
    return value.split(":-", 1)[1].rstrip("}") if value.startswith("${") else value
