"""The command ``weir``. Each package registers its commands under the entry-point group ``weir.commands``.

Only the command that was asked for is imported: ``weir classify`` must not wait for Kafka clients.
"""

import gc
import sys
from importlib.metadata import EntryPoint, entry_points, version

import typer

from stream_app.errors import ConfigError, Unreachable

GROUP = "weir.commands"
EXIT_BAD_INPUT = 1
EXIT_WRONG_USE = 2
EXIT_UNREACHABLE = 3
EXIT_INTERRUPTED = 130


def main() -> None:
    """Run one command; an error that somebody can mend becomes one line and an exit status."""
    name, *rest = sys.argv[1:] or ["--help"]
    commands = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name in ("--help", "-h"):
        _help(commands)
    elif name == "--version":
        typer.echo(f"weir {version('weir')}")
    elif name in commands:
        _run(commands[name], rest)
    else:
        _fail(f"no command {name!r}; known: {', '.join(sorted(commands))}", EXIT_WRONG_USE)


def _run(entry: EntryPoint, arguments: list[str]) -> None:
    gc.disable()  # while modules are loaded: nothing of them is garbage
    command = typer.main.get_command(entry.load())
    gc.enable()
    try:
        command.main(args=arguments, prog_name=f"weir {entry.name}")
    except ConfigError as error:
        _fail(str(error), EXIT_WRONG_USE)
    except Unreachable as error:
        _fail(str(error), EXIT_UNREACHABLE)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _help(commands: dict[str, EntryPoint]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 2))
    for name, entry in sorted(commands.items()):
        help_ = typer.main.get_command(entry.load()).help or ""
        table.add_row(f"[bold]{name}[/bold]", help_.strip().partition("\n")[0])
    console = Console()
    console.print("weir COMMAND --help  [dim]streaming trust-and-safety classification[/dim]\n")
    console.print(table)
    console.print(
        "\nExit status: 0 done, 1 some input was bad, 2 wrong use or configuration, 3 a service did not answer."
    )


def _fail(problem: str, status: int) -> None:
    sys.stderr.write(f"weir: {problem}\n")
    sys.exit(status)
