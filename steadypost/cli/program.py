"""The program: finds the command, loads only that one, and lets no error out as it came."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from steadypost import private
from steadypost.cli import speech
from steadypost.cli.endings import EXPLAINED, Ending, Stop
from steadypost.cli.house import House

COMMANDS = {
    "add": "Write one post, or a thread.",
    "import": "Take in a file of posts.",
    "queue": "List the queue: what waits, and what became of the rest.",
    "calendar": "Show a week or a month.",
    "export": "Write what waits as a file that imports again, or as a calendar.",
    "show": "Show everything about one delivery.",
    "why": "Say why nothing goes out, or what happened to one delivery and what it waits for.",
    "release": "Release a delivery that is held for a person.",
    "approve": "Approve a post that waits for a second person.",
    "approvals": "List who must approve what; set it for a label.",
    "edit": "Change waiting posts: text, images, late rule.",
    "move": "Give waiting posts another time.",
    "shift": "Move waiting posts by a length of time, for instance all of a day.",
    "swap": "Give two deliveries each other's time.",
    "copy": "Copy a delivery to another account or another time.",
    "cancel": "Cancel deliveries before they are sent.",
    "skip": "Leave out one time of a series.",
    "reschedule": "Give missed posts a new time.",
    "undo": "Undo a change, while nothing of it went out.",
    "history": "List the changes that persons made: who, what and why.",
    "resolve": "Say what is true of an unconfirmed delivery: live, absent, dropped.",
    "retry": "Retry everything that waits for the same cause.",
    "delete": "Take a live post down from its network, or a second copy of one; it is shown first.",
    "strike": "Hold back all posts of an account, a channel or a tag.",
    "lift": "End a strike: its posts go out again.",
    "strikes": "List the strikes: what is held back, by whom and why.",
    "switches": "Show, change and explain what can be turned off.",
    "series": "List the series of repeated posts, or end one.",
    "slots": "List, add or take away the times at which an account posts.",
    "status": "Show the state of everything: accounts, queue, circuits, incidents.",
    "accounts": "List the accounts, their limits and their pauses.",
    "account": "Set up an account (add), test it (test), or record X's page for the tests (record).",
    "login": "Sign an account of X's page in, in a browser window; you type.",
    "preview": "Show how a post will look and count on each account's network.",
    "resume": "Let a paused account go on.",
    "incidents": "List the incidents: what was wrong, and which remedies were tried.",
    "notices": "List the messages to persons, and those that are still to be sent.",
    "deadman": "Send a message when the service does not run; for cron.",
    "figures": "Say how well it went: availability, lateness, recovery, the error budget.",
    "doctor": "Find out what is wrong, and what to do about it.",
    "metrics": "Serve metrics and health on this machine.",
    "drill": "Inject faults against a local X, and measure.",
    "up": "Run everything that publishes, in the foreground.",
    "service": "Run it as a systemd service: install, uninstall, stop, status.",
    "backup": "Write the store, the keys and the accounts into one file.",
    "restore": "Replace the store by a backup; nothing is sent twice.",
    "retention": "Show what is kept, and for how long.",
    "init": "Make the store, or bring it to this version.",
    "migrate": "The same as init.",
}
"""Every command and its line in the help, so that the help loads none of them."""

_MODULES = {
    "import": "importing",
    "migrate": "init",
    "strike": "strikes",
    "lift": "strikes",
    "move": "moving",
    "shift": "moving",
    "swap": "moving",
    "reschedule": "moving",
    "copy": "copying",
    "undo": "history",
    "approvals": "approve",
}


class _SeenEnough(Exception):
    """The reader has gone. Not an OSError: click would take that for a failure, and end with 1."""


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
            from steadypost.cli.slips import hint  # noqa: PLC0415 - only for a slip

            raise click.UsageError(f"no command is called {args[0]!r}; {hint(args[0], COMMANDS)}", ctx)
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
        private.by_default()
        # Whatever encoding a terminal claims: a character it lacks must not end a command.
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        sys.exit(self._ended(given, prog_name or "steadypost"))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a reader that has gone is told from a failure before click sees it."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as gone:
            raise _SeenEnough from gone

    def _ended(self, given: list[str], prog_name: str) -> int:
        house = House()
        try:
            done = super().main(given, prog_name=prog_name, standalone_mode=False, obj=house)
            sys.stdout.flush()
        except Stop as stop:
            return _stopped(given, stop, house)
        except click.exceptions.NoArgsIsHelpError as empty:
            empty.show()
            return Ending.USAGE
        except click.ClickException as wrong:
            return _stopped(given, _usage(wrong))
        except (click.Abort, KeyboardInterrupt):
            return Ending.INTERRUPTED
        except (BrokenPipeError, _SeenEnough):
            # The reader has seen enough; the interpreter must not complain at its end either.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return Ending.OK
        except Exception as error:  # noqa: BLE001 - the last door: no traceback is ever shown
            from steadypost.cli.trouble import stop_for  # noqa: PLC0415 - only for an error

            return _stopped(given, stop_for(error, house), house)
        return int(done) if isinstance(done, int) else Ending.OK


def _stopped(given: list[str], stop: Stop, house: House | None = None) -> Ending:
    command = next((word for word in given if word in COMMANDS), "")
    speech.say_stop(command, stop, as_json="--json" in given, zone=_zone(house))
    return stop.ending


def _zone(house: House | None) -> str:
    """Give the reader's zone; UTC where the settings are what is wrong."""
    try:
        return house.settings.zone if house else "UTC"
    except Stop:
        return "UTC"


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
