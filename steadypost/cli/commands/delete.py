"""``steadypost delete``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from steadypost import networks, prefect_address, settings
from steadypost.cli import opening, speech
from steadypost.cli.choosing import NUMBER
from steadypost.cli.command import command
from steadypost.cli.commands.queue import delivery_document
from steadypost.cli.endings import Ending, Stop
from steadypost.cli.house import House
from steadypost.cli.signing import signature_of, signed
from steadypost.cli.speech import Answer
from steadypost.domain import clock
from steadypost.domain.evidence import SeenPost
from steadypost.domain.network import NEITHER, Network
from steadypost.domain.remote_id import NotAnId, RemoteId
from steadypost.domain.spoken import Signature
from steadypost.store import Copy, Store, copies, reading, removals
from steadypost.store import accounts as account_rows
from steadypost.store.acts import By

if TYPE_CHECKING:
    from steadypost.channels.port import Access, Channel
    from tasks.copies import Both
    from tasks.removals import Shown


@command("delete")
@click.argument("delivery_id", metavar="[ID]", required=False, type=NUMBER)
@click.option(
    "--from-network", is_flag=True, help="Take this delivery's posts down, where everybody can see them."
)
@click.option("--copy", "given", metavar="ID", help="The copy: its id, or its address.")
@click.option("--yes", is_flag=True, help="Do not ask; needed without a terminal, and with --json.")
@signed(why_is_required=True)
def delete(
    house: House,
    *,
    delivery_id: int | None,
    from_network: bool,
    given: str | None,
    yes: bool,
    by: str | None,
    why: str,
) -> Answer:
    """Take a live post down from its network, or a second copy of one; it is shown first.

    ID --from-network takes down all parts of a delivery, the last one first. --copy ID takes down only what a look or an
    answer has shown to be a second copy. That it is done says a look at the post's own address; after a lost answer give
    the command again. It is kept with your name and your reason. What waits is taken back with 'steadypost cancel'.
    """
    _refuse_unclear(delivery_id, from_network=from_network, given=given)
    said = signature_of(by, why, why_is_required=True)
    prefect_address.use(house.settings.home)  # before Prefect is loaded
    if given is not None:
        return _delete_copy(house, given, said, yes=yes)
    return _delete_delivery(house, delivery_id or 0, said, yes=yes)


def _refuse_unclear(delivery_id: int | None, *, from_network: bool, given: str | None) -> None:
    """Stop unless it is plain what is to be taken down."""
    if given is not None and (delivery_id is not None or from_network):
        raise Stop(Ending.USAGE, "usage", "--copy names one post by itself", "leave out the ID, or --copy")
    if given is not None or (delivery_id is not None and from_network):
        return
    if delivery_id is None:
        remedy = "steadypost delete ID --from-network, or --copy ID; what waits: 'steadypost cancel ID'"
        raise Stop(Ending.USAGE, "usage", "no delivery and no copy is named", remedy)
    remedy = (
        f"what waits is taken back with 'steadypost cancel {delivery_id}'; "
        "--from-network takes down what everybody can see"
    )
    raise Stop(
        Ending.USAGE,
        "usage",
        "delete takes a live post down from its network, and needs --from-network",
        remedy,
    )


# --- a delivery


def _delete_delivery(house: House, delivery_id: int, said: Signature, *, yes: bool) -> Answer:
    from tasks.removals import NotTakenDown, Removing  # noqa: PLC0415 - Prefect takes two seconds to load

    with house.store() as store:
        plan = store.read(removals.planned, delivery_id)
        account = plan.delivery.account
        network = networks.named(store.read(account_rows.one, account).network)
        with opening.opened(house, account, "delete", store) as (channel, access):
            removing = Removing(
                store=store,
                channel=channel,
                access=access,
                by=By(name=said.by, why=said.why),
                agrees=lambda shown: _agrees_to(shown, network, yes=yes),
            )
            try:
                after = removing.run(delivery_id)
            except NotTakenDown as not_done:
                raise Stop(Ending.REFUSED, "not_taken_down", not_done.why, not_done.remedy) from None
    if after is None:
        raise Stop(Ending.REFUSED, "not_confirmed", "nothing was taken down", "answer yes, or give --yes")
    ids = [part.id for part in reversed(plan.parts)]
    sentence = f"Delivery {after.id} of {account} is {after.state}: {', '.join(ids)} not live any more."
    return Answer(
        document={"delivery": delivery_document(after), "removed": ids},
        tell=lambda console: speech.tell(console, sentence),
    )


def _agrees_to(shown: Sequence[Shown], network: Network, *, yes: bool) -> bool:
    """Show every part on standard error, in the order in which they are read, and ask."""
    for one in reversed(shown):
        told = f"{one.part.id}, gone already" if one.post is None else _line(one.post, network)
        click.echo(f"part {one.part.n + 1}: {told}", err=True)
    return yes or _confirmed("Take it down, for everybody?")


def _confirmed(question: str) -> bool:
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        return False  # no terminal to answer at


# --- a copy


def _delete_copy(house: House, given: str, said: Signature, *, yes: bool) -> Answer:
    with house.store() as store:
        copy = _copy(store, _id(given))
        with opening.opened(house, copy.account, "delete", store) as (channel, access):
            network = networks.named(store.read(account_rows.one, copy.account).network)
            _take_down(store, copy, channel, access, network, yes=yes)
        after = store.write(copies.removed, copy, by=By(name=said.by, why=said.why), now=clock.now())
    told = {"delivery": after.id, "part": copy.n + 1, "kept": copy.of, "deleted": copy.id}
    sentence = f"{copy.id} is gone; delivery {after.id} is live as {copy.of}."
    return Answer(document={"copy": told}, tell=lambda console: speech.tell(console, sentence))


def _id(given: str) -> RemoteId:
    try:
        return networks.read(given).id
    except NotAnId:
        raise Stop(Ending.USAGE, "usage", f"--copy {given!r}: {NEITHER}", networks.REMEDY) from None


def _copy(store: Store, post: RemoteId) -> Copy:
    copy = store.read(copies.known, post)
    if copy is None:
        message = f"the post {post} is not known to be a second copy of anything"
        remedy = (
            "'steadypost notices' lists the copies that were found; a delivery's own post: "
            "steadypost delete ID --from-network"
        )
        raise Stop(Ending.REFUSED, "no_copy", message, remedy)
    if copy.removed:
        message = f"the copy {post} was taken down before"
        raise Stop(Ending.REFUSED, "removed", message, f"see 'steadypost show {copy.delivery_id}'")
    return copy


def _take_down(
    store: Store, copy: Copy, channel: Channel, access: Access, network: Network, *, yes: bool
) -> None:
    from tasks.copies import see_both, take_down  # noqa: PLC0415 - Prefect takes two seconds to load
    from tasks.removals import NotTakenDown  # noqa: PLC0415

    text = store.read(reading.show, copy.delivery_id).post.parts[copy.n].text
    try:
        both = see_both(channel, access, network, copy, text)
        _show(both, copy, network)
        if both.copy is None:
            return
        if not yes and not _confirmed(f"Take {copy.id} down?"):
            raise Stop(Ending.REFUSED, "not_confirmed", "nothing was taken down", "answer yes, or give --yes")
        take_down(channel, access, copy)
    except NotTakenDown as not_done:
        raise Stop(Ending.REFUSED, "not_taken_down", not_done.why, not_done.remedy) from None


def _show(both: Both, copy: Copy, network: Network) -> None:
    """Show both on standard error: they are for the decision, and the answer stays one document."""
    click.echo(f"stays:    {_line(both.ours, network)}", err=True)
    click.echo(
        f"the copy: {_line(both.copy, network) if both.copy else f'{copy.id}, gone already'}", err=True
    )


def _line(post: SeenPost, network: Network) -> str:
    made = network.made_at(post.id)
    zone = settings.read().zone
    when = f", made {speech.moment(made, zone)} ({zone})" if made else ""
    return f"{post.id}{when}, says {post.text!r}"


commands = {"delete": delete}
