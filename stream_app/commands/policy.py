"""``weir policy``: check a policy, explain a decision."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from stream_app.contracts.codec import decode
from stream_app.contracts.decision import Decision
from stream_app.errors import BadMessage, ConfigError
from stream_app.pipeline.bands import Key
from stream_app.pipeline.explain import Explanation, explain
from stream_app.pipeline.label_policy import LabelPolicy
from stream_app.pipeline.policy import Policy
from stream_app.pipeline.policy_file import load_policy

BAD_INPUT = 1
WRONG_CONFIGURATION = 2

app = typer.Typer(no_args_is_help=True, help="Check a policy, explain a decision.")

AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="The policy; without it, the one that came with weir.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check a policy file and show the thresholds that follow from its costs."""
    try:
        policy = load_policy(file)
    except ConfigError as error:
        _fail(str(error), WRONG_CONFIGURATION)
    rows = list(_rows(policy))
    if as_json:
        _print_json({"file": policy.source, "version": policy.version, "labels": rows})
        return
    _print_labels(policy, rows)


@app.command(name="explain")
def explain_decision(
    file: Annotated[str, typer.Argument(help="A Decision as JSON, or JSON lines; - reads standard input.")],
    as_json: AsJson = False,
) -> None:
    """Say in plain words why a decision came out as it did."""
    bad = False
    for number, line in _lines(file):
        try:
            explanation = explain(decode(line, Decision))
        except BadMessage as error:
            bad = True
            typer.echo(f"{file}: line {number}: {error}", err=True)
            continue
        if as_json:
            _print_json(asdict(explanation))
        else:
            _print_explanation(explanation)
    if bad:
        raise typer.Exit(BAD_INPUT)


def _rows(policy: Policy) -> Iterator[dict[str, Any]]:
    """Each label as it stands, then once more for each set of overrides that changes it for some items."""
    kinds = list(policy.table.every())
    for label in policy.labels.values():
        seen: set[tuple[int, ...]] = set()
        for key, matching in kinds:
            positions = tuple(at for at in matching if policy.overrides[at].applied_to(label) != label)
            if positions not in seen:
                seen.add(positions)
                yield _row(policy.table.resolved(label, positions), key, positions)


def _row(label: LabelPolicy, key: Key, positions: tuple[int, ...]) -> dict[str, Any]:
    return {
        "label": label.label,
        "when": _when(key) if positions else {},
        "overrides": list(positions),
        "costs": asdict(label.costs),
        "review_from": label.band.review_from,
        "act_from": label.band.act_from,
        "verdict": label.action.verdict,
        "kind": label.action.kind,
        "pending": label.pending,
        "fail": label.fail,
        "without_evidence": label.without_evidence,
    }


def _when(key: Key) -> dict[str, str]:
    names = ("language", "region", "surface", "tier")
    return {name: word for name, word in zip(names, key, strict=True) if word and word != "*"}


def _print_labels(policy: Policy, rows: list[dict[str, Any]]) -> None:
    table = Table(title=f"{policy.source}: policy {policy.version}", title_justify="left")
    for name in ("label", "when", "allow below", "review", "act from", "action", "waiting", "classifier down"):
        table.add_column(name)
    table.add_column("no evidence")
    for row in rows:
        table.add_row(*(escape(cell) for cell in _cells(row)))
    Console().print(table)


def _cells(row: dict[str, Any]) -> list[str]:
    review_from, act_from = row["review_from"], row["act_from"]
    when = ", ".join(f"{name} {word}" for name, word in row["when"].items())
    between = f"{review_from:g} to {act_from:g}" if review_from < act_from else "never"
    action = row["verdict"] if row["verdict"] == row["kind"] else f"{row['verdict']} ({row['kind']})"
    others = [row["pending"], row["fail"], row["without_evidence"]]
    return [row["label"], when, f"{review_from:g}", between, f"{act_from:g}", action, *others]


def _print_explanation(explanation: Explanation) -> None:
    console = Console()
    console.print(escape(explanation.summary))
    for reason in explanation.reasons:
        console.print(f"  - {escape(reason)}")
    table = Table("label", "score", "review from", "act from", "allow costs", "review costs", "act costs", "asks for")
    for row in explanation.weighings:
        costs = (row.cost_of_allow, row.cost_of_review, row.cost_of_act)
        numbers = (row.score, row.review_from, row.act_from, *costs)
        shown = ("?" if number is None else f"{number:g}" for number in numbers)
        table.add_row(escape(row.label), *shown, row.asks_for)
    if explanation.weighings:
        console.print(table)


def _lines(file: str) -> list[tuple[int, bytes]]:
    """Numbered lines that are not empty; a single JSON document over several lines counts as line 1."""
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        _fail(f"{file}: cannot be read: {error.strerror or error}", BAD_INPUT)
    try:
        msgspec.json.decode(content, type=msgspec.Raw)
    except msgspec.DecodeError:
        lines = [(number, line) for number, line in enumerate(content.splitlines(), 1) if line.strip()]
    else:
        lines = [(1, content)]
    if not lines:
        _fail(f"{file}: holds no decision; one JSON object a line would do", BAD_INPUT)
    return lines


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(msgspec.json.encode(value).decode())


def _fail(message: str, status: int) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(status)
