"""The command ``weir``. Each package registers its commands under the entry-point group ``weir.commands``."""

import sys
from importlib.metadata import EntryPoint, entry_points, version

import click
import typer

from stream_app.errors import ConfigError, Unreachable

GROUP = "weir.commands"
EXIT_BAD_INPUT = 1
EXIT_WRONG_USE = 2
EXIT_UNREACHABLE = 3


class _Commands(click.Group):
    """Loads a command's module when the command is asked for: ``weir --help`` must not import Kafka clients."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_registered())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = _registered().get(cmd_name)
        if found is None:
            return None
        command = typer.main.get_command(found.load())
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(70)) for name, command in commands if command])


def _registered() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("weir"), prog_name="weir")
def weir() -> None:
    """Streaming trust-and-safety classification: content in, decisions out, nothing lost.

    Exit status: 0 done, 1 some input was bad, 2 wrong use or configuration, 3 a service could not be reached.
    """


def main() -> None:
    """Run one command; an error that somebody can mend becomes one line and an exit status."""
    try:
        status = weir.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_WRONG_USE)
    except ConfigError as error:
        _fail(error, EXIT_WRONG_USE)
    except Unreachable as error:
        _fail(error, EXIT_UNREACHABLE)
    except KeyboardInterrupt:
        sys.exit(130)
    else:
        sys.exit(status if isinstance(status, int) else 0)


def _fail(error: Exception, status: int) -> None:
    sys.stderr.write(f"weir: {error}\n")
    sys.exit(status)
