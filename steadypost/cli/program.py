"""The program: finds the command, loads only that one, and lets no error out as it came."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from steadypost.cli import speech
from steadypost.cli.endings import EXPLAINED, Ending, Stop
from steadypost.cli.house import House

COMMANDS = {
    "add": "Write one post, or a thread.",
    "import": "Take in a file of posts.",
    "queue": "List what waits, and what became of the rest.",
    "show": "Tell everything about one delivery.",
    "why": "Say why nothing goes out; or tell the story of one delivery.",
    "release": "Let a delivery that waits for a person go on.",
    "cancel": "Take a delivery back before it is sent.",
    "resolve": "Say what is true of a delivery in doubt: live, absent, dropped.",
    "retry": "Let everything go on that waits for the same cause.",
    "strike": "Keep back what belongs to an account, a channel or a tag.",
    "lift": "Let go what was struck.",
    "strikes": "List what is struck, by whom and why.",
    "switches": "Show, change and explain what can be turned off.",
    "series": "List what comes again, or end it.",
    "status": "Say how everything stands: accounts, queue, circuits, incidents.",
    "accounts": "List the accounts, their limits and their pauses.",
    "incidents": "List what was wrong, and what was tried about it.",
    "notices": "List what a person was told, and what still waits to be.",
    "deadman": "Tell somebody when all of it is silent; for cron.",
    "figures": "Say how well it went: availability, lateness, recovery, the error budget.",
    "doctor": "Find out what is wrong, and what to do about it.",
    "metrics": "Serve metrics and health on this machine.",
    "drill": "Let everything go wrong against a local X, and measure.",
    "init": "Make the store, or bring it to this version.",
    "migrate": "The same as init.",
}
"""Every command and its line in the help, so that the help loads none of them."""

_MODULES = {"import": "importing", "migrate": "init", "strike": "strikes", "lift": "strikes"}


class Program(click.Group):
    """The group of all commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """Name the commands in the order of a day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one command, and no other."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"steadypost.cli.commands.{_MODULES.get(cmd_name, cmd_name)}")
        found: click.Command = module.commands[cmd_name]
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the one that was probably meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # noqa: PLC0415 - only for a slip

            meant = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"'{meant[0]}' was meant?" if meant else f"there are: {', '.join(COMMANDS)}"
            raise click.UsageError(f"no command is called {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,  # noqa: ARG002 - click's own signature
        standalone_mode: bool = True,  # noqa: ARG002 - the same
        **_: Any,
    ) -> NoReturn:
        """Run, and end the process with an exit code whatever happens."""
        given = list(sys.argv[1:] if args is None else args)
        # Whatever encoding a terminal claims: a character it lacks must not end a command.
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        sys.exit(self._ended(given, prog_name or "steadypost"))

    def _ended(self, given: list[str], prog_name: str) -> int:
        house = House()
        try:
            done = super().main(given, prog_name=prog_name, standalone_mode=False, obj=house)
            sys.stdout.flush()
        except Stop as stop:
            return _stopped(given, stop)
        except click.exceptions.NoArgsIsHelpError as empty:
            empty.show()
            return Ending.USAGE
        except click.ClickException as wrong:
            return _stopped(given, _usage(wrong))
        except (click.Abort, KeyboardInterrupt):
            return Ending.INTERRUPTED
        except BrokenPipeError:
            # Whoever read this has seen enough; the interpreter must not complain at its end either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return Ending.OK
        except Exception as error:  # noqa: BLE001 - the last door: nobody is ever shown a traceback
            from steadypost.cli.trouble import stop_for  # noqa: PLC0415 - only for an error

            return _stopped(given, stop_for(error, house))
        return int(done) if isinstance(done, int) else Ending.OK


def _stopped(given: list[str], stop: Stop) -> Ending:
    command = next((word for word in given if word in COMMANDS), "")
    speech.say_stop(command, stop, as_json="--json" in given)
    return stop.ending


def _usage(wrong: click.ClickException) -> Stop:
    context = getattr(wrong, "ctx", None)
    path = context.command_path if context is not None else "steadypost"
    return Stop(Ending.USAGE, "usage", wrong.format_message(), f"see '{path} --help'")


@click.command(cls=Program, help="Publish scheduled posts unattended.", epilog=EXPLAINED)
@click.option(
    "--store",
    "store_url",
    metavar="URL",
    help="The store to use instead of STEADYPOST_STORE_URL, for instance sqlite:////path/to/steadypost.db.",
)
@click.version_option(package_name="steadypost", message="%(prog)s %(version)s")
@click.pass_obj
def program(house: House, store_url: str | None) -> None:
    """Take what stands before the command."""
    house.given(store_url)
