"""One mapping from the settings to what each of the three Kafka libraries calls them.

Raises ConfigError for settings that contradict each other, so that a wrong combination never becomes a connection
that is less safe than it was meant to be.
"""

import ssl
from pathlib import Path
from typing import Any

from stream_app.settings import Settings, env_name, error

_SASL = ("SASL_PLAINTEXT", "SASL_SSL")
_TLS = ("SSL", "SASL_SSL")


def confluent_config(settings: Settings) -> dict[str, Any]:
    """The connection part of a confluent-kafka configuration."""
    check(settings)
    config: dict[str, Any] = {
        "bootstrap.servers": settings.kafka_bootstrap,
        "security.protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol in _SASL:
        config |= {
            "sasl.mechanism": settings.kafka_sasl_mechanism,
            "sasl.username": settings.kafka_sasl_username,
            "sasl.password": settings.sasl_password(),
        }
    if settings.kafka_security_protocol in _TLS:
        files = {
            "ssl.ca.location": settings.kafka_ssl_cafile,
            "ssl.certificate.location": settings.kafka_ssl_certfile,
            "ssl.key.location": settings.kafka_ssl_keyfile,
        }
        config |= {name: str(file) for name, file in files.items() if file is not None}
        if (password := settings.ssl_key_password()) is not None:
            config["ssl.key.password"] = password
        # Without the check of the name the certificate itself is still verified.
        config["ssl.endpoint.identification.algorithm"] = "https" if settings.kafka_ssl_check_hostname else "none"
    return config


def aiokafka_arguments(settings: Settings) -> dict[str, Any]:
    """The connection part of the arguments of aiokafka's clients."""
    check(settings)
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap.split(","),
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol in _SASL:
        arguments |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.sasl_password(),
        }
    if settings.kafka_security_protocol in _TLS:
        arguments["ssl_context"] = ssl_context(settings)
    return arguments


def faust_broker(settings: Settings) -> str:
    """The value of ``broker`` for a Faust app."""
    return ";".join(f"kafka://{server.strip()}" for server in settings.kafka_bootstrap.split(","))


def faust_credentials(settings: Settings) -> Any:
    """The value of ``broker_credentials`` for a Faust app; None without security.

    Faust passes a mechanism on to aiokafka as it is, so PLAIN and both SCRAM mechanisms work, with TLS and without.
    """
    check(settings)
    protocol = settings.kafka_security_protocol
    if protocol == "PLAINTEXT":
        return None
    import faust  # half a second; commands that need no Faust do not wait for it

    if protocol == "SSL":
        return faust.SSLCredentials(ssl_context(settings))
    return faust.SASLCredentials(
        username=settings.kafka_sasl_username,
        password=settings.sasl_password(),
        mechanism=settings.kafka_sasl_mechanism,
        ssl_context=ssl_context(settings) if protocol == "SASL_SSL" else None,
    )


def ssl_context(settings: Settings) -> ssl.SSLContext:
    """A context that verifies the broker against ``kafka_ssl_cafile``, or against the system's authorities."""
    try:
        context = ssl.create_default_context(cafile=_text(settings.kafka_ssl_cafile))
    except (OSError, ValueError) as problem:
        raise error(settings, "kafka_ssl_cafile", f"holds no certificates in PEM form: {problem}") from problem
    context.check_hostname = settings.kafka_ssl_check_hostname
    if settings.kafka_ssl_certfile is not None:
        try:
            context.load_cert_chain(
                settings.kafka_ssl_certfile,
                _text(settings.kafka_ssl_keyfile),
                # An empty answer instead of a prompt on the terminal where the key turns out to be encrypted.
                settings.ssl_key_password() or "",
            )
        except (OSError, ValueError) as problem:
            raise error(
                settings, "kafka_ssl_certfile", f"the certificate and its key cannot be used together: {problem}"
            ) from problem
    return context


def check(settings: Settings) -> None:
    """Raise ConfigError where the security settings do not fit together, or name files that are not there."""
    protocol = settings.kafka_security_protocol
    if protocol in _SASL:
        password_set = settings.kafka_sasl_password is not None or settings.kafka_sasl_password_file is not None
        for field, is_set in (
            ("kafka_sasl_mechanism", settings.kafka_sasl_mechanism is not None),
            ("kafka_sasl_username", bool(settings.kafka_sasl_username)),
            ("kafka_sasl_password", password_set),
        ):
            if not is_set:
                raise error(settings, field, f"must be set, as {env_name('kafka_security_protocol')} is {protocol}")
        if not settings.sasl_password():
            raise error(settings, "kafka_sasl_password", "is empty")
    else:
        _refuse(settings, "kafka_sasl_", f"{env_name('kafka_security_protocol')} is SASL_SSL or SASL_PLAINTEXT")
    if protocol in _TLS:
        _check_files(settings)
    else:
        _refuse(settings, "kafka_ssl_", f"{env_name('kafka_security_protocol')} is SSL or SASL_SSL")


def _refuse(settings: Settings, start: str, when: str) -> None:
    for field, info in Settings.model_fields.items():
        if field.startswith(start) and getattr(settings, field) != info.default:
            raise error(settings, field, f"has an effect only where {when}; now it is not")


def _check_files(settings: Settings) -> None:
    for field in ("kafka_ssl_cafile", "kafka_ssl_certfile", "kafka_ssl_keyfile"):
        file: Path | None = getattr(settings, field)
        if file is not None and not file.is_file():
            raise error(settings, field, f"{file} is not there")
    if (settings.kafka_ssl_certfile is None) != (settings.kafka_ssl_keyfile is None):
        missing = "kafka_ssl_keyfile" if settings.kafka_ssl_keyfile is None else "kafka_ssl_certfile"
        raise error(settings, missing, "must be set: a certificate and its key go together")
    key_password = settings.ssl_key_password()
    if key_password is not None and settings.kafka_ssl_keyfile is None:
        raise error(settings, "kafka_ssl_key_password", f"has no key; set {env_name('kafka_ssl_keyfile')}")


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
