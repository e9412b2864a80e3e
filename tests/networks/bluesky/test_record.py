"""A post as a record, and the name of its content."""

from __future__ import annotations

import pytest

from sandbox.bluesky.content import record_cid
from steadypost.networks.bluesky.record import Above, Card, Draft, Ref, Shown, cid, is_blob, write

WHEN = "2026-11-29T20:00:00.000Z"
BLOB = {
    "$type": "blob",
    "ref": {"$link": "bafkreidjinds5kemmiu4ei3e45mxgtsqvgplqtgq2yzrignuojvhq6tvey"},
    "mimeType": "image/png",
    "size": 2_500_000,
}
ROOT = Ref(
    "at://did:plc:a/app.bsky.feed.post/3jui7kd54zh2y",
    "bafyreibggrxhhy23epptuuemouwh3vv3wuaxkiixelezdtiv2hgof35hxu",
)
PARENT = Ref("at://did:plc:a/app.bsky.feed.post/3jui7kd54zh2z", ROOT.cid)


def draft(**more):
    return Draft(**{"text": "hi", "created_at": WHEN, "dids": {}} | more)


def test_the_content_is_named_as_a_real_server_names_it():
    """The name was told by a server for this very record."""
    record = write(draft(), None)

    assert record == {"$type": "app.bsky.feed.post", "text": "hi", "createdAt": WHEN}
    assert "bafyreibggrxhhy23epptuuemouwh3vv3wuaxkiixelezdtiv2hgof35hxu" == cid(record)


def test_the_name_does_not_depend_on_the_order_of_fields():
    record = write(draft(langs=("de",)), None)

    assert cid(record) == cid(dict(reversed(record.items())))


def test_every_field_changes_the_name():
    picture = Shown(blob=BLOB, alt="a", width=4, height=3)
    names = {
        cid(write(one, above))
        for one, above in [
            (draft(), None),
            (draft(text="ho"), None),
            (draft(langs=("de",)), None),
            (draft(labels=("sexual",)), None),
            (draft(pictures=(picture,)), None),
            (draft(card=Card(uri="https://example.com", title="t", description="")), None),
            (draft(), Above(ROOT, PARENT)),
            (draft(), Above(ROOT, ROOT)),
        ]
    }

    assert 8 == len(names)


def test_a_file_is_a_link_in_the_content_and_not_its_letters():
    """Held against the sandbox's own way to name contents, which was written apart from this one."""
    record = write(draft(pictures=(Shown(blob=BLOB, alt="", width=1, height=1),)), None)

    assert cid(record) == record_cid(record)


def test_a_reply_names_both_ends_by_address_and_content():
    record = write(draft(), Above(ROOT, PARENT))

    assert record["reply"] == {
        "root": {"uri": ROOT.uri, "cid": ROOT.cid},
        "parent": {"uri": PARENT.uri, "cid": PARENT.cid},
    }


def test_pictures_take_the_place_of_a_preview():
    picture = Shown(blob=BLOB, alt="a map", width=4, height=3)
    card = Card(uri="https://example.com", title="t", description="d")
    record = write(draft(pictures=(picture,), card=card), None)

    assert record["embed"] == {
        "$type": "app.bsky.embed.images",
        "images": [{"alt": "a map", "image": BLOB, "aspectRatio": {"width": 4, "height": 3}}],
    }


def test_a_preview_has_its_picture_only_when_there_is_one():
    card = Card(uri="https://example.com", title="t", description="d")
    with_thumb = Card(uri="https://example.com", title="t", description="d", thumb=BLOB)

    assert "thumb" not in write(draft(card=card), None)["embed"]["external"]
    assert write(draft(card=with_thumb), None)["embed"]["external"]["thumb"] == BLOB


CID = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
BLOB = {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/png", "size": 7}


@pytest.mark.parametrize(
    "changed",
    [
        *({"$type": "image"}, {"ref": CID}, {"ref": {"$link": "x"}}, {"ref": {"$link": None}}, {"ref": {}}),
        *({"mimeType": None}, {"size": 10**40}, {"size": "7"}, {"size": 1.5}, {"size": -1}),
    ],
)
def test_a_file_is_named_as_a_record_takes_it(changed):
    """Anything else would make a record that the server refuses, and the post with it."""
    assert is_blob(BLOB)
    assert not is_blob(BLOB | changed)
