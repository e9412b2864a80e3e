"""Of many posts that are almost the same each is weighed as if every pair were laid side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from steadypost.domain import likeness
from steadypost.domain.clock import Offset
from steadypost.domain.evidence import Absent, CannotTell, Present, SeenPost, Sighting, Wanted
from steadypost.domain.likeness import Grade, Link, Said, canonical
from steadypost.domain.matching import grade, text_grade
from steadypost.domain.network import Place
from steadypost.domain.weighing import judge
from steadypost.networks.x import NETWORK as X
from steadypost.networks.x.snowflake import id_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
AGREED = Offset(ahead=timedelta(0), within=SECOND)

FIRST = [
    "Café at dawn 👍",
    "Cafe\N{COMBINING ACUTE ACCENT} at dawn 👍",
    "café at dawn 👍",
    "Café at dawn 👍🏽",
]
FIRST += [
    "Café  at dawn 👍",
    "\N{RIGHT-TO-LEFT MARK}Café at dawn 👍",
    "Café at\N{ZERO WIDTH SPACE} dawn 👍",
    "Café at",
]
LAST = ["", " and more", " and more.", "\n\nand more", " ❤", " ❤️"]
LINKS = [
    None,
    ("https://a.example/one",) * 2,
    ("https://a.example/two",) * 2,
    ("a.example/one", "http://a.example/one"),
]


@st.composite
def says(draw):
    """Give a text as its author wrote it, and as X tells it."""
    first, last, link = (
        draw(st.sampled_from(FIRST)),
        draw(st.sampled_from(LAST)),
        draw(st.sampled_from(LINKS)),
    )
    if link is None:
        return canonical(first + last), Said((canonical(first + last),))
    typed, leads_to = link
    short = f"https://t.co/{draw(st.sampled_from(['Aa1', 'Bb2']))}"
    pieces = (canonical(f"{first} ") + " ", Link(leads_to, short=short), canonical(f"x{last}")[1:])
    return canonical(f"{first} {typed}{last}"), Said(tuple(piece for piece in pieces if piece))


class Pool:
    """An account's unsettled deliveries, what of them is live, and what somebody posted by hand."""

    def __init__(self, asked, by_hand, shown_as):
        self.wanted, self.live, posts = [], {}, []
        for n, ((text, said), is_live) in enumerate(asked):
            at = NOON + n * SECOND
            self.wanted.append(
                Wanted(
                    network=X,
                    delivery_id=n,
                    n=0,
                    handle="alice",
                    text=text,
                    began_at=at,
                    ended_at=at + 20 * SECOND,
                    offset=AGREED,
                )
            )
            if is_live:
                self.live[n, 0] = id_at(at + 3 * SECOND, sequence=n)
                posts.append(SeenPost(id=self.live[n, 0], author="Alice", said=said))
        for n, ((_, said), seconds) in enumerate(by_hand):
            given = id_at(NOON + seconds * SECOND, sequence=1000 + n)
            posts.append(SeenPost(id=given, author="alice", said=said, **shown_as))
        self.posts = tuple(sorted(posts, key=lambda post: int(post.id), reverse=True))

    def sightings(self):
        """Both lists, whole, without a gap."""
        told = {"account": "alice", "at": NOON + timedelta(minutes=2), "told": True, "offset": AGREED}
        reached = NOON - timedelta(hours=1)
        return [
            Sighting(posts=self.posts, place=place, reached_back_to=reached, **told)
            for place in (Place.PROFILE, Place.REPLIES)
        ]


pools = st.builds(
    Pool,
    st.lists(st.tuples(says(), st.booleans()), min_size=1, max_size=7),
    st.lists(st.tuples(says(), st.integers(-90, 90)), max_size=4),
    st.sampled_from([{}, {}, {"pinned": True}, {"promoted": True}, {"reposted": True}, {"quotes": True}]),
)


def one_by_one(wanted, sightings):
    """Judge by laying every part beside every post, and counting anew each time: the definition, without any haste."""
    posts = {post.id: post for one in sightings for post in one.posts if not post.reposted}
    graded = {(item.key, post.id): grade(item, post, sightings) for item in wanted for post in posts.values()}

    def claims(key, given):
        item = next(one for one in wanted if one.key == key)
        how = graded[key, given]
        is_alike = how is not Grade.OTHER and text_grade(item, posts[given]) is Grade.SAME
        return how is Grade.SAME or is_alike

    def same(key):
        return [given for given in posts if graded[key, given] is Grade.SAME]

    def is_anothers(key, given):
        owners = [one.key for one in wanted if one.key != key and given in same(one.key)]
        return len(owners) == 1 and same(owners[0]) == [given]

    def verdict(key):
        fits = same(key)
        if len(fits) == 1 and sum(claims(one.key, fits[0]) for one in wanted) == 1:
            return fits[0]
        open_ = [given for given in posts if graded[key, given] is Grade.UNCLEAR]
        if fits or any(claims(key, given) or not is_anothers(key, given) for given in open_):
            return CannotTell
        return Absent

    return {item.key: verdict(item.key) for item in wanted}


def found(verdicts):
    return {key: one.remote_id if isinstance(one, Present) else type(one) for key, one in verdicts.items()}


def forget():
    for one in (likeness._loose, likeness._loose_reading, likeness._smooth):
        one.cache_clear()


@settings(max_examples=80, deadline=None)
@given(pools)
def test_the_quick_way_says_what_the_slow_one_says(pool):
    quick = found(judge(pool.wanted, pool.sightings()))
    again = found(judge(list(reversed(pool.wanted)), list(reversed(pool.sightings()))))
    forget()

    assert quick == one_by_one(pool.wanted, pool.sightings())
    assert quick == again


@settings(max_examples=150, deadline=None)
@given(pools)
def test_nothing_live_is_absent_and_nothing_is_given_another_s_post(pool):
    """Whatever else was asked for, and whatever somebody posted in almost the same words."""
    of_deliveries = {given: key for key, given in pool.live.items()}
    for key, one in judge(pool.wanted, pool.sightings()).items():
        if key in pool.live:
            assert not isinstance(one, Absent)
        if isinstance(one, Present):
            assert of_deliveries.get(one.remote_id, key) == key


def test_many_in_almost_the_same_words():
    """Each is found, none is another's, and those that are not there are absent."""
    wanted, posts = [], []
    for n in range(150):
        text = f"Offer of the day: {'very ' * (n % 7)}fresh bread, number {n} https://a.example/{n}"
        said = Said(
            (text.partition("https://")[0], Link(f"https://a.example/{n}", short=f"https://t.co/A{n}"))
        )
        at = NOON + n * SECOND
        item = Pool([((text, said), False)], [], {}).wanted[0]
        wanted.append(replace(item, delivery_id=n, began_at=at, ended_at=at + 20 * SECOND))
        if n % 3:
            posts.append(SeenPost(id=id_at(at + SECOND, sequence=n), author="alice", said=said))
    told = {"account": "alice", "at": NOON + timedelta(minutes=5), "told": True, "offset": AGREED}
    lists = [
        Sighting(posts=tuple(posts), place=place, reached_back_to=NOON - timedelta(hours=1), **told)
        for place in (Place.PROFILE, Place.REPLIES)
    ]
    verdicts = judge(wanted, lists)

    left = iter(posts)
    for n in range(150):
        assert (next(left).id if n % 3 else Absent) == found(verdicts)[n, 0]
