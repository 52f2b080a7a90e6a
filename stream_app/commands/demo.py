"""``weir demo``: all of it in one go, with nothing installed."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    exit_when_done: Annotated[
        bool, typer.Option("--exit-when-done", help="End after the scripted items; the status says if all came back.")
    ] = False,
    duration: Annotated[float | None, typer.Option(min=1, help="End after so many seconds.")] = None,
    rate: Annotated[float, typer.Option(min=0.1, max=2000, help="Items a second.")] = 16.0,
    items: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Send the ContentItem JSON lines of FILE instead of the samples."),
    ] = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Lines instead of a screen; so it is without a terminal.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON; all else goes to standard error.")
    ] = False,
) -> None:
    """Show it at work: an embedded broker, the real worker, and real multilingual items being decided.

    For demonstration only: the broker is librdkafka's mock cluster, lives in memory and fences nobody. Without
    --exit-when-done or --duration the items go on until Ctrl-C. The summary counts every message that was sent;
    where one is missing, the status is 1.
    """
    from stream_app.demo.view import make

    console = Console(stderr=as_json)
    view = make(console, plain=plain)
    view.step("loading")
    # What follows takes a second to import; by now somebody sees that it starts.
    from stream_app.demo.run import Plan, run

    plan = Plan(exit_when_done=exit_when_done, duration=duration, rate=rate, items=items)
    try:
        result = run(plan, view)
    finally:
        view.close()
    result.print(console)
    if as_json:
        sys.stdout.write(result.json() + "\n")
    raise typer.Exit(result.status)
