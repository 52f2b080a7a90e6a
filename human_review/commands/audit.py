"""``weir audit``: prove that the audit log is as it was written."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream_app.contracts.codec import encode
from stream_app.contracts.review import AuditHead
from stream_app.errors import ConfigError, Unreachable
from stream_app.settings import Settings, env_name, load

if TYPE_CHECKING:  # imported where they are used: the help must not wait for them
    from human_review.audit.verify import Report

BAD = 1

app = typer.Typer(no_args_is_help=True, help="Verify the audit log of the review service.")


@app.command("verify")
def verify(
    heads: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Published heads that were kept in a file (weir audit heads).")
    ] = None,
    kafka: Annotated[bool, typer.Option("--kafka", help="Read the published heads from their topic.")] = False,
) -> None:
    """Go through the whole log; exit with 1 and name the first entry that is not as it was written.

    Without published heads a log that was cut together with its head row, or rebuilt as a whole, cannot be told from
    a right one.
    """
    from human_review.audit import reading

    settings = load()
    published = [
        *(reading.heads_of_file(heads) if heads else ()),
        *(reading.heads_of_kafka(settings) if kafka else ()),
    ]
    report = _verified(settings, published)
    typer.echo(f"{report.verified} entries verified, {report.anchored} of them up to a published head")
    if report.bad is not None:
        one = f"entry {report.bad.seq}"
        some = f"one of the entries {report.bad.since} to {report.bad.seq}: {one}"
        sys.stderr.write(f"weir: {one if report.bad.since == report.bad.seq else some} {report.bad.why}\n")
        raise typer.Exit(BAD)
    if tail := report.verified - report.anchored:
        hint = "" if published else "; --kafka or --heads FILE compares with what was published"
        typer.echo(f"the last {tail} are covered by the chain and its head row alone{hint}")


@app.command("heads")
def print_heads() -> None:
    """Print the published heads, one JSON object a line: keep them where nobody can change them."""
    from human_review.audit import reading

    for head in sorted(reading.heads_of_kafka(load()), key=lambda head: (head.seq, head.published_at)):
        typer.echo(encode(head))


def _verified(settings: Settings, published: list[AuditHead]) -> "Report":
    from sqlalchemy.exc import OperationalError, ProgrammingError

    from human_review.audit.reading import verify_database
    from human_review.database.engine import Database, default_url

    url = settings.database_url
    database = Database(url.get_secret_value() if url else default_url(settings.data_dir))
    try:
        return verify_database(database, published)
    except (OperationalError, ProgrammingError) as problem:
        if "audit" in str(problem.orig):
            raise ConfigError(
                "environment", env_name("database_url"), "names a database without an audit log"
            ) from None
        raise Unreachable(f"the database does not answer: {' '.join(str(problem.orig).split())}") from None
    finally:
        database.close()
