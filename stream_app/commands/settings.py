"""``weir settings``."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from stream_app.settings import describe, load

app = typer.Typer(add_completion=False)


@app.command()
def settings(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Show every setting with its value and where it came from; secrets stay hidden."""
    rows = describe(load())
    if as_json:
        typer.echo(json.dumps({row.name: {"value": row.value, "source": row.source} for row in rows}))
        return
    table = Table("setting", "value", "source", box=None)
    for row in rows:
        table.add_row(row.name, row.value, row.source)
    Console().print(table)
