"""policy.yaml to a ``Policy``. Every problem is a ConfigError that names the file and the key."""

import json
import re
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import cast, get_args

from stream_app.contracts.decision import DecidedBy, Pending
from stream_app.contracts.review import Why
from stream_app.errors import ConfigError
from stream_app.pipeline.bands import BandTable
from stream_app.pipeline.costs import Band, Costs, band_of
from stream_app.pipeline.label_policy import (
    Action,
    ActVerdict,
    Fail,
    Kind,
    LabelPolicy,
    OnHit,
    Override,
    When,
    WithoutEvidence,
)
from stream_app.pipeline.policy import NoText, Policy, Queues, Route, StatementTexts, SuspiciousText
from stream_app.pipeline.sampling import Sampling, Shares
from stream_app.pipeline.strict_yaml import Section, parse

# More would mean that start-up derives thresholds for minutes; nobody can oversee that many exceptions either.
_MAX_COMBINATIONS = 20_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_VERSION = re.compile(r"[0-9A-Za-z._-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_REGION = re.compile(r"[A-Za-z]{2}|[0-9]{3}")
_WORD = re.compile(r"[^\s*]{1,64}")
_COSTS = ("wrong_removal", "miss", "review")
_SEVERITIES = (1, 2, 3)
_OUTCOMES = ("allow", "act", "without_evidence")


def default_policy_path() -> Path:
    """The policy that came with the code: of the repository, or of the installed wheel."""
    package = Path(__file__).resolve().parents[1]
    in_repository = package.parent / "config" / "policy.yaml"
    return in_repository if in_repository.is_file() else package / "_config" / "policy.yaml"


def load_policy(path: Path | None = None) -> Policy:
    """Read and check a policy; None means the one that came with the code. Raises ConfigError."""
    source = path or default_policy_path()
    try:
        text = source.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(source, "(file)", f"cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(source, "(file)", "is not UTF-8; save it as UTF-8") from error
    return read_policy(text, str(source))


def read_policy(text: str, source: str) -> Policy:
    """Check the text of a policy file. Raises ConfigError."""
    content = parse(text, source)
    root = Section(source, "", content)
    labels = _labels(root.section("labels"))
    overrides = tuple(_override(entry, labels) for entry in root.sections("overrides"))
    table = BandTable(tuple(labels.values()), overrides)
    declared = _matching(root, "version", _VERSION, "1.2.0")
    no_text = cast("NoText", root.choice("no_text", get_args(NoText)))
    suspicious = _suspicious(root.section("suspicious_text"))
    queues = _queues(root.section("queues"), labels)
    sampling = _sampling(root.section("sampling"), labels)
    statement = _statement(root.section("statement"))
    root.close()
    _check_combinations(table, source)
    return Policy(
        version=f"{declared}+{_digest(content)}",
        source=source,
        labels=labels,
        overrides=overrides,
        no_text=no_text,
        suspicious=suspicious,
        queues=queues,
        sampling=sampling,
        statement=statement,
        table=table,
    )


def _digest(content: object) -> str:
    """Of checked content: comments and the order of keys do not make a new version."""
    return blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=4).hexdigest()


def _labels(section: Section) -> dict[str, LabelPolicy]:
    names = section.names()
    if not names:
        raise section.error("", "needs at least one label")
    for name in names:
        if not _NAME.fullmatch(name):
            raise section.error(name, "is no label name; small letters, digits and _ would do, such as self_harm")
    return {name: _label(name, section.section(name)) for name in names}


def _label(name: str, section: Section) -> LabelPolicy:
    costs = _costs(section.section("costs"))
    label = LabelPolicy(
        label=name,
        title=section.text("title"),
        ground=section.text("ground"),
        costs=costs,
        band=_band(section, costs),
        action=_action(section.section("action")),
        pending=cast("Pending", section.choice("pending", get_args(Pending))),
        fail=cast("Fail", section.choice("fail", get_args(Fail))),
        without_evidence=cast("WithoutEvidence", section.choice("without_evidence", get_args(WithoutEvidence))),
        on_hit=_on_hit(section.section("rules")),
        due_minutes=section.number("due_minutes", above=0.0),
        priority=section.number("priority", most=1.0),
        always_reviewed=section.flag("always_reviewed", default=False),
    )
    section.close()
    return label


def _costs(section: Section) -> Costs:
    costs = Costs(*(section.number(name, above=0.0) for name in _COSTS))
    section.close()
    return costs


def _band(section: Section, costs: Costs) -> Band:
    try:
        return band_of(costs)
    except ValueError as error:
        raise section.error("costs", _degenerate(error)) from error


def _degenerate(error: ValueError) -> str:
    return f"give no usable thresholds: the band {error}; bring the three costs closer together"


def _action(section: Section) -> Action:
    verdict = cast("ActVerdict", section.choice("verdict", get_args(ActVerdict)))
    kind = cast("Kind", section.choice("kind", get_args(Kind)))
    if (verdict == "remove") != (kind == "remove"):
        fitting = "remove" if verdict == "remove" else "limit or label"
        raise section.error("kind", f"must be {fitting} for the verdict {verdict}, not {kind}")
    hours = section.number("hours", above=0.0) if section.has("hours") else None
    section.close()
    return Action(verdict, kind, hours)


def _on_hit(section: Section) -> tuple[OnHit, OnHit, OnHit]:
    mild, strong, severe = (cast("OnHit", section.choice(severity, get_args(OnHit))) for severity in _SEVERITIES)
    section.close()
    return mild, strong, severe


def _override(section: Section, labels: dict[str, LabelPolicy]) -> Override:
    when = _when(section.section("when"), labels)
    override = Override(
        when=when,
        costs=_some_costs(section),
        pending=cast("Pending", section.choice("pending", get_args(Pending))) if section.has("pending") else None,
        fail=cast("Fail", section.choice("fail", get_args(Fail))) if section.has("fail") else None,
        without_evidence=cast("WithoutEvidence", section.choice("without_evidence", get_args(WithoutEvidence)))
        if section.has("without_evidence")
        else None,
    )
    section.close()
    if not (override.costs or override.pending or override.fail or override.without_evidence):
        raise section.error("", "changes nothing; costs, pending, fail or without_evidence would")
    return override


def _some_costs(section: Section) -> dict[str, float]:
    if not section.has("costs"):
        return {}
    costs = section.section("costs")
    some = {name: costs.number(name, above=0.0) for name in _COSTS if costs.has(name)}
    costs.close()
    return some


def _when(section: Section, labels: dict[str, LabelPolicy], *, why: bool = False) -> When:
    when = When(
        labels=_known_labels(section, labels),
        languages=_words(section, "language", _LANGUAGE, "a language tag such as pt, pt-BR or hi-Latn", str.lower),
        regions=_words(section, "region", _REGION, "a region code such as DE or 419", str.upper),
        surfaces=_words(section, "surface", _WORD, "one word such as comment"),
        tiers=_words(section, "tier", _WORD, "one word such as new"),
        whys=_whys(section) if why else frozenset(),
    )
    section.close()
    if when == When():
        raise section.error("", "matches everything; name a label, language, region, surface or tier")
    return when


def _known_labels(section: Section, labels: dict[str, LabelPolicy]) -> frozenset[str]:
    if not section.has("label"):
        return frozenset()
    names = section.texts("label")
    for name in names:
        _known_label(section, "label", name, labels)
    return frozenset(names)


def _known_label(section: Section, key: str, name: str, labels: dict[str, LabelPolicy]) -> None:
    if name not in labels:
        raise section.error(key, f"{name!r} is none of the labels; there are {', '.join(labels)}")


def _whys(section: Section) -> frozenset[str]:
    if not section.has("why"):
        return frozenset()
    whys = section.texts("why")
    for why in whys:
        if why not in get_args(Why):
            raise section.error("why", f"must be one of {', '.join(get_args(Why))}, not {why!r}")
    return frozenset(whys)


def _words(
    section: Section, name: str, shape: re.Pattern[str], example: str, fold: Callable[[str], str] = str
) -> frozenset[str]:
    if not section.has(name):
        return frozenset()
    words = section.texts(name)
    for word in words:
        if not shape.fullmatch(word):
            raise section.error(name, f"{word!r} is not {example}")
    return frozenset(fold(word) for word in words)


def _suspicious(section: Section) -> SuspiciousText:
    then = cast("OnHit", section.choice("then", get_args(OnHit)))
    suspicious = SuspiciousText(frozenset(section.texts("flags")), then)
    section.close()
    return suspicious


def _queues(section: Section, labels: dict[str, LabelPolicy]) -> Queues:
    queues = Queues(
        routes=tuple(_route(entry, labels) for entry in section.sections("routes")),
        default=_matching(section, "default", _WORD, "my-queue"),
        due_minutes=section.number("due_minutes", above=0.0),
        priority=section.number("priority", most=1.0),
    )
    section.close()
    return queues


def _route(section: Section, labels: dict[str, LabelPolicy]) -> Route:
    route = Route(_when(section.section("when"), labels, why=True), _matching(section, "queue", _WORD, "my-queue"))
    section.close()
    return route


def _sampling(section: Section, labels: dict[str, LabelPolicy]) -> Sampling:
    by_label = _shares_by_label(section, labels)
    sampling = Sampling(
        salt=_salt(section),
        allow=Shares(section.number("allow", most=1.0), by_label["allow"]),
        act=Shares(section.number("act", most=1.0), by_label["act"]),
        without_evidence=Shares(section.number("without_evidence", most=1.0), by_label["without_evidence"]),
        due_minutes=section.number("due_minutes", above=0.0),
        priority=section.number("priority", most=1.0),
    )
    section.close()
    return sampling


def _salt(section: Section) -> bytes:
    salt = section.text("salt").encode()
    if len(salt) > 64:
        raise section.error("salt", f"must have at most 64 bytes, not {len(salt)}")
    return salt


def _shares_by_label(section: Section, labels: dict[str, LabelPolicy]) -> dict[str, dict[str, float]]:
    shares: dict[str, dict[str, float]] = {outcome: {} for outcome in _OUTCOMES}
    if not section.has("labels"):
        return shares
    by_label = section.section("labels")
    for name in by_label.names():
        _known_label(by_label, name, name, labels)
        own = by_label.section(name)
        for outcome in _OUTCOMES:
            if own.has(outcome):
                shares[outcome][name] = own.number(outcome, most=1.0)
        own.close()
    return shares


def _statement(section: Section) -> StatementTexts:
    texts = StatementTexts(
        restrictions=_texts(section.section("restrictions"), get_args(Kind)),
        facts=_texts(section.section("facts"), (*get_args(DecidedBy), "match")),
        default_title=section.text("default_title"),
        default_ground=section.text("default_ground"),
        redress=section.text("redress"),
    )
    section.close()
    return texts


def _texts(section: Section, names: tuple[str, ...]) -> dict[str, str]:
    texts = {name: section.text(name) for name in names}
    section.close()
    for name, text in texts.items():
        if set("{}") & set(text.replace("{title}", "")):
            raise section.error(name, "knows one placeholder, {title}; other braces are not allowed")
    return texts


def _matching(section: Section, name: str, shape: re.Pattern[str], example: str) -> str:
    text = section.text(name)
    if not shape.fullmatch(text):
        raise section.error(name, f"must look like {example}, not {text!r}")
    return text


def _check_combinations(table: BandTable, source: str) -> None:
    """Overrides may be sound one by one and give no band together; every combination is derived once here."""
    count = table.combinations()
    if count > _MAX_COMBINATIONS:
        problem = f"tell {count} kinds of items apart, {_MAX_COMBINATIONS} is the limit; name fewer words in when"
        raise ConfigError(source, "overrides", problem)
    for _, positions in table.every():
        for label in table.labels:
            try:
                table.resolved(label, positions)
            except ValueError as error:
                problem = f"for {label.label}, where overrides {_listed(positions)} meet: {_degenerate(error)}"
                raise ConfigError(source, f"overrides[{positions[-1]}].costs", problem) from error


def _listed(positions: tuple[int, ...]) -> str:
    return ", ".join(f"[{at}]" for at in positions)
