"""The channel holds on a page that nobody wrote who wrote the sandbox: without test ids, with other markup and words."""

import pytest

from steadypost.channels.port import Access
from steadypost.domain.outcome import Published
from steadypost.domain.post import Part
from tests.channels.conftest import Person
from tests.channels.other_page.site import COOKIES, serving

pytestmark = pytest.mark.browser

TEXT = "Hello there\n\nsecond line"


class Writer(Person):
    """Alice at the other page: its server is no sandbox, and remembers by itself."""

    def at(self, **scene):
        """Begin anew at a page of this kind."""
        self.sandbox.set(**scene)
        return self

    def live(self):
        """What was made live, in order."""
        return [post["text"] for post in self.sandbox.posts]


@pytest.fixture(scope="module")
def other_site():
    with serving() as site:
        yield site


@pytest.fixture
def alice(other_site, browsers):
    """Somebody who posts there; afterwards, nothing may have been asked twice."""
    access = Access(
        account=f"alice-at-{other_site.url}",
        handle="alice",
        base_url=other_site.url,
        secret={"cookies": COOKIES, "origins": []},
        rules_accepted=True,
    )
    yield Writer(other_site, browsers, access)
    asked = [(one["tweet_text"], one.get("reply", {}).get("in_reply_to_tweet_id")) for one in other_site.asks]
    assert len(set(asked)) == len(asked)


def published(site):
    return tuple(Published(remote_id=post["id"]) for post in site.posts)


@pytest.mark.parametrize("lang", ["pt", "ko", "de"])
def test_words_and_names_do_not_matter(alice, other_site, lang):
    outcomes = alice.at(lang=lang, tag="a").ask(TEXT, "And a second part", within=60.0).outcomes

    assert [TEXT, "And a second part"] == alice.live()
    assert outcomes == published(other_site)


@pytest.mark.parametrize("box", ["plain", "bare", "combo", "breaks", "textarea"])
def test_whatever_can_be_written_in_is_a_box(alice, box):
    alice.at(box=box).ask(TEXT, within=60.0)

    assert [TEXT] == alice.live()


@pytest.mark.parametrize("dialog", ["native", "double", "region"])
def test_whatever_the_composer_is_in(alice, dialog):
    alice.at(dialog=dialog).ask(TEXT, "Two", within=60.0)

    assert [TEXT, "Two"] == alice.live()


@pytest.mark.parametrize("alt", ["dialog", "inline", "input", "editable"])
def test_descriptions_are_written_wherever_there_is_a_field(alice, other_site, picture, alt):
    alice.at(alt=alt).ask(parts=(Part(text="A dot", media=(picture,)),), within=60.0)

    (post,) = other_site.posts
    assert [picture.alt] == [one["alt"] for one in post["media"]]
