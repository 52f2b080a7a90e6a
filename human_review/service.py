"""What every part of the review service works with, made once at the start."""

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from human_review.database.engine import Database, default_url
from human_review.review_file import ReviewConfig, load_review_config
from human_review.sealing import Sealer, load_sealer
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry

_DRAWS = 2**64


@dataclass(frozen=True, slots=True)
class Service:
    """The database, the keys and the configuration. ``draw_key`` keys every draw by chance."""

    settings: Settings
    config: ReviewConfig
    database: Database
    sealer: Sealer
    draw_key: bytes
    telemetry: Telemetry

    def chance(self, purpose: str, *causes: str) -> float:
        """A number in [0, 1) that depends on the causes and the service's key alone.

        Who does not know the key cannot tell what it comes to; asking again gives the same.
        """
        name = "\x00".join((purpose, *causes)).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(name, digest_size=8, key=self.draw_key).digest()) / _DRAWS

    def keyed_digest(self, purpose: str, value: str) -> str:
        """A name for a value that cannot be turned back, nor found by trying, without the service's key."""
        return blake2b(
            f"{purpose}\x00{value}".encode("utf-8", "surrogatepass"), digest_size=16, key=self.draw_key
        ).hexdigest()


def open_service(settings: Settings, telemetry: Telemetry | None = None) -> Service:
    """Open everything that the settings name; makes what is missing, but no tables. Raises ConfigError."""
    url = settings.database_url.get_secret_value() if settings.database_url else default_url(settings.data_dir)
    key_file = settings.review_key_file or settings.data_dir / "review" / "key"
    sealer = load_sealer(key_file)
    return Service(
        settings=settings,
        config=load_review_config(settings.review_config),
        database=Database(url),
        sealer=sealer,
        draw_key=_derived(key_file, b"weir-draws"),
        telemetry=telemetry or Telemetry(),
    )


def _derived(key_file: Path, purpose: bytes) -> bytes:
    """A key of its own for draws, so that no draw says anything about the sealing key."""
    return blake2b(purpose, key=key_file.read_bytes(), digest_size=32).digest()
