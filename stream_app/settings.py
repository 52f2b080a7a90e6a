"""Every setting, read once at the start and passed on as a value.

A setting comes from an environment variable ``WEIR_<NAME>`` or from the YAML file that ``WEIR_CONFIG`` names; the
environment wins. What is not known is refused in both, so that a misspelled setting cannot go unnoticed.
"""

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, InitSettingsSource, PydanticBaseSettingsSource
from pydantic_settings import SettingsConfigDict as Config

from stream_app.contracts.topics import Topic
from stream_app.errors import ConfigError

PREFIX = "WEIR_"
ENVIRONMENT = "environment"
# Read by the tests or by this module itself, so they are no settings.
_EXEMPT = ("WEIR_CONFIG", "WEIR_CI")
_EXEMPT_PREFIX = "WEIR_TEST_"

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
# What Kafka allows in the name of a topic, and short enough that the longest name still fits its 249 characters.
TopicPrefix = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]*$", max_length=200)]
NonEmpty = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Settings(BaseSettings):
    """The settings of every process of this system. Paths are relative to the working folder."""

    model_config = Config(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        validate_default=False,
        allow_inf_nan=False,
    )

    kafka_bootstrap: NonEmpty = "127.0.0.1:9092"
    topic_prefix: TopicPrefix = "moderation."
    consumer_group: NonEmpty = "weir"
    data_dir: Path = Path(".weir")

    kafka_security_protocol: SecurityProtocol = "PLAINTEXT"
    kafka_sasl_mechanism: SaslMechanism | None = None
    kafka_sasl_username: str | None = None
    kafka_sasl_password: SecretStr | None = None
    kafka_sasl_password_file: Path | None = None
    kafka_ssl_cafile: Path | None = None
    kafka_ssl_certfile: Path | None = None
    kafka_ssl_keyfile: Path | None = None
    kafka_ssl_key_password: SecretStr | None = None
    kafka_ssl_key_password_file: Path | None = None
    kafka_ssl_check_hostname: bool = True

    policy: Path | None = None
    cascade: Path | None = None
    registry: Path | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"

    batch_items: int = Field(default=512, ge=1, le=65536)
    batch_wait_ms: int = Field(default=20, ge=0, le=60_000)
    max_value_bytes: int = Field(default=1_048_576, ge=1024, le=64 * 2**20)
    max_batch_bytes: int = Field(default=128 * 2**20, ge=2**20, le=2_147_483_648)
    content_keyed_by_item: bool = True
    transactions: bool = True
    session_timeout_seconds: int = Field(default=10, ge=1, le=300)
    commit_interval_ms: int = Field(default=1000, ge=10, le=60_000)
    broker_max_poll_records: int = Field(default=256, ge=1, le=65536)
    # A day: a worker that stops polling for long is ended by its own watchdog, not thrown out of its group.
    broker_max_poll_interval_seconds: int = Field(default=86_400, ge=60, le=86_400)
    level_timeout_seconds: float = Field(default=30.0, gt=0, le=600)
    stall_seconds: int = Field(default=60, ge=1, le=3600)
    shutdown_seconds: int = Field(default=25, ge=1, le=3600)
    poison_limit: float = Field(default=0.2, gt=0, le=1)
    poison_window: int = Field(default=1000, ge=10, le=1_000_000)
    cache_enabled: bool = True
    cache_max_bytes: int = Field(default=256 * 2**20, ge=2**20)
    ledger_retention_days: int = Field(default=365, ge=1, le=3650)

    database_url: SecretStr | None = None
    review_bind: NonEmpty = "127.0.0.1:8788"
    review_url: str | None = None
    review_trusted_proxies: str = ""
    review_config: Path | None = None
    review_key_file: Path | None = None
    review_kafka: bool = True
    review_oidc_issuer: str | None = None
    review_oidc_client_id: str | None = None
    review_oidc_client_secret: SecretStr | None = None
    review_oidc_client_secret_file: Path | None = None

    metrics_port: int = Field(default=9464, ge=0, le=65535)
    metrics_bind: NonEmpty = "127.0.0.1"
    log_format: Literal["json", "text"] = "json"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    trip_point: str = ""
    trip_after: int = Field(default=1, ge=1)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file; the first that names a setting decides it."""
        return init_settings, _Environment(settings_cls), InitSettingsSource(settings_cls, _file_values())

    def topic(self, topic: Topic | str) -> str:
        """The name that a topic has in Kafka."""
        return self.topic_prefix + (topic.name if isinstance(topic, Topic) else topic)

    def sasl_password(self) -> str | None:
        """The password of the user, from its setting or its file."""
        return self._secret("kafka_sasl_password")

    def ssl_key_password(self) -> str | None:
        """The password of the client's key, from its setting or its file."""
        return self._secret("kafka_ssl_key_password")

    def oidc_client_secret(self) -> str | None:
        """The secret for the identity provider, from its setting or its file."""
        return self._secret("review_oidc_client_secret")

    def _secret(self, name: str) -> str | None:
        value: SecretStr | None = getattr(self, name)
        file: Path | None = getattr(self, f"{name}_file")
        if value is not None and file is not None:
            raise error(self, f"{name}_file", f"is set together with {env_name(name)}; set one of them")
        if file is None:
            return None if value is None else value.get_secret_value()
        try:
            # An editor's newline at the end is not part of a password.
            return file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as problem:
            raise error(self, f"{name}_file", f"{file} cannot be read: {_plain(problem)}") from problem


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a listing of settings. ``source`` is a file, ``environment``, ``argument`` or ``default``."""

    name: str
    value: str
    source: str


def load() -> Settings:
    """Read the settings. Raises ConfigError, which names the file or the environment, the key and the problem."""
    try:
        return Settings()
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        where = _where(field)
        raise ConfigError(where, _key(field, where), first["msg"][:1].lower() + first["msg"][1:]) from None


def env_name(field: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + field.upper()


def error(settings: Settings, field: str, problem: str) -> ConfigError:
    """The error for a setting that is valid by itself and does not fit the others."""
    where = _where(field) if field in settings.model_fields_set else ENVIRONMENT
    return ConfigError(where, _key(field, where), problem)


def describe(settings: Settings) -> list[Row]:
    """Every setting with its value and where that came from; secrets are hidden."""
    rows = []
    for field in Settings.model_fields:
        value = getattr(settings, field)
        source = "default"
        if field in settings.model_fields_set:
            source = ENVIRONMENT if os.environ.get(env_name(field)) else _file_or_argument(field)
        rows.append(Row(env_name(field), _shown(value), source))
    return rows


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return "(hidden)"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


class _Environment(EnvSettingsSource):
    """The variables ``WEIR_…``; one that is no setting is refused."""

    def __call__(self) -> dict[str, Any]:
        known = [env_name(field) for field in Settings.model_fields]
        for name in sorted(os.environ):
            upper = name.upper()
            if not upper.startswith(PREFIX) or upper in _EXEMPT or upper.startswith(_EXEMPT_PREFIX):
                continue
            if upper not in known:
                raise ConfigError(ENVIRONMENT, name, f"is no setting{_nearest(upper, [*known, *_EXEMPT])}")
        return super().__call__()


def _file_values() -> dict[str, Any]:
    """What the file says; empty where ``WEIR_CONFIG`` names none."""
    name = os.environ.get("WEIR_CONFIG", "")
    if not name:
        return {}
    try:
        values = yaml.safe_load(Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(ENVIRONMENT, "WEIR_CONFIG", f"{name} cannot be read: {_plain(problem)}") from problem
    except yaml.YAMLError as problem:
        raise ConfigError(name, "(the file)", f"is not YAML: {' '.join(str(problem).split())}") from problem
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(name, "(the file)", "must be a mapping from names of settings to values")
    for key in values:
        if key not in Settings.model_fields:
            hint = _nearest(str(key), Settings.model_fields)
            raise ConfigError(name, str(key), f"is no setting{hint or '; names are lower case, without WEIR_'}")
    # Left empty in the file means the same as left out.
    return {key: value for key, value in values.items() if value is not None}


def _file_or_argument(field: str) -> str:
    return os.environ["WEIR_CONFIG"] if field in _file_values() else "argument"


def _where(field: str) -> str:
    """Where a setting's value was read."""
    if os.environ.get(env_name(field)):
        return ENVIRONMENT
    file = os.environ.get("WEIR_CONFIG", "")
    return file if file and field in _file_values() else ENVIRONMENT


def _key(field: str, where: str) -> str:
    return env_name(field) if where == ENVIRONMENT else field


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name.upper(), {each.upper(): each for each in known}, n=1, cutoff=0.6)
    if not near:
        return ""
    return f"; the nearest is {next(each for each in known if each.upper() == near[0])}"


def _plain(problem: Exception) -> str:
    return problem.strerror or str(problem) if isinstance(problem, OSError) else str(problem)
