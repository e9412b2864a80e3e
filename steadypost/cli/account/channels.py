"""How each channel's account is led through: what is asked, in which order, and how it is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from steadypost.cli.account import x_api
from steadypost.cli.account.login import session_of
from steadypost.cli.account.person import Question
from steadypost.cli.account.talk import Conversation, Talk, Told, normal
from steadypost.cli.endings import Ending, Stop

if TYPE_CHECKING:
    from steadypost.channels.mastodon.sign_in import SignIn

SUSPENSION = "X answers scripted pages with permanent suspension of the account."


def file(talk: Talk) -> Told:
    """A path is all that is needed."""
    default = f"file://{talk.home / 'posts.jsonl'}"
    means = "Posts are appended to this file of the machine that publishes. It is made when it is not there."
    path = talk.ask("base_url", default=default, means=means)
    return Told(values={"base_url": path, "handle": talk.given.get("handle", talk.name)})


def mastodon(talk: Talk) -> Told:
    """The server, and a token: one that is there, or one that is made here."""
    from steadypost.channels.mastodon.sign_in import SignIn, SignInFailed  # noqa: PLC0415 - only where one is made

    server = normal(talk.kind, "base_url", talk.ask("base_url"))
    means = (
        "An access token of the account, with the scopes read, write:statuses and write:media (on the server: "
        "Preferences, Development). Empty: make one now, by a page of the server that you open."
    )
    token = talk.ask("access_token", default="", means=means)
    sign_in = SignIn(server, talk.now)
    try:
        token = token or _made(talk, sign_in)
        handle = talk.given.get("handle") or sign_in.handle(token)
    except SignInFailed as failed:
        message = f"{talk.name} at {server}: {failed}"
        raise Stop(Ending.REFUSED, "sign_in", message, "begin anew with 'steadypost account add'") from None
    return Told(values={"base_url": server, "access_token": token, "handle": handle})


def _made(talk: Talk, sign_in: SignIn) -> str:
    app = sign_in.register()
    talk.person.tell()
    talk.person.tell("Steadypost is registered at the server. Open this address, sign in, and allow it:")
    talk.person.tell(f"  {sign_in.address(app)}")
    code = talk.person.answer(
        Question(
            field="code", title="Code", means="The server then shows a code. It is good once.", secret=True
        )
    )
    return sign_in.token(app, code.strip())


def bluesky(talk: Talk) -> Told:
    """The handle and an app password; the session is made by the probe, and kept."""
    return Told(
        values={
            "handle": talk.ask("handle"),
            "app_password": talk.ask(
                "app_password",
                means="An app password, not the main one: on Bluesky at Settings, Privacy and security, App passwords.",
            ),
        }
    )


def x_web(talk: Talk) -> Told:
    """The last way to reach X, and only on an explicit yes."""
    talk.person.tell()
    talk.person.tell(f"{SUSPENSION} Its official API is the first way: --channel x_api.")
    yes = talk.person.is_yes(
        Question(
            field="rules_accepted",
            title="Script X's page all the same, and take responsibility for this account (yes/no)",
            default="no",
        )
    )
    if not yes:
        message = f"rules_accepted: without a yes {talk.name} is not set up. {SUSPENSION}"
        raise Stop(
            Ending.REFUSED, "rules", message, "use X's API: steadypost account add NAME --channel x_api"
        )
    by = talk.ask("rules_accepted_by")
    handle = talk.ask("handle")
    session = talk.person.answer(
        Question(
            field="session_file",
            title="Session file",
            means=(
                "A file with the account's sign-in: a Playwright storage state, or an export of the cookies of "
                "x.com, as JSON. Empty: sign in now, at X's own page in a browser window; that needs a display."
            ),
            default="",
        ),
        _readable,
    )
    text = (
        Path(session).expanduser().read_text(encoding="utf-8")
        if session
        else session_of(talk.house, talk.name, handle, talk.known("base_url"))
    )
    return Told(values={"rules_accepted": "yes", "rules_accepted_by": by, "handle": handle, "session": text})


def _readable(told: str) -> None:
    if not told:
        return
    try:
        Path(told).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"name a text file that you may read ({type(error).__name__})") from None


CONVERSATIONS: Mapping[str, Conversation] = {
    "file": file,
    "mastodon": mastodon,
    "bluesky": bluesky,
    "x_api": x_api.converse,
    "x_web": x_web,
}
"""By the channel's name; the last one is the last way."""

MORE: Mapping[str, frozenset[str]] = {
    "x_api": frozenset({"way", "callback_port"}),
    "x_web": frozenset({"session_file"}),
}
"""What is asked beside the fields of the block."""
