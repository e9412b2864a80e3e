"""What X tells its page is read as it stands; what has another form than we know may be anything."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from steadypost.channels.x_web.hearing import offset
from steadypost.channels.x_web.numbering import is_dated_behind
from steadypost.channels.x_web.told import Heard, read
from steadypost.domain.clock import Offset
from steadypost.domain.likeness import Grade, Link, compare
from steadypost.domain.network import Place
from steadypost.networks.x.snowflake import id_at, made_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def an_id(minutes=0, number=1):
    return id_at(NOON - minutes * MINUTE, sequence=number)


def result(post_id, text="Hello", *, author="alice", entities=None, **legacy):
    return {
        "__typename": "Tweet",
        "rest_id": post_id,
        "core": {"user_results": {"result": {"rest_id": "42", "core": {"screen_name": author}}}},
        "legacy": {"full_text": text, "id_str": post_id, "entities": entities or {"urls": []}, **legacy},
    }


def entry(found, post_id, **content):
    return {
        "entryId": f"tweet-{post_id}",
        "content": {
            "itemContent": {"itemType": "TimelineTweet", "tweet_results": {"result": found}, **content}
        },
    }


def shown(post_id, *given, **more):
    return entry(result(post_id, *given, **more), post_id)


def cursor(value):
    return {"entryId": f"cursor-bottom-{value}", "content": {"cursorType": "Bottom", "value": value}}


def answer(*entries, place="UserTweets", asked=None, pin=None, errors=None, **more):
    told = [{"type": "TimelineAddEntries", "entries": list(entries)}]
    if pin:
        told.insert(0, {"type": "TimelinePinEntry", "entry": pin})
    if place == "TweetDetail":
        body = {"data": {"threaded_conversation_with_injections_v2": {"instructions": told}}}
    else:
        body = {"data": {"user": {"result": {"timeline": {"timeline": {"instructions": told}}}}}}
    if errors:
        body["errors"] = errors
    variables = json.dumps(asked or {"userId": "42"})
    url = address(place, variables)
    return Heard(**{"url": url, "body": json.dumps(body), **more})


def address(place, variables):
    return f"https://x.com/i/api/graphql/abc/{place}?variables={quote(variables)}"


def profile(*answers, place=Place.PROFILE, **more):
    return read(answers, place, "alice", **{"user_id": "42", **more})


def only(told):
    (post,) = told.posts
    return post


# One post ----------------------------------------------------------------------------------------------------


def test_text_and_links():
    """Short links are replaced by where they lead, entities are decoded once."""
    urls = [{"url": "https://t.co/abc", "expanded_url": "http://example.com", "display_url": "example.com"}]
    text = "Tea &amp;amp; cake at https://t.co/abc, today &lt;3"
    post = only(profile(answer(shown(an_id(), text, entities={"urls": urls}))))

    assert ("Tea &amp; cake at ", Link("http://example.com"), ", today <3") == post.said.pieces
    assert (an_id(), "alice", None, (), False) == (
        post.id,
        post.author,
        post.reply_to,
        post.media,
        post.said.cut,
    )


def test_a_short_link_that_nothing_is_told_of():
    """It leads somewhere, and nobody knows where."""
    assert Link(None) in only(profile(answer(shown(an_id(), "see https://t.co/zzz")))).said.pieces


def test_a_reply_with_names_before_it():
    """The names that X put there are told apart from what was said; without the range that is a guess."""
    parent = an_id(3)
    for more in ({"display_text_range": [12, 18]}, {}):
        found = shown(an_id(), "@bob @carol thanks", in_reply_to_status_id_str=parent, **more)
        post = only(profile(answer(found)))
        assert ("@bob @carol ", ("thanks",), parent) == (post.said.lead, post.said.pieces, post.reply_to)
        assert post.said.guessed is not bool(more)


def test_pictures():
    """Their own short link is no part of the text; their descriptions are told."""
    media = [{"url": "https://t.co/pic", "ext_alt_text": "A boat"}, {"url": "https://t.co/pic"}]
    found = shown(an_id(), "Look https://t.co/pic", extended_entities={"media": media})
    post = only(profile(answer(found)))

    assert (("Look",), ("A boat", "")) == (post.said.pieces, post.media)


def test_a_long_post():
    """The whole stands in the note, with links of its own; without it the text is cut."""
    urls = [{"url": "https://t.co/abc", "expanded_url": "https://a.example/x"}]
    found = result(an_id(), "The beginning…")
    note = {
        "note_tweet_results": {
            "result": {"text": "The beginning & the end https://t.co/abc", "entity_set": {"urls": urls}}
        }
    }
    whole = only(profile(answer(entry({**found, "note_tweet": note}, an_id()))))
    cut = only(profile(answer(entry({**found, "note_tweet": {"is_expandable": True}}, an_id()))))

    assert Grade.SAME is compare("The beginning & the end https://a.example/x", whole.said)
    assert (False, True) == (whole.said.cut, cut.said.cut)


@pytest.mark.parametrize(
    "half", ["ht…", "https://t.c…", "https://t.co/Ab…", "&am…", "&…", "https:…", "https://t…"]
)
def test_a_text_that_is_cut_within_a_link_or_a_sign(half):
    """What is left of it stands for something else, of which nothing is known."""
    found = {**result(an_id(), f"Look: {half}"), "note_tweet": {"is_expandable": True}}
    said = only(profile(answer(entry(found, an_id())))).said

    for rest in ("https://a.example/one and more", "& more"):
        assert Grade.UNCLEAR is compare(f"Look: {rest}", said)
    assert Grade.OTHER is compare("Listen: https://a.example/one", said)


@pytest.mark.parametrize("told", ["Tea &amp; cake", "Tea & cake"])
def test_a_note_whose_signs_may_or_may_not_be_escaped(told):
    """Whether X escapes a note is not documented: what agrees only after decoding is not told apart."""
    note = {"note_tweet_results": {"result": {"text": told, "entity_set": {}}}}
    said = only(profile(answer(entry({**result(an_id(), "Tea…"), "note_tweet": note}, an_id())))).said

    assert (Grade.UNCLEAR if "amp" in told else Grade.SAME) is compare("Tea & cake", said)


def test_other_forms():
    """A wrapper, an edited post, a repost, an advertisement, names in the older place."""
    wrapped = {"__typename": "TweetWithVisibilityResults", "tweet": result(an_id())}
    old = result(an_id())
    old["core"]["user_results"]["result"] = {"legacy": {"screen_name": "alice"}}
    edited = {
        **result(an_id()),
        "edit_control": {"edit_control_initial": {"edit_tweet_ids": [an_id(9), an_id()]}},
    }
    repost = shown(an_id(), "RT @bob: Hello", retweeted_status_result={"result": {}})
    advert = entry(result(an_id(), author="shop"), an_id(), promotedMetadata={})

    assert "Hello" == only(profile(answer(entry(wrapped, an_id())))).text
    assert "alice" == only(profile(answer(entry(old, an_id())))).author
    assert (an_id(9), an_id()) == only(profile(answer(entry(edited, an_id())))).versions
    assert only(profile(answer(repost))).reposted
    assert only(profile(answer(advert))).promoted


@pytest.mark.parametrize(
    "odd",
    [
        {},
        None,
        {"__typename": "TweetTombstone"},
        {"__typename": "TweetUnavailable"},
        {"rest_id": "1"},
        {"legacy": 7},
    ],
)
def test_an_entry_that_cannot_be_read_may_be_ours(odd):
    """Its name tells its id, and nobody can say what of: it is kept as that."""
    post = only(profile(answer(entry(odd, an_id()))))

    assert (an_id(), "alice", False) == (post.id, post.author, post.readable)


def test_what_is_no_post_is_passed_over():
    """Whom to follow, topics, cursors."""
    follow = {
        "entryId": "who-to-follow-1",
        "content": {"items": [{"entryId": "user-7", "item": {"itemContent": {"itemType": "TimelineUser"}}}]},
    }

    assert [an_id()] == [post.id for post in profile(answer(follow, shown(an_id()), cursor("x"))).posts]


def item(name, **content):
    return {"entryId": name, "content": {"itemContent": content}}


@pytest.mark.parametrize(
    "name", ["tweet", "post", "tombstone", "interstitial", "profile-conversation-7-post", "sq-I-t-tombstone"]
)
@pytest.mark.parametrize("kind", ["TimelineTombstone", "TimelinePost", "TimelineInterstitial", ""])
def test_what_stands_in_a_post_s_place_may_be_ours(name, kind):
    """A gate of age, a warning, a post by a new name: the list has an entry for an id and does not show what it is."""
    told = profile(answer(item(f"{name}-{an_id(1)}", itemType=kind), shown(an_id(30)), shown(an_id(60))))

    assert (an_id(1), False) == (told.posts[0].id, told.posts[0].readable)


@pytest.mark.parametrize("results", ["tweet_results", "post_results"])
@pytest.mark.parametrize("hidden", [{}, {"result": {"__typename": "TweetInterstitial"}}, {"result": None}])
def test_what_hides_a_post_without_its_id_is_a_gap(results, hidden):
    told = profile(answer(item("gate-3", itemType="TimelineGate", **{results: hidden}), shown(an_id(30))))

    assert told.failed


@pytest.mark.parametrize(
    "harmless",
    [
        item("messageprompt-1", itemType="TimelineMessagePrompt"),
        item(f"user-{'1' * 18}", itemType="TimelineUser", user_results={}),
        item("new-panel-4", itemType="TimelineSomethingNew"),
        item("promoted-tweet-7-a", itemType="TimelineTweet", tweet_results={}, promotedMetadata={}),
    ],
)
def test_what_cannot_be_a_post_is_no_gap(harmless):
    told = profile(answer(harmless, shown(an_id(1)), shown(an_id(30))))

    assert ([an_id(1), an_id(30)], False) == ([post.id for post in told.posts], told.failed)


def test_a_folded_thread_names_what_it_does_not_show():
    """Of a long conversation the list shows the first parts; the others are there, and cannot be read here."""
    items = [
        {
            "entryId": f"profile-conversation-1-tweet-{an_id(2)}",
            "item": {"itemContent": {"tweet_results": {"result": result(an_id(2))}}},
        }
    ]
    module = {
        "entryId": "profile-conversation-1",
        "content": {
            "items": items,
            "metadata": {"conversationMetadata": {"allTweetIds": [an_id(2), an_id(1)]}},
        },
    }

    assert [(an_id(2), True), (an_id(1), False)] == [
        (p.id, p.readable) for p in profile(answer(module)).posts
    ]


# Lists -------------------------------------------------------------------------------------------------------


def pages():
    first = answer(*(shown(an_id(n)) for n in range(3)), cursor("c1"))
    second = answer(
        *(shown(an_id(n)) for n in range(3, 6)), cursor("c2"), asked={"userId": "42", "cursor": "c1"}
    )
    last = answer(cursor("c3"), asked={"userId": "42", "cursor": "c2"})
    return first, second, last


@pytest.mark.parametrize("hidden", [{"__typename": "TweetTombstone"}, None])
def test_a_conversation_whose_last_post_is_not_shown_reaches_no_further(hidden):
    """It stands where its last post belongs, though only its first, of long ago, can be read."""
    posts = [shown(an_id(5000)), entry(hidden, an_id(1))]
    items = [{"entryId": one["entryId"], "item": one["content"]} for one in posts]
    module = {"entryId": "profile-conversation-1", "content": {"items": items}}
    told = profile(answer(module, shown(an_id(9000)), shown(an_id(2)), cursor("c")))

    assert made_at(an_id(1)) == told.reached_back_to


def test_a_list_that_was_loaded_again_is_the_later_one():
    """Its pages follow the beginning that came last; those of the one before may leave out what came between."""
    old = answer(shown(an_id(1)), shown(an_id(2)), cursor("a"))
    more = answer(shown(an_id(3)), shown(an_id(4)), cursor("b"), asked={"userId": "42", "cursor": "a"})
    new = answer(shown(an_id(0)), shown(an_id(1)), cursor("c"))

    assert made_at(an_id(0)) == profile(old, more, new).reached_back_to


def test_a_list_of_which_a_page_failed_has_not_ended():
    """Its last page has no more to name, and still nobody knows what the failed one held."""
    failed = answer(asked={"userId": "42", "cursor": "z"}, status=503)
    told = profile(answer(shown(an_id(1)), shown(an_id(2))), failed)

    assert (False, made_at(an_id(1))) == (told.ended, told.reached_back_to)


@pytest.mark.parametrize(
    "errors",
    [
        [{"message": "Timeout: Unspecified"}],
        [{"path": ["user", "result", "timeline_v2", "timeline", "instructions", 0, "entries"]}],
        [{"path": "user"}],
    ],
)
def test_an_error_beside_a_list_may_have_taken_a_post(errors):
    told = profile(answer(shown(an_id(2)), shown(an_id()), errors=errors))

    assert {an_id(2), an_id()} == {post.id for post in told.posts}
    assert (True, None, False) == (told.failed, told.reached_back_to, told.ended)


def test_an_error_within_an_entry_took_only_of_that_entry():
    path = [
        "user",
        "result",
        "timeline_v2",
        "timeline",
        "instructions",
        0,
        "entries",
        1,
        "content",
        "itemContent",
    ]
    told = profile(answer(shown(an_id(2)), shown(an_id()), errors=[{"path": path}]))

    assert (False, True) == (told.failed, told.ended)


def test_an_entry_that_is_null_is_a_gap():
    told = profile(answer(shown(an_id(2)), None, shown(an_id())))

    assert (True, False) == (told.failed, told.ended)


def test_a_link_that_only_begins_like_a_picture_s():
    """It is another link, and stays."""
    media = [{"url": "https://t.co/pic"}]
    post = only(
        profile(answer(shown(an_id(), "Look https://t.co/picture", extended_entities={"media": media})))
    )

    assert ("Look ", Link(None)) == post.said.pieces


def test_links_to_x_itself():
    """By either of its names they lead to the same post, and nobody can say which was typed."""
    urls = [{"url": "https://t.co/abc", "expanded_url": "https://twitter.com/bob/status/1"}]
    said = only(profile(answer(shown(an_id(), "See https://t.co/abc", entities={"urls": urls})))).said

    assert Grade.UNCLEAR is compare("See https://x.com/bob/status/1", said)
    assert Grade.SAME is compare("See https://t.co/abc", said)
    assert Grade.OTHER is compare("See https://x.com/bob/status/2", said)


LINKED = {"url": "https://t.co/q", "expanded_url": "https://x.com/bob/status/1"}
QUOTED = {"url": "https://t.co/q", "expanded": "https://x.com/bob/status/1"}


def test_a_quoted_post_whose_link_is_not_in_the_text():
    """Whether somebody typed the link, X does not say then."""
    link = {"url": "https://t.co/q", "expanded": "https://x.com/bob/status/1"}
    more = {"quoted_status_permalink": link, "is_quote_status": True}
    post = only(profile(answer(shown(an_id(), "Look", **more))))

    assert Grade.UNCLEAR is compare("Look https://x.com/bob/status/1", post.said)
    assert Grade.SAME is compare("Look", post.said)
    assert post.quotes


@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        ("Look", {"is_quote_status": True, "quoted_status_id_str": an_id(9)}, True),
        ("Look", {"is_quote_status": True}, True),
        ("Look https://t.co/q", {"is_quote_status": True, "quoted_status_permalink": QUOTED}, False),
        (f"Look {LINKED['url']}", {"is_quote_status": True, "entities": {"urls": [LINKED]}}, False),
        ("Look", {}, False),
    ],
)
def test_a_post_that_quotes_another_says_so(text, more, expected):
    """Nothing of ours is sent so. The quoted post's link, where it is among the words, was typed or tells them apart."""
    assert expected is only(profile(answer(shown(an_id(), text, **more)))).quotes


@pytest.mark.parametrize(
    ("name", "expected"), [("poll2choice_text_only", True), ("summary", False), (None, False)]
)
def test_a_post_with_a_poll_says_so(name, expected):
    """Nothing of ours is sent so; a link's card is another matter."""
    found = result(an_id(), "Look") | {"card": {"legacy": {"name": name}}}

    assert expected is only(profile(answer(entry(found, found["rest_id"])))).poll


ODD = [None, 7, 1.5, True, "x", [], [[]], [None], {}, {"a": 1}, [{"url": []}], {"url": [], "code": []}]


def _places(value, path=()):
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from _places(value[key], (*path, key))


def test_no_answer_of_another_form_breaks_the_reading():
    """Whatever stands in whichever place: what cannot be read is told as that."""
    whole = result(
        an_id(),
        "@bob Hi https://t.co/abc https://t.co/pic",
        entities={"urls": [{"url": "https://t.co/abc", "expanded_url": "https://a.example"}]},
        extended_entities={"media": [{"url": "https://t.co/pic"}]},
        in_reply_to_status_id_str=an_id(9),
        display_text_range=[5, 9],
    )
    whole["edit_control"] = {"edit_control_initial": {"edit_tweet_ids": [an_id()]}}
    listed = json.loads(answer(entry(whole, an_id()), place="TweetDetail").body)
    single = {"data": {"tweetResult": {"result": whole}}}
    for body in ({**listed, "errors": [{"code": 1}]}, {**single, "errors": [{"code": 1}]}):
        for place in list(_places(body))[1:]:
            for odd in ODD:
                changed = json.loads(json.dumps(body))
                at = changed
                for key in place[:-1]:
                    at = at[key]
                at[place[-1]] = odd

                assert own(detail(body=json.dumps(changed))) is not None


def test_pages_that_follow_one_another_make_one_list():
    """It reaches back to the last post but one, and to the last when nothing more comes."""
    first, second, last = pages()

    assert made_at(an_id(1)) == profile(first).reached_back_to
    assert made_at(an_id(4)) == profile(first, second).reached_back_to
    assert (made_at(an_id(5)), True) == (
        profile(first, second, last).reached_back_to,
        profile(first, second, last).ended,
    )


def test_a_page_that_is_missing_is_a_gap():
    """What comes after it is seen, and the list does not reach that far."""
    first, _, last = pages()
    third = answer(shown(an_id(9)), shown(an_id(10)), asked={"userId": "42", "cursor": "c9"})
    told = profile(first, third, last)

    assert made_at(an_id(1)) == told.reached_back_to
    assert an_id(9) in {post.id for post in told.posts}


@pytest.mark.parametrize("broken", [{"status": 503}, {"body": "<html>"}, {"body": "{}"}])
def test_a_page_that_failed(broken):
    """A list whose beginning failed is none; one that failed later ends before that."""
    first, _, _ = pages()
    late = answer(asked={"userId": "42", "cursor": "c1"}, **broken)

    assert profile(answer(**broken)).failed
    assert (made_at(an_id(1)), True) == (profile(first, late).reached_back_to, profile(first, late).failed)
    assert not profile(first, late).ended


def test_what_a_cache_kept_shows_posts_and_proves_nothing():
    """It is as old as the cache says: what was made since is not in it, and what was gone may be back."""
    first, second, last = pages()

    for one in range(3):
        given = [replace(answer, kept=n == one) for n, answer in enumerate((first, second, last))]
        told = profile(*given)
        assert (None, False, True) == (told.reached_back_to, told.ended, told.failed)
        assert profile(first, second, last).posts == told.posts
    gone = detail(body=json.dumps({"data": {"tweetResult": {}}}), kept=True)
    assert frozenset() == own(gone).missing


def test_an_edited_post_stands_where_its_first_version_stood():
    edited = {**result(an_id(0)), "edit_control": {"edit_tweet_ids": [an_id(30), an_id(0)]}}
    told = profile(answer(shown(an_id(10)), entry(edited, an_id(0)), shown(an_id(40)), shown(an_id(50))))

    assert made_at(an_id(50)) == told.reached_back_to
    told = profile(answer(shown(an_id(10)), entry(edited, an_id(0)), shown(an_id(40)), cursor("c")))
    assert made_at(an_id(30)) == told.reached_back_to


def test_old_posts_one_after_the_other_above_younger_ones_reach_no_further():
    """A list that is in no order shows how far it has come only by what follows."""
    older = [shown(an_id(one)) for one in (1, 500, 501, 502)]
    told = profile(answer(*older, shown(an_id(2)), shown(an_id(3)), cursor("c")))

    assert made_at(an_id(2)) == told.reached_back_to


def test_an_earlier_post_of_a_conversation_reaches_no_further():
    """A list is ordered by the last post of each conversation: an old one above says nothing of how far it goes."""
    told = profile(answer(shown(an_id(30)), shown(an_id(1)), shown(an_id(2)), cursor("c")))

    assert made_at(an_id(1)) == told.reached_back_to


def test_pinned_posts_and_others_posts_reach_no_further():
    """Neither is part of the order."""
    told = profile(
        answer(
            shown(an_id(1)),
            shown(an_id(99), author="bob"),
            shown(an_id(2)),
            cursor("c"),
            pin=shown(an_id(500)),
        )
    )

    assert made_at(an_id(1)) == told.reached_back_to
    assert told.posts[0].pinned


@pytest.mark.parametrize("asked", [{"userId": "43"}, {"screen_name": "bob"}])
def test_somebody_else_s_list_is_none(asked):
    """A page may load several lists."""
    assert profile(answer(shown(an_id()), asked=asked)) is None
    assert profile(answer(shown(an_id()), place="UserTweetsAndReplies")) is None
    assert profile(answer(shown(an_id()), place="UserMedia")) is None


# A post's own page -------------------------------------------------------------------------------------------


def own(*answers, post=None):
    return read(answers, Place.THREAD, "alice", user_id="42", post=post or an_id())


def detail(*entries, **more):
    return answer(*entries, place="TweetDetail", asked={"focalTweetId": an_id()}, **more)


def test_its_own_page_shows_it():
    """Also among what stands above and below."""
    told = own(detail(shown(an_id(2), author="bob"), shown(an_id()), shown(an_id(0, 2))))

    assert ([an_id(2), an_id(), an_id(0, 2)], frozenset()) == ([post.id for post in told.posts], told.missing)


@pytest.mark.parametrize(
    "body",
    [
        {"data": {}, "errors": [{"code": 144, "message": "No status found with that ID."}]},
        {"data": {"tweetResult": {}}},
        {"data": {"tweetResult": [{}]}},
    ],
)
def test_its_own_page_says_that_it_is_gone(body):
    """By code, or by an empty result."""
    told = own(detail(body=json.dumps(body)))

    assert (frozenset({an_id()}), frozenset()) == (told.missing, told.hidden)


TOMBSTONE = {
    "__typename": "TweetTombstone",
    "tombstone": {"__typename": "TextTombstone", "text": {"text": "Age-restricted adult content."}},
}


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"tweetResult": {"result": TOMBSTONE}}},
        {"data": {"tweetResult": [{"result": {"__typename": "TweetUnavailable"}}]}},
        {
            "data": {
                "threaded_conversation_with_injections_v2": {
                    "instructions": [{"entries": [entry(TOMBSTONE, an_id())]}]
                }
            }
        },
    ],
)
def test_a_tombstone_in_its_own_place_does_not_say_that_it_is_gone(body):
    """X sets the same one for what was deleted and for what is not for every age; only its words differ."""
    told = own(detail(body=json.dumps(body)))

    assert ((), frozenset(), frozenset({an_id()})) == (told.posts, told.missing, told.hidden)


def test_its_own_page_may_be_told_as_a_list_of_one():
    told = own(detail(body=json.dumps({"data": {"tweetResult": [{"result": result(an_id())}]}})))

    assert [an_id()] == [post.id for post in told.posts]


def test_what_is_said_of_other_posts_is_not_said_of_it():
    """A code beside posts may speak of one that is quoted; an answer about others, and a reason, say nothing."""
    others = json.loads(detail(shown(an_id(2), author="bob")).body)
    withheld = {
        "data": {"tweetResult": {"result": {"__typename": "TweetUnavailable", "reason": "Protected"}}}
    }
    missing = json.dumps({"data": {}, "errors": [{"code": 144}]})
    several = answer(place="TweetResultsByRestIds", asked={"tweetIds": [an_id(5)]}, body=missing)

    assert frozenset() == own(detail(body=json.dumps({**others, "errors": [{"code": 144}]}))).missing
    assert frozenset() == own(detail(body=json.dumps(withheld))).missing
    assert own(several) is None


def test_what_one_answer_shows_is_not_missing_by_another():
    """Two answers that contradict each other: it was seen."""
    gone = detail(body=json.dumps({"data": {"tweetResult": {}}}))

    assert frozenset() == own(gone, detail(shown(an_id()))).missing
    assert frozenset() == own(detail(shown(an_id())), gone).missing


def test_a_post_s_own_page_is_whole_only_with_what_stands_around_it():
    """The post alone says nothing of its replies, nor does a page of which a part failed."""
    alone = detail(body=json.dumps({"data": {"tweetResult": {"result": result(an_id())}}}))

    assert not own(alone).ended
    assert not own(detail(status=503), alone).ended
    assert own(detail(shown(an_id()))).ended


@pytest.mark.parametrize(
    "broken",
    [
        {"status": 503},
        {"body": "{}"},
        {"body": json.dumps({"data": {}, "errors": [{"code": 88}]})},
        {"body": json.dumps({"data": {}, "errors": [{"message": "Not found"}]})},
    ],
)
def test_its_own_page_says_nothing(broken):
    """No answer, or one of another kind, is no word about the post; nor is one about another post."""
    told = own(detail(**broken))

    assert (frozenset(), True) == (told.missing, told.failed)
    assert own(detail(), post=an_id(9)) is None


# Time --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "behind"),
    [
        (id_at(NOON), False),
        (id_at(NOON + timedelta(seconds=7)), False),
        (id_at(NOON + timedelta(seconds=20)), True),
        (id_at(NOON - timedelta(hours=1)), False),
        ("9223372036854775807", False),
        ("7", False),
    ],
)
def test_a_date_before_the_moment_in_which_a_list_was_told(number, behind):
    """X numbers the entries with ids of that moment; other numbers that it gives say nothing."""
    told = [{**shown(an_id(n)), "sortIndex": number} for n in (1, 2)]
    date = "Mon, 02 Mar 2026 12:00:00 GMT"

    assert behind is is_dated_behind([answer(*told, date=date)])
    assert not is_dated_behind([answer(*told), answer(shown(an_id()), date=date)])


def test_the_clocks_are_compared_by_the_quickest_answer():
    """An answer that took a second is more exact than one that took ten."""
    date = "Mon, 02 Mar 2026 12:00:20 GMT"
    second = timedelta(seconds=1)
    quick = Heard(url="https://x.com/a", date=date, sent_at=NOON, came_at=NOON + second)
    slow = Heard(url="https://x.com/b", date=date, sent_at=NOON, came_at=NOON + 10 * second)

    assert Offset(ahead=20 * second, within=second) == offset([slow, quick])
    assert offset([Heard(url="https://x.com/c", sent_at=NOON, came_at=NOON)]) is None
    assert offset([Heard(url="https://x.com/c", date=date, sent_at=NOON, came_at=NOON - second)]) is None
    assert offset([Heard(url="https://x.com/c", date="yesterday", sent_at=NOON, came_at=NOON)]) is None
