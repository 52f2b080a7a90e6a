import ssl
from pathlib import Path
from typing import Any

import faust
import pytest
from pydantic import SecretStr

from stream_app.adapters.security import aiokafka_arguments, check, confluent_config, faust_broker, faust_credentials
from stream_app.errors import ConfigError
from stream_app.settings import Settings

_SASL: dict[str, Any] = {
    "kafka_sasl_mechanism": "SCRAM-SHA-512",
    "kafka_sasl_username": "alice",
    "kafka_sasl_password": SecretStr("secret"),
}


def test_without_security_the_three_libraries_get_only_the_address() -> None:
    settings = Settings(kafka_bootstrap="a:1,b:2")
    assert confluent_config(settings) == {"bootstrap.servers": "a:1,b:2", "security.protocol": "PLAINTEXT"}
    assert aiokafka_arguments(settings) == {"bootstrap_servers": ["a:1", "b:2"], "security_protocol": "PLAINTEXT"}
    assert faust_credentials(settings) is None
    assert faust_broker(settings) == "kafka://a:1;kafka://b:2"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_SSL", "SASL_PLAINTEXT"])
def test_a_login_says_the_same_to_the_three_libraries(protocol: Any, mechanism: Any) -> None:
    settings = Settings(**_SASL | {"kafka_sasl_mechanism": mechanism, "kafka_security_protocol": protocol})
    confluent = confluent_config(settings)
    assert (confluent["security.protocol"], confluent["sasl.mechanism"]) == (protocol, mechanism)
    assert (confluent["sasl.username"], confluent["sasl.password"]) == ("alice", "secret")
    arguments = aiokafka_arguments(settings)
    assert (arguments["security_protocol"], arguments["sasl_mechanism"]) == (protocol, mechanism)
    assert (arguments["sasl_plain_username"], arguments["sasl_plain_password"]) == ("alice", "secret")
    credentials = faust_credentials(settings)
    assert isinstance(credentials, faust.SASLCredentials)
    assert (credentials.protocol.value, credentials.mechanism.value) == (protocol, mechanism)
    assert ("ssl_context" in arguments) == (protocol == "SASL_SSL")
    assert (credentials.ssl_context is not None) == (protocol == "SASL_SSL")


def test_the_certificate_is_verified_also_without_its_name() -> None:
    strict = Settings(kafka_security_protocol="SSL")
    assert confluent_config(strict)["ssl.endpoint.identification.algorithm"] == "https"
    assert aiokafka_arguments(strict)["ssl_context"].check_hostname is True
    loose = Settings(kafka_security_protocol="SSL", kafka_ssl_check_hostname=False)
    assert confluent_config(loose)["ssl.endpoint.identification.algorithm"] == "none"
    context = faust_credentials(loose).context
    assert (context.check_hostname, context.verify_mode) == (False, ssl.CERT_REQUIRED)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"kafka_sasl_username": "alice"}, "KAFKA_SASL_USERNAME"),
        ({"kafka_security_protocol": "SSL", "kafka_sasl_mechanism": "PLAIN"}, "KAFKA_SASL_MECHANISM"),
        ({"kafka_ssl_check_hostname": False}, "KAFKA_SSL_CHECK_HOSTNAME"),
        (_SASL | {"kafka_security_protocol": "SASL_PLAINTEXT", "kafka_ssl_cafile": Path("x")}, "KAFKA_SSL_CAFILE"),
        (_SASL | {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_mechanism": None}, "KAFKA_SASL_MECHANISM"),
        (_SASL | {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_username": ""}, "KAFKA_SASL_USERNAME"),
        (_SASL | {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_password": None}, "KAFKA_SASL_PASSWORD"),
        (
            _SASL | {"kafka_security_protocol": "SASL_SSL", "kafka_sasl_password": SecretStr("")},
            "KAFKA_SASL_PASSWORD",
        ),
        ({"kafka_security_protocol": "SSL", "kafka_ssl_cafile": Path("/no")}, "KAFKA_SSL_CAFILE"),
        ({"kafka_security_protocol": "SSL", "kafka_ssl_keyfile": Path(__file__)}, "KAFKA_SSL_CERTFILE"),
        ({"kafka_security_protocol": "SSL", "kafka_ssl_certfile": Path(__file__)}, "KAFKA_SSL_KEYFILE"),
        ({"kafka_security_protocol": "SSL", "kafka_ssl_key_password": SecretStr("x")}, "KAFKA_SSL_KEY_PASSWORD"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(values: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check(Settings(**values))
    assert caught.value.key == f"WEIR_{key}"


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text("nothing")
    with pytest.raises(ConfigError, match="WEIR_KAFKA_SSL_CAFILE: holds no certificates"):
        aiokafka_arguments(Settings(kafka_security_protocol="SSL", kafka_ssl_cafile=empty))
