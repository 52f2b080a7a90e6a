"""``weir review``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.settings import Settings, load

if TYPE_CHECKING:  # imported where they are used: the help must not wait for them
    from human_review.service import Service

app = typer.Typer(add_completion=False)
Role = Annotated[str, typer.Option("--role", help="reviewer, lead, auditor, admin or service.")]
Queues = Annotated[list[str] | None, typer.Option("--queue", help="A queue; again for more. Without: all.")]
Languages = Annotated[list[str] | None, typer.Option("--language", help="A language; again for more. Without: all.")]
STOPPING_SECONDS = 10.0
_DAYS = ["%Y-%m-%d"]


@app.callback(invoke_without_command=True)
def review(
    context: typer.Context,
    bind: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Listen here instead of on WEIR_REVIEW_BIND.")
    ] = None,
) -> None:
    """Run the review service: the pages, the API, and what passes between them and Kafka.

    Makes and changes the tables of the database as needed. The first start makes the account admin and prints how to
    sign in, once. Settings come from WEIR_… variables; docs/settings.md lists them.
    """
    if context.invoked_subcommand is not None:
        return
    settings = load()
    if bind is not None:
        settings = settings.model_copy(update={"review_bind": bind})
    run(settings)


def run(settings: Settings) -> None:
    """Serve until the process is told to stop."""
    from human_review.people.accounts import first_admin
    from human_review.stream.run import start
    from human_review.web.app import create_app
    from human_review.web.server import serve
    from human_review.web.site import site_of
    from stream_app.telemetry import set_up_logs

    set_up_logs(settings.log_format, settings.log_level)
    site = site_of(settings)
    with _service(settings) as service:
        password = first_admin(service)
        if password is not None:
            typer.echo(f"Sign in at {site.url} as admin with the password {password} (shown this once).")
            sys.stdout.flush()
        stream = start(service)
        try:
            serve(create_app(service, stream=stream), settings)
        finally:
            stream.stop(STOPPING_SECONDS)


@app.command("add-user")
def add_user(
    name: Annotated[str, typer.Argument(help="What they sign in with.")],
    role: Role = "reviewer",
    queues: Queues = None,
    languages: Languages = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input instead of making one.")
    ] = False,
) -> None:
    """Make an account; prints its password for one use, unless one was given."""
    from human_review.people import accounts

    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with _service(load()) as service, _plain_errors():
        made = accounts.create(
            service, None, name=name, role=role, password=password,  # type: ignore[arg-type] # checked inside
            queues=queues or ["*"], languages=languages or ["*"],
        )  # fmt: skip
    if made.one_time_password is not None:
        typer.echo(made.one_time_password)


@app.command("add-token")
def add_token(
    name: Annotated[str, typer.Argument(help="The service account; made where there is none of that name.")],
) -> None:
    """Make a token of a service account and print it, for Authorization: Bearer."""
    from human_review.errors import NotFound
    from human_review.people import accounts, tokens

    with _service(load()) as service, _plain_errors():
        try:
            user_id = accounts.find_by_name(service, name)
        except NotFound:
            user_id = accounts.create(service, None, name=name, role="service").actor.user_id
        typer.echo(tokens.make(service, None, user_id, "command line"))


@app.command("reset-password")
def reset_password(name: Annotated[str, typer.Argument(help="Who has lost theirs.")]) -> None:
    """Print a new password for one use; ends the sessions of the account."""
    from human_review.people import accounts

    with _service(load()) as service, _plain_errors():
        typer.echo(accounts.reset_password(service, None, accounts.find_by_name(service, name)))


@app.command("sign-in-link")
def sign_in_link(
    name: Annotated[str, typer.Argument(help="Who it signs in.")],
    minutes: Annotated[float, typer.Option(min=0, help="How long it can be used.")] = 60.0,
) -> None:
    """Print an address that signs a person in, once."""
    from human_review.people import links
    from human_review.web.site import site_of

    settings = load()
    with _service(settings) as service, _plain_errors():
        typer.echo(site_of(settings).url.rstrip("/") + links.make(service, name, minutes=minutes))


@app.command("export-dsa")
def export_dsa(
    begin: Annotated[datetime, typer.Argument(help="First day, such as 2026-01-01 (UTC).", formats=_DAYS)],
    end: Annotated[datetime, typer.Argument(help="The first day that does not belong to it.", formats=_DAYS)],
) -> None:
    """Write what the transparency database of the European Union is to get, as JSON lines.

    Each line but the last is the body of one call with at most 100 statements; the last says what was refused.
    """
    from human_review.appeals.exporting import export

    with _service(load()) as service, _plain_errors():
        for line in export(service, None, begin.replace(tzinfo=UTC), end.replace(tzinfo=UTC)):
            sys.stdout.buffer.write(line)


@app.command("unread")
def unread(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the messages that could not be read: topic, partition, offset, time and problem; the oldest first."""
    import msgspec

    from human_review.stream.unread import unread_messages

    line = "{:<13} {:>9} {:>10} {:<20} {}"
    with _service(load()) as service:
        if not as_json:
            typer.echo(line.format("topic", "partition", "offset", "time", "problem"))
        for each in unread_messages(service):
            if as_json:
                typer.echo(msgspec.json.encode(each))
                continue
            problem = "".join(sign if sign.isprintable() else "?" for sign in each.problem)
            typer.echo(line.format(each.topic, each.partition, each.offset, f"{each.at:%Y-%m-%dT%H:%M:%SZ}", problem))


@contextmanager
def _service(settings: Settings) -> "Iterator[Service]":
    """The service over a database that has all tables."""
    from human_review.database.migrate import upgrade
    from human_review.service import open_service

    service = open_service(settings)
    try:
        upgrade(service.database)
        yield service
    finally:
        service.database.close()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """What was asked for and cannot be becomes one line and status 1."""
    from human_review.errors import ReviewError

    try:
        yield
    except ReviewError as problem:
        sys.stderr.write(f"weir: {problem}\n")
        raise typer.Exit(1) from None
