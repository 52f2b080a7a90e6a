"""``weir topics``: create the declared topics, and compare them with what is there."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stream_app.adapters import admin, clients
from stream_app.contracts.topics import DAY_MS, TOPICS
from stream_app.settings import Settings, load

BAD_INPUT = 1
WRONG_USE = 2
UNREACHABLE = 3

app = typer.Typer(no_args_is_help=True, help="Create the topics, or show what is there and what is wrong with it.")


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line instead of a table.")]


@app.command("create")
def create(
    partitions: Annotated[
        int, typer.Option(min=1, max=10_000, help="Partitions of content and all that follows.")
    ] = 8,
    replication_factor: Annotated[
        int | None, typer.Option(min=1, max=32, help="Copies of each partition; 3, or as many as there are brokers.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be created.")] = False,
    as_json: Json = False,
) -> None:
    """Create the topics that are missing; those that exist stay as they are.

    Exits with status 1 where a topic could not be created, or exists and is wrong.
    """
    settings = load()
    clients.probe(settings)
    before = {state.name: state for state in admin.inspect(settings)}
    plans = admin.plan(settings, partitions, replication_factor or _copies(settings))
    missing = [plan for plan in plans if not before[plan.name].partitions]
    answers: dict[str, str | None] = {} if dry_run else admin.create(settings, missing)
    after = before if dry_run else {state.name: state for state in admin.inspect(settings)}
    rows = []
    bad = False
    for plan in plans:
        existed = bool(before[plan.name].partitions)
        failed = answers.get(plan.name)
        wrong = [] if not existed else list(after[plan.name].problems)
        outcome = "exists" if existed else "would be created" if dry_run else "created"
        if failed is not None:
            outcome, wrong = "failed", [failed]
        bad = bad or bool(wrong)
        count = before[plan.name].partitions or plan.partitions
        rows.append({"topic": plan.name, "outcome": outcome, "partitions": count, "problems": wrong})
        rows[-1] |= {} if existed else {"replication_factor": plan.replication_factor, "config": plan.config}
    if as_json:
        _print_json(rows)
    else:
        table = Table("topic", "partitions", "outcome", "what is wrong", box=None, pad_edge=False)
        for row in rows:
            wrong_text = "; ".join(str(each) for each in row["problems"] or ())  # type: ignore[attr-defined] # not in the stubs
            table.add_row(str(row["topic"]), str(row["partitions"]), str(row["outcome"]), Text(wrong_text, "red"))
        Console().print(table)
    if bad:
        raise typer.Exit(BAD_INPUT)


@app.command("list")
def list_topics(as_json: Json = False) -> None:
    """Show every declared topic as it is; exits with status 1 where one is missing or wrong."""
    settings = load()
    clients.probe(settings)
    states = admin.inspect(settings)
    if as_json:
        _print_json(
            [
                {
                    "topic": state.name,
                    "partitions": state.partitions,
                    "replication_factor": state.replication_factor,
                    "cleanup_policy": state.cleanup_policy,
                    "retention_ms": state.retention_ms,
                    "problems": list(state.problems),
                    "notes": list(state.notes),
                }
                for state in states
            ]
        )
    else:
        Console().print(_table(states))
    if any(state.problems for state in states):
        raise typer.Exit(BAD_INPUT)


@app.command("acls")
def acls(
    process: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(admin.PROCESSES)}; all without it.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the least that each process must be allowed, as arguments of Kafka's own ``kafka-acls.sh``."""
    chosen = [name for name in admin.PROCESSES if process in (None, name)]
    if not chosen:
        raise typer.BadParameter(f"no process {process!r}; known: {', '.join(admin.PROCESSES)}")
    settings = load()
    for name in chosen:
        for rule in admin.acls(name, settings):
            if as_json:
                row = {"process": name, "resource": rule.resource, "name": rule.name, "match": rule.match}
                typer.echo(json.dumps(row | {"operations": rule.operations, "why": rule.why}))
            else:
                operations = " ".join(f"--operation {_camel(operation)}" for operation in rule.operations)
                typer.echo(
                    f"--add --allow-principal User:{name} {operations} --{rule.resource} '{rule.name}'"
                    f" --resource-pattern-type {rule.match}"
                )


def _copies(settings: Settings) -> int:
    return min(3, len(clients.admin(settings).list_topics(timeout=10).brokers))


def _camel(operation: str) -> str:
    return "".join(part.capitalize() for part in operation.split("-"))


def _table(states: list[admin.TopicState]) -> Table:
    table = Table(
        "topic", "key", "partitions", "copies", "cleanup", "kept", "what is wrong", box=None, pad_edge=False
    )
    for topic, state in zip(TOPICS, states, strict=True):
        remarks = Text("; ".join(state.problems), "red")
        if state.notes:
            remarks.append(("; " if state.problems else "") + "; ".join(state.notes), "yellow")
        there = state.partitions > 0
        kept = _days(state.retention_ms) if there else ""
        table.add_row(
            state.name,
            topic.key,
            str(state.partitions),
            str(state.replication_factor),
            state.cleanup_policy,
            kept,
            remarks,
        )
    return table


def _days(retention_ms: int | None) -> str:
    if retention_ms is None or retention_ms < 0:
        return "for ever"
    return f"{retention_ms / DAY_MS:g} days"


def _print_json(rows: list[dict[str, object]]) -> None:
    for row in rows:
        typer.echo(json.dumps(row))
