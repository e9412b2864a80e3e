"""X's API: four keys of OAuth 1.0a, or a sign-in with OAuth 2.0 in the person's own browser."""

from __future__ import annotations

from steadypost.cli.account.listener import Listener, Returned
from steadypost.cli.account.person import Question
from steadypost.cli.account.talk import Talk, Told
from steadypost.cli.endings import Ending, Stop

KEYS = ("api_key", "api_secret", "access_token", "access_secret")

PORT = "8629"
"""Where X sends the browser back to, as a rule: it has to stand in the app's settings beforehand."""

WITHIN = 600.0
"""Seconds that a person may take on X's page."""


def converse(talk: Talk) -> Told:
    """Ask for the handle, and for one of the two ways."""
    handle = talk.ask("handle")
    way = talk.person.answer(
        Question(
            field="way",
            title="keys or oauth2",
            means=(
                "keys: four keys from console.x.com, which do not end. oauth2: you allow the app on X's page, and "
                "Steadypost renews its token."
            ),
            default="keys",
        ),
        _way,
    )
    if way == "keys":
        return Told(values={"handle": handle} | {name: talk.ask(name) for name in KEYS})
    return _by_page(talk, handle)


def _way(told: str) -> None:
    if told not in {"keys", "oauth2"}:
        raise ValueError("write keys or oauth2")


def _by_page(talk: Talk, handle: str) -> Told:
    """Have the person allow the app on X's page, and exchange the code that comes back."""
    from steadypost.channels.x_api import authorizing  # noqa: PLC0415 - only where it is done

    client_id = talk.person.answer(
        Question(
            field="client_id", title="Client ID", means="From console.x.com: the app's OAuth 2.0 client id."
        )
    )
    client_secret = talk.ask("client_secret", default="")
    base_url = talk.known("base_url")
    with _listening(talk) as listener:
        under_way = authorizing.begin(client_id, listener.redirect)
        talk.person.tell()
        talk.person.tell(f"{listener.redirect} must stand in the app's settings as a callback URL.")
        talk.person.tell("Open this address in a browser of this machine, and allow the app:")
        talk.person.tell(f"  {under_way.address(base_url)}")
        code = _code(listener.wait(WITHIN), under_way.state)
    try:
        grant, token = authorizing.exchange(
            under_way, code, base_url, client_secret=client_secret, now=talk.now
        )
    except authorizing.NotAuthorized as failed:
        raise _failed(str(failed)) from None
    return Told(
        values={
            "handle": handle,
            "client_id": client_id,
            "client_secret": client_secret,
            "refresh_token": grant.refresh_token,
        },
        token=token,
    )


def _listening(talk: Talk) -> Listener:
    port = talk.person.answer(
        Question(
            field="callback_port",
            title="Port for X's answer",
            means="Where X sends your browser back to, on this machine; as in the app's callback URL.",
            default=PORT,
        ),
        _port,
    )
    try:
        return Listener(int(port))
    except OSError as error:
        message = f"callback_port: {port} cannot be listened on ({error.strerror})"
        remedy = "give one that is listed in the app's settings: --set callback_port=PORT"
        raise Stop(Ending.REFUSED, "callback_port", message, remedy) from None


def _port(told: str) -> None:
    if not (told.isdecimal() and 1024 <= int(told) <= 65_535):
        raise ValueError("a port is a number from 1024 to 65535")


def _code(returned: Returned | None, state: str) -> str:
    if returned is None:
        raise _failed(f"no answer came back from X's page within {WITHIN / 60:.0f} minutes")
    if not returned.has(state):
        raise _failed("what came back does not belong to this sign-in (its state is another one)")
    if not returned.code:
        raise _failed(f"X's page came back without a code ({returned.error or 'no reason given'})")
    return returned.code


def _failed(why: str) -> Stop:
    return Stop(
        Ending.REFUSED, "sign_in", f"X did not sign the account in: {why}", "begin anew; nothing was kept"
    )
