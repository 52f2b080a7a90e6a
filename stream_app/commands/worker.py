"""``weir worker``."""

import sys
from typing import Annotated

import typer

from stream_app.settings import load
from stream_app.supervisor import Supervisor, worker_command
from stream_app.telemetry import set_up_logs

app = typer.Typer(add_completion=False)


@app.command()
def worker(
    once: Annotated[
        bool, typer.Option("--once", help="Run without a supervisor of its own: something else restarts it.")
    ] = False,
) -> None:
    """Run the moderation worker against Kafka until it is told to stop.

    Started with a supervisor that restarts it whenever it ends itself. Settings come from WEIR_… variables;
    docs/settings.md lists them.
    """
    settings = load()
    if once:
        from stream_app.worker import main

        sys.exit(main())
    set_up_logs(settings.log_format, settings.log_level)
    sys.exit(Supervisor(worker_command(), shutdown_seconds=settings.shutdown_seconds).run())
