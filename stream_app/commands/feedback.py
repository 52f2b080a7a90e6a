"""``weir feedback``."""

import sys
from typing import Annotated

import typer

from stream_app.settings import load
from stream_app.supervisor import Supervisor, feedback_command
from stream_app.telemetry import set_up_logs

app = typer.Typer(add_completion=False)


@app.command()
def feedback(
    once: Annotated[
        bool, typer.Option("--once", help="Run without a supervisor of its own: something else restarts it.")
    ] = False,
) -> None:
    """Follow what reviewers say, until told to stop: rulings for the worker, examples to learn from.

    Started with a supervisor that restarts it whenever it ends itself. Settings come from WEIR_… variables;
    docs/feedback.md says what follows from a label.
    """
    settings = load()
    if once:
        from stream_app.feedback import main

        sys.exit(main())
    set_up_logs(settings.log_format, settings.log_level)
    sys.exit(Supervisor(feedback_command(), shutdown_seconds=settings.shutdown_seconds).run())
