"""The file that says how review works (``config/review.yaml``): read once, checked, passed on as a value."""

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import yaml
from msgspec import Meta

from human_review.dsa_file import Dsa, unknown_terms
from stream_app.config_files import shipped
from stream_app.errors import ConfigError

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Positive = Annotated[float, Meta(gt=0.0)]
NotNegative = Annotated[float, Meta(ge=0.0)]
Count = Annotated[int, Meta(ge=1)]
Words = str | tuple[str, ...]
Part = TypeVar("Part")


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the parts of the file: what it does not know is refused."""


class Label(_Part, frozen=True):
    """A label as reviewers see it; ``harm`` is 0 to 1."""

    title: str
    harm: Share
    key: Annotated[str, Meta(min_length=1, max_length=1)]


class When(_Part, frozen=True):
    """What a route matches; a field that is absent matches everything."""

    queue: Words = ()
    label: Words = ()
    language: Words = ()
    surface: Words = ()
    why: Words = ()
    severity_from: Share = 0.0


class Route(_Part, frozen=True):
    """Moves a task into a queue."""

    when: When
    queue: str


class Queues(_Part, frozen=True):
    """Where tasks go and how fast their urgency grows."""

    routes: tuple[Route, ...] = ()
    escalated: str = "escalated"
    half_life_minutes: Positive = 60.0


class Lease(_Part, frozen=True):
    """How long a person holds a task without a sign of life."""

    seconds: Positive = 120.0
    heartbeat_seconds: Positive = 30.0


class Golden(_Part, frozen=True):
    """How often tasks with a known answer come."""

    share: Share = 0.03
    new_share: Share = 0.1
    new_answers: int = 50
    retire_after_views: Count = 200


class Alarm(_Part, frozen=True):
    """The sequential test: error rates to tell apart, and how often it may err."""

    good: Share = 0.1
    bad: Share = 0.3
    false_alarm: Share = 0.01
    missed_alarm: Share = 0.01


class Quality(_Part, frozen=True):
    """Second answers, overlap, golden tasks."""

    second_share: Share = 0.05
    labels: dict[str, Share] = {}
    sure: Share = 0.95
    sure_alone: Share = 0.7
    most_answers: Count = 3
    golden: Golden = Golden()
    alarm: Alarm = Alarm()


class Blind(_Part, frozen=True):
    """Which tasks hide scores from whoever answers them."""

    why: tuple[str, ...] = ("sampled",)
    seconds: bool = True
    golden: bool = False


class Groups(_Part, frozen=True):
    """Deciding tasks together: how many others are looked at first, and how many there may be."""

    check: int = 3
    most: Count = 500


class Exposure(_Part, frozen=True):
    """What a person may look at in a rolling day; 0 means no limit."""

    items: Annotated[int, Meta(ge=0)] = 0
    weighted_minutes: NotNegative = 240.0
    pause_minutes: NotNegative = 15.0


class Comfort(_Part, frozen=True):
    """What is hidden until it is asked for, unless a person says otherwise."""

    veil: bool = True
    greyscale: bool = True


class Sessions(_Part, frozen=True):
    """When a session ends by itself."""

    idle_minutes: Positive = 30.0
    absolute_hours: Positive = 12.0


class SignIn(_Part, frozen=True):
    """How many wrong passwords an account and an address may give."""

    attempts: Count = 5
    per_minutes: Positive = 15.0
    per_address: Count = 50


class Oidc(_Part, frozen=True):
    """Which role people of an OpenID issuer get. The first group in this list that somebody is in decides."""

    claims: tuple[str, ...] = ("groups", "roles")
    groups: dict[str, Literal["reviewer", "lead", "auditor", "admin"]] = {}
    default_role: Literal["reviewer", "lead", "auditor", "admin", "none"] = "none"


class Reports(_Part, frozen=True):
    """What reports of users may do to the order of work."""

    per_reporter_hour: Count = 20
    first: Share = msgspec.field(name="raise", default=0.15)
    most: Share = msgspec.field(name="raise_most", default=0.6)
    queue: str = "general"
    priority: Share = 0.2
    due_hours: Positive = 24.0


class Appeals(_Part, frozen=True):
    """How long an appeal may wait, and how long a decision can be appealed."""

    due_hours: Positive = 72.0
    window_days: Positive = 183.0
    priority: Share = 0.5


class Notices(_Part, frozen=True):
    """What authors are told besides the policy's own words; ``until`` has the place {date}."""

    found_by_machine: str = "It was found automatically."
    found_by_person: str = "It was found by a person."
    decided_by_machine: str = "It was decided automatically."
    decided_by_person: str = "It was decided by a person."
    until: str = "This ends on {date}."


class Webhooks(_Part, frozen=True):
    """Where events may go, and how hard is tried."""

    allow_private: bool = False
    seconds: Positive = 10.0
    give_up_hours: Positive = 24.0
    overlap_hours: Positive = 24.0


class ReviewConfig(_Part, frozen=True):
    """The whole file."""

    version: str
    labels: dict[str, Label]
    queues: Queues = Queues()
    lease: Lease = Lease()
    undo_seconds: NotNegative = 10.0
    quality: Quality = Quality()
    blind: Blind = Blind()
    groups: Groups = Groups()
    exposure: Exposure = Exposure()
    comfort: Comfort = Comfort()
    sessions: Sessions = Sessions()
    sign_in: SignIn = SignIn()
    oidc: Oidc = Oidc()
    reports: Reports = Reports()
    appeals: Appeals = Appeals()
    notices: Notices = Notices()
    webhooks: Webhooks = Webhooks()
    dsa: Dsa = Dsa()
    skip_reasons: tuple[str, ...] = ("other",)
    skip_hours: Positive = 8.0


def load_review_config(file: Path | None) -> ReviewConfig:
    """Read the file, or the one that came with weir. Raises ConfigError that names file and key."""
    path = file or shipped("review.yaml")
    try:
        values: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise ConfigError(path, "(the file)", f"cannot be read: {' '.join(str(problem).split())}") from problem
    try:
        config = msgspec.convert(values, ReviewConfig)
    except msgspec.ValidationError as problem:
        message, _, place = str(problem).partition(" - at ")
        raise ConfigError(path, place.strip("`").removeprefix("$.") or "(the file)", message) from None
    _check(config, path)
    return config


def words(value: Words) -> tuple[str, ...]:
    """One word or several, as several."""
    return (value,) if isinstance(value, str) else value


def _check(config: ReviewConfig, path: Path) -> None:
    keys = [label.key for label in config.labels.values()]
    if len(set(keys)) != len(keys):
        raise ConfigError(path, "labels", "two labels have the same key; each needs its own")
    if not 0.0 < config.quality.alarm.good < config.quality.alarm.bad < 1.0:
        raise ConfigError(path, "quality.alarm", "must hold 0 < good < bad < 1")
    if config.lease.heartbeat_seconds * 2 > config.lease.seconds:
        raise ConfigError(path, "lease.heartbeat_seconds", "must be at most half of lease.seconds")
    if "{date}" not in config.notices.until:
        raise ConfigError(path, "notices.until", "must hold {date}, where the date goes")
    for key, value in unknown_terms(config.dsa):
        raise ConfigError(path, f"dsa.{key}", f"{value!r} is not in the list of the transparency database")
    known = {name for route in config.queues.routes for name in words(route.when.label)} | set(config.quality.labels)
    if unknown := sorted(known - config.labels.keys()):
        raise ConfigError(path, "labels", f"does not name {unknown[0]!r}, which is used elsewhere in the file")
