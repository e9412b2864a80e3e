"""The channel holds on a page that nobody wrote who wrote the sandbox: without test ids, with other markup and words."""

import contextlib
import logging
import time
from dataclasses import replace

import psutil
import pytest
from PIL import Image

from steadypost.channels.port import Access
from steadypost.domain.outcome import Cause, NotSubmitted, Phase, Published, Refused, Unconfirmed
from steadypost.domain.post import Part
from tests.browser.support import slowness
from tests.channels.conftest import Person
from tests.channels.other_page.site import COOKIES, serving

logger = logging.getLogger(__name__)

pytestmark = pytest.mark.browser

TEXT = "Hello there\n\nsecond line"


class Writer(Person):
    """Alice at the other page: its server is no sandbox, and remembers by itself."""

    def at(self, **scene):
        """Begin anew at a page of this kind."""
        self.sandbox.set(**scene)
        return self

    def ask(self, *texts, **how):
        """Ask once; a test that fails says what came of it."""
        answer = super().ask(*texts, **how)
        logger.warning("%s", answer.outcomes)
        return answer

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


MANY_LINES = "\n".join("" if n % 9 == 4 else f"line {n:04d}  <b> & {'x' * 4}" for n in range(1200))


@pytest.mark.parametrize(
    "scene",
    [
        {"box": "textarea"},
        {"box": "textarea", "shadow": True},
        {"box": "plain"},
        {"box": "bare"},
        {"box": "bare", "collapses": True},
        {"box": "plain", "collapses": True},
        {"box": "plain", "shadow": True},
        {"box": "blocks"},
        {"box": "breaks"},
    ],
)
def test_a_long_text_of_many_lines_is_put_in_in_one_go(alice, scene):
    """Line by line, each costs as much as all before it: the page hears of a thousand changes."""
    alice.at(most_changes=20, **scene).ask(MANY_LINES, within=90.0)

    assert [MANY_LINES] == alice.live()


def test_a_long_text_that_a_page_takes_in_no_quick_way_is_written_slowly(alice):
    """It takes what is pasted and drops it."""
    text = "\n".join(f"line {n}" for n in range(60))
    alice.at(box="bare", pasted="dropped").ask(text, within=90.0)

    assert [text] == alice.live()


@pytest.mark.parametrize("submit", ["input", "image", "button", "link", "gradient", "inner"])
def test_whatever_the_button_is_made_of(alice, other_site, submit):
    outcomes = alice.at(submit=submit, lang="ko").ask(TEXT, "Two", within=60.0).outcomes

    assert [TEXT, "Two"] == alice.live()
    assert outcomes == published(other_site)


def test_a_button_in_one_group_with_the_tools_posts(alice):
    alice.at(foot="group").ask(TEXT, within=60.0)

    assert [TEXT] == alice.live()


def test_a_click_that_misses_the_button_is_heard_by_nothing_else(alice, other_site):
    """Something slips over it between the look and the click: the next click posts."""
    outcome = alice.at(slips=1).say(TEXT, within=60.0)

    assert isinstance(outcome, Published)
    assert [] == other_site.told


@pytest.mark.parametrize("dialog", ["native", "double", "region"])
def test_whatever_the_composer_is_in(alice, dialog):
    alice.at(dialog=dialog).ask(TEXT, "Two", within=60.0)

    assert [TEXT, "Two"] == alice.live()


@pytest.mark.parametrize("alt", ["dialog", "inline", "input", "editable"])
def test_descriptions_are_written_wherever_there_is_a_field(alice, other_site, picture, alt):
    alice.at(alt=alt).ask(parts=(Part(text="A dot", media=(picture,)),), within=60.0)

    (post,) = other_site.posts
    assert [picture.alt] == [one["alt"] for one in post["media"]]


@pytest.mark.parametrize("media", ["two", "single", "chooser"])
def test_pictures_are_given_in_whichever_way_the_page_takes_them(alice, other_site, picture, media):
    parts = (Part(text="Two dots", media=(picture, replace(picture, alt="Another dot"))),)
    alice.at(media=media).ask(parts=parts, within=60.0)

    (post,) = other_site.posts
    assert [picture.alt, "Another dot"] == [one["alt"] for one in post["media"]]


@pytest.mark.parametrize(
    "scene",
    [
        {"processing": 3000},
        {"processing": 3000, "silent_upload": True},
        {"processing": 3000, "bar": "progress", "eager": True},
    ],
)
def test_a_picture_is_given_its_time(alice, other_site, picture, scene):
    alice.at(**scene).ask(parts=(Part(text="A dot", media=(picture,)),), within=60.0)

    (post,) = other_site.posts
    assert None not in {one["media_id"] for one in post["media"]}


def test_pictures_that_the_page_puts_in_another_order_do_not_go_out_so(alice, picture, tmp_path):
    """Nor with each other's descriptions."""
    other = tmp_path / "other.png"
    Image.new("RGB", (3, 3), "red").save(other)
    media = (picture, replace(picture, path=other, alt="Something red"))
    outcome = alice.at(reorders=True).ask(parts=(Part(text="Two", media=media),), within=60.0).outcomes[0]

    assert Cause.MEDIA_NOT_ATTACHED is asked_for_nothing(alice, outcome)


def test_a_button_that_comes_on_late_is_waited_for(alice):
    alice.at(enable_late=5000).ask(TEXT, within=60.0)

    assert [TEXT] == alice.live()


# --- what lies over the page, and what comes between


@pytest.mark.parametrize("over", ["cookies", "cookie_dialog", "hint", "told", "toast", "who_menu"])
def test_what_lies_over_the_button_is_taken_away_or_passes(alice, over):
    alice.at(over=over).ask(TEXT, within=60.0)

    assert [TEXT] == alice.live()


@pytest.mark.parametrize("late", [150, 2000])
@pytest.mark.parametrize("popup", ["list", "presentation", "menu"])
def test_suggestions_over_the_button_change_nothing(alice, popup, late):
    texts = ["Thanks to @bob", "Fresh #bread"]
    alice.at(popup=popup, popup_late=late).ask(*texts, within=60.0)

    assert texts == alice.live()


@pytest.mark.parametrize("wrap", ["dialog", "native", "nested", "plain", "shadow", "below", "popover"])
def test_a_sheet_after_the_click_lets_the_post_go_on(alice, wrap):
    alice.at(sheet_after="two", sheet_wrap=wrap).ask(TEXT, within=60.0)

    assert [TEXT] == alice.live()


@pytest.mark.parametrize("wrap", ["dialog", "native", "nested", "plain"])
@pytest.mark.parametrize("sheet", ["one", "told", "fades"])
def test_a_sheet_that_only_tells_something_is_acknowledged_once(alice, sheet, wrap):
    alice.at(sheet_after=sheet, sheet_wrap=wrap).ask(TEXT, within=60.0)

    assert [TEXT] == alice.live()


@pytest.mark.parametrize("sheet", ["told", "stays", "linked", "filled", "framed"])
def test_a_sheet_that_comes_again_or_wants_something_is_named_within_seconds(alice, sheet):
    clicked_at = []
    outcome = alice.at(sheet_after=sheet, sheet_times=9).say(
        TEXT, within=60.0, on=lambda p: p is Phase.CLICKED and clicked_at.append(time.monotonic())
    )

    assert Cause.OVERLAY is asked_for_nothing(alice, outcome)
    assert time.monotonic() - clicked_at[0] < 8 * slowness()


@pytest.mark.parametrize("confirm", ["once", "late", "told"])
def test_what_the_browsers_own_window_asks_after_the_click_lets_the_post_go_on(alice, confirm):
    alice.at(confirm=confirm).ask(TEXT, within=60.0)

    assert [TEXT] == alice.live()


@pytest.mark.parametrize(
    ("confirm", "cause"),
    [("twice", Cause.OVERLAY), ("prompt", Cause.OVERLAY), ("human", Cause.CHALLENGE)],
)
def test_a_window_of_the_browsers_that_wants_more_is_named(alice, confirm, cause):
    outcome = alice.at(confirm=confirm).say(TEXT, within=60.0)

    assert cause is asked_for_nothing(alice, outcome)
    assert "browser" in outcome.why


def test_a_page_that_asks_whether_to_leave_keeps_no_later_post(alice):
    alice.at(unload=True).ask(TEXT, within=60.0)
    alice.ask("Another", within=60.0)

    assert [TEXT, "Another"] == alice.live()


def test_a_draft_is_not_thrown_away(alice):
    alice.at(sheet_after="draft").ask(TEXT, within=60.0)

    assert [TEXT] == alice.live()


def test_a_draft_that_the_page_restores_keeps_one_attempt_and_not_every_post(alice):
    kept = alice.at(restores=True).say(TEXT, within=60.0)
    alice.ask(TEXT, within=60.0)

    assert Cause.COMPOSER_NOT_EMPTY is kept.cause
    assert [TEXT] == alice.live()


@pytest.mark.parametrize("scene", [{"while_typing": "blur"}, {"shortcuts": True}, {"redraw_at": 2}])
def test_a_page_that_takes_the_caret_the_keys_or_the_text(alice, scene):
    alice.at(**scene).ask("One @bob", "Two #tag", within=60.0)

    assert ["One @bob", "Two #tag"] == alice.live()


# --- what is never asked again


def asked_for_nothing(alice, outcome):
    assert isinstance(outcome, NotSubmitted)
    assert [] == alice.sandbox.asks
    return outcome.cause


@pytest.mark.parametrize("scene", ["dead", "counted", "close", "blank", "home", "gone"])
def test_a_click_without_a_request_is_known_within_seconds(alice, scene):
    clicked_at = []
    outcome = alice.at(at_click=scene).say(
        TEXT, within=60.0, on=lambda p: p is Phase.CLICKED and clicked_at.append(time.monotonic())
    )

    assert Cause.NOTHING_LEFT is asked_for_nothing(alice, outcome)
    assert time.monotonic() - clicked_at[0] < 8 * slowness()


def test_a_window_that_may_have_sent_it_leaves_it_unconfirmed(alice):
    """What another window sends may have left before it could be held: there is no second click, and no proof."""
    outcome = alice.at(at_click="window").say(TEXT, within=60.0)

    assert isinstance(outcome, Unconfirmed)
    assert len(alice.sandbox.asks) <= 1


def test_a_page_that_crashes_at_the_click_asked_for_nothing(alice):
    def crash(phase):
        if phase is Phase.CLICKED:
            for process in psutil.Process(alice.browsers.runner_at_work.identity.chromium.pid).children():
                kill_renderers(process)

    outcome = alice.at(at_click="dead").say(TEXT, within=60.0, on=crash)

    assert Cause.NOTHING_LEFT is asked_for_nothing(alice, outcome)


def kill_renderers(process):
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "--type=renderer" in one.cmdline():
                one.kill()


@pytest.mark.parametrize("scene", ["while_typing", "at_click"])
def test_a_session_that_ends_meanwhile(alice, scene):
    outcome = alice.at(**{scene: "login"}).say(TEXT, within=60.0)

    assert Cause.SIGNED_OUT is asked_for_nothing(alice, outcome)


def test_retry_is_not_for_us_when_nothing_left(alice):
    outcome = alice.at(at_click="wrong").say(TEXT, within=60.0)

    assert Cause.OVERLAY is asked_for_nothing(alice, outcome)


def test_retry_is_not_for_us_after_a_lost_answer(alice):
    outcome = alice.at(answer_lost=True).say(TEXT, within=60.0)

    assert isinstance(outcome, Unconfirmed)
    assert [TEXT] == alice.live()


def test_retry_is_not_for_us_after_a_refusal(alice):
    outcome = alice.at(refuses=226).say(TEXT, within=60.0)

    assert Cause.AUTOMATION_SUSPECTED is outcome.cause
    assert 1 == len(alice.sandbox.asks)


# --- a page that could not be drawn


@pytest.mark.parametrize(
    ("scene", "cause"),
    [
        ({"first": "main"}, Cause.PAGE_UNREACHABLE),
        ({"first": "bare", "lang": "ko"}, Cause.PAGE_UNREACHABLE),
        ({"first": "column", "lang": "de"}, Cause.PAGE_UNREACHABLE),
        ({"first": "main", "first_call": 503}, Cause.SERVER_ERROR),
        ({"first": "empty", "first_call": 500}, Cause.SERVER_ERROR),
        ({"first": "main", "first_call": 429}, Cause.RATE_LIMIT),
    ],
)
def test_a_page_that_could_not_be_drawn_is_the_networks_and_known_within_seconds(alice, scene, cause):
    began = time.monotonic()
    outcome = alice.at(**scene).say(TEXT, within=60.0)

    assert cause is asked_for_nothing(alice, outcome)
    assert time.monotonic() - began < 12 * slowness()
    assert alice.sandbox.loads <= 2


def test_the_same_is_said_of_the_page_of_a_post_to_answer(alice):
    outcome = alice.at(first="main").say(TEXT, reply_to=PARENT, within=60.0)

    assert Cause.PAGE_UNREACHABLE is asked_for_nothing(alice, outcome)


def test_the_same_is_said_by_a_probe_and_by_a_look(alice):
    alice.at(first="main", first_call=503)
    probe = alice.open().probe(alice.access, deadline=time.monotonic() + 60)

    assert Cause.SERVER_ERROR is probe.cause
    assert Cause.SERVER_ERROR is alice.look(within=60.0).trouble


def test_a_page_that_is_drawn_the_second_time_keeps_no_post(alice):
    alice.at(first="main", first_times=1).ask(TEXT, within=60.0)

    assert [TEXT] == alice.live()


@pytest.mark.parametrize(
    ("scene", "cause"),
    [
        ({"first": "spinning", "first_call": 502}, Cause.SERVER_ERROR),
        ({"first": "empty", "first_call": 0}, Cause.PAGE_UNREACHABLE),
    ],
)
def test_a_page_that_waits_for_what_failed_is_no_change_of_the_page(alice, scene, cause):
    outcome = alice.at(**scene).say(TEXT, within=16.0)

    assert cause is asked_for_nothing(alice, outcome)


# --- answers


PARENT = "1890000000000000000"


def test_a_reply_goes_out_under_its_parent(alice, other_site):
    alice.at(dialog="double", lang="ko").ask(TEXT, reply_to=PARENT, within=60.0)

    (post,) = other_site.posts
    assert (TEXT, PARENT) == (post["text"], post["parent"])


@pytest.mark.parametrize(
    "scene",
    [
        {"named": "Bob · Postar como @alice"},
        {"named": "밥", "says": "안녕 @carol", "lang": "ko"},
        {"named": "Bob: Olá @carol (traduzido)", "says": "Hi @carol"},
    ],
)
def test_a_dialog_may_name_others_who_belong_to_it(alice, other_site, scene):
    """Who is about to answer, and whom the post itself names."""
    alice.at(**scene).ask(TEXT, reply_to=PARENT, within=60.0)

    assert [(TEXT, PARENT)] == [(post["text"], post["parent"]) for post in other_site.posts]


@pytest.mark.parametrize(
    ("parent", "cause"),
    [("deleted", Cause.TARGET_GONE), ("limited", Cause.TARGET_CLOSED), ("sheet", Cause.TARGET_CLOSED)],
)
def test_a_parent_that_cannot_be_answered_refuses_clearly(alice, other_site, parent, cause):
    outcome = alice.at(parent=parent).say(TEXT, reply_to=PARENT, within=60.0)

    assert (Refused, cause) == (type(outcome), outcome.cause)
    assert [] == other_site.asks


# --- how a page is built, and how it sends


@pytest.mark.parametrize(
    "scene",
    [
        {"shadow": True, "box": "textarea"},
        {"shadow": True, "box": "plain"},
        {"inline": True},
        {"inline": True, "dialog": "region"},
        {"lang": "ar", "dialog": "double"},
        {"redraw_parts": True},
        {"redraw_parts": True, "box": "textarea"},
        {"late_box": 4000},
        {"late_box": 4000, "box": "plain"},
        {"hangs": True, "box": "textarea"},
        {"hangs": True, "box": "bare"},
        {"add": "link", "lang": "ko"},
    ],
)
def test_wherever_the_composer_is_and_however_it_comes(alice, other_site, scene):
    texts = ["The first part", "مرحبا بالجميع", "And a third"]
    outcomes = alice.at(**scene).ask(*texts, within=60.0).outcomes

    assert texts == alice.live()
    assert outcomes == published(other_site)


@pytest.mark.parametrize(
    "scene",
    [
        {"dialog": "within"},
        {"dialog": "within", "inside": True},
        {"dialog": "within", "inline": True},
        {"dialog": "within", "box": "textarea", "late_box": 1500},
        {"inline": True},
        {"inline": True, "late_box": 4000},
    ],
)
def test_a_reply_wherever_its_composer_opens(alice, other_site, scene):
    """In the page as well; and beside another composer of the page's own, which would post by itself."""
    alice.at(**scene).ask(TEXT, "And more", reply_to=PARENT, within=60.0)

    assert [TEXT, "And more"] == alice.live()
    assert PARENT == other_site.posts[0]["parent"]


def test_a_post_is_never_written_in_a_composer_within_the_page(alice):
    outcome = alice.at(dialog="within").say(TEXT, within=30.0)

    assert Cause.UI_DRIFT is asked_for_nothing(alice, outcome)


def test_a_reply_in_a_page_from_right_to_left(alice, other_site):
    alice.at(lang="ar", inline=True).ask(TEXT, reply_to=PARENT, within=60.0)

    assert [(TEXT, PARENT)] == [(post["text"], post["parent"]) for post in other_site.posts]


@pytest.mark.parametrize(
    "scene",
    [
        {"alt": "carousel"},
        {"alt": "carousel", "opens_first": True},
        {"alt": "link"},
        {"alt": "links"},
        {"alt": "apart"},
        {"alt": "link", "steps": "choices"},
    ],
)
def test_descriptions_in_an_editor_that_goes_from_picture_to_picture(alice, other_site, picture, scene):
    media = tuple(replace(picture, alt=f"Dot number {n}") for n in range(3))
    alice.at(**scene).ask(parts=(Part(text="Dots", media=media),), within=90.0)

    (post,) = other_site.posts
    assert [one.alt for one in media] == [one["alt"] for one in post["media"]]


@pytest.mark.parametrize(
    "way",
    [
        "xhr",
        "blocking",
        "keepalive",
        "bytes",
        "beacon",
        "inside",
        "worker",
        "nested",
        "shared",
        "later",
        "service",
        "ready",
        "transport",
        "peers",
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_however_the_page_sends_it(alice, other_site, way, packed):
    outcome = alice.at(send_by=way, packed=packed).say(TEXT, within=60.0)

    assert [TEXT] == alice.live()
    assert (outcome,) == published(other_site)
    assert [""] == other_site.ways


@pytest.mark.parametrize("way", ["twice", "batch", "form"])
def test_a_request_that_makes_more_or_other_than_was_armed_never_leaves(alice, way):
    outcome = alice.at(send_by=way).say(TEXT, within=60.0)

    assert Cause.UI_DRIFT is asked_for_nothing(alice, outcome)


@pytest.mark.parametrize("way", ["query", "urlencoded", "multipart", "guarded", "coded"])
def test_a_request_in_a_form_we_do_not_know_never_leaves(alice, way):
    """It says the text, in whichever form: it is the post."""
    outcome = alice.at(send_by=way).say(TEXT, within=60.0)

    assert Cause.UI_DRIFT is asked_for_nothing(alice, outcome)


@pytest.mark.parametrize("way", ["squeezed", "sealed"])
def test_what_cannot_be_read_may_be_the_post(alice, way):
    outcome = alice.at(send_by=way).say(TEXT, within=60.0)

    assert isinstance(outcome, Unconfirmed)
    assert 1 == len(alice.sandbox.asks)


def test_what_cannot_be_read_beside_the_post_changes_nothing(alice, other_site):
    outcome = alice.at(send_by="log").say(TEXT, within=60.0)

    assert (outcome,) == published(other_site)


def test_of_two_requests_for_the_same_one_leaves(alice, other_site):
    outcome = alice.at(send_by="both").say(TEXT, within=60.0)

    assert [TEXT] == alice.live()
    assert (outcome,) == published(other_site)


@pytest.mark.parametrize("way", ["socket", "worker_socket", "nested_socket"])
def test_what_went_by_a_socket_is_unconfirmed(alice, way):
    """No request carries it and none can be held: it may be live, and there is no second click."""
    outcome = alice.at(send_by=way).say(TEXT, within=60.0)

    assert isinstance(outcome, Unconfirmed)
    assert [TEXT] == alice.live()


@pytest.mark.parametrize(
    "scene",
    [
        {"send_by": "worker_transport"},
        {"send_by": "nested_transport"},
        {"send_by": "foreign_transport"},
        {"send_by": "kept_transport", "worker": "keeps"},
    ],
)
def test_what_a_worker_may_have_sent_unheard_is_unconfirmed(alice, scene):
    outcome = alice.at(**scene).say(TEXT, within=60.0)

    assert isinstance(outcome, Unconfirmed)


def test_a_worker_that_sends_nothing_changes_nothing(alice, other_site):
    """A page has workers of its own: a dead click stays known as one, and a post goes out."""
    dead = alice.at(worker="idle", at_click="dead").say(TEXT, within=60.0)
    assert Cause.NOTHING_LEFT is asked_for_nothing(alice, dead)

    outcome = alice.at(worker="idle").say(TEXT, within=60.0)
    assert (outcome,) == published(other_site)


@pytest.mark.parametrize("way", ["foreign", "foreign_worker", "foreign_socket"])
def test_what_another_sites_frame_sends_is_never_nothing(alice, way):
    """A frame of another site is a page of its own to the browser."""
    outcome = alice.at(send_by=way).say(TEXT, within=60.0)

    assert isinstance(outcome, Published | Unconfirmed)
    assert [TEXT] == alice.live()


@pytest.mark.parametrize(
    ("flush", "to"), [("beacon", "/i/api/graphql/q1W2e3/CreateTweet"), ("keepalive", "/i/api/outbox")]
)
def test_a_page_that_sends_when_it_goes_away_sends_nothing(alice, flush, to):
    """The click let nothing out, and the page is closed: that must not be what it waited for."""
    outcome = alice.at(at_click="outbox", flush=flush, flush_to=to).say(TEXT, within=60.0)

    assert Cause.NOTHING_LEFT is asked_for_nothing(alice, outcome)


@pytest.mark.parametrize(("ids", "known"), [("both", Published), ("number", Unconfirmed)])
def test_an_id_is_a_string(alice, other_site, ids, known):
    """A number may have been rounded on its way: beside the string it says nothing, alone it is no id."""
    outcome = alice.at(ids=ids).say(TEXT, within=60.0)

    assert known is type(outcome)
    assert known is Unconfirmed or (outcome,) == published(other_site)


def test_an_answer_that_leaves_the_post_to_the_list_is_unconfirmed(alice):
    """What was made is told in a second step: the list has it."""
    outcome = alice.at(empty=True).say(TEXT, within=60.0)

    assert isinstance(outcome, Unconfirmed)
    assert [TEXT] == alice.live()


def test_a_warning_beside_the_post_changes_nothing(alice, other_site):
    outcome = alice.at(warns=37).say(TEXT, within=60.0)

    assert (outcome,) == published(other_site)


def test_a_window_of_the_browsers_after_a_lost_answer_is_turned_down(alice):
    """It may be whether to send it again."""
    outcome = alice.at(answer_lost=True, asks_again=True).say(TEXT, within=60.0)

    assert isinstance(outcome, Unconfirmed)
    assert [TEXT] == alice.live()
    assert 1 == len(alice.sandbox.asks)


def test_a_link_to_somebody_elses_post_is_no_answer(alice):
    outcome = alice.at(toast_other=PARENT, answer_lost=True).say(TEXT, within=60.0)

    assert isinstance(outcome, Unconfirmed)


def test_a_post_that_a_page_calls_gone_because_it_could_not_load_it_refuses_nothing(alice):
    outcome = alice.at(parent="unloaded").say(TEXT, reply_to=PARENT, within=20.0)

    assert isinstance(outcome, NotSubmitted)


# --- the recorder


def test_a_recording_keeps_no_word_and_no_name(alice):
    """Also where the browser keeps words for this site that are found on every page."""
    kept = [{"name": "dark", "value": "true"}, {"name": "to", "value": "button"}]
    session = alice.access.secret | {"origins": [{"origin": alice.access.base_url, "localStorage": kept}]}
    alice.at(lang="pt", tell="UserCell_carol_1")
    recording = alice.open().record(replace(alice.access, secret=session), deadline=time.monotonic() + 90)

    (text,) = recording.pages.values()
    words = ("alice", "carol", "Rascunhos", "Adicionar", "Fechar", "responder", "auth_token", "ct0")
    assert [] == [word for word in words if word.casefold() in text.casefold()]
