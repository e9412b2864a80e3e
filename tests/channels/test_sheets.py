"""A sheet is answered by what it is made of. Words only ever forbid; what asks for a person is left to one."""

from dataclasses import replace

import pytest

from steadypost.channels.x_web.context import Says, says
from steadypost.channels.x_web.sheets import Do, Reply, Sheet, Verdict, verdict
from steadypost.channels.x_web.survey import Context, Target

YES, NO = Reply(prominent=True, posts=False), Reply(prominent=False, posts=False)
POSTS = Reply(prominent=False, posts=True)


@pytest.mark.parametrize("text", ["Don’t forget to describe", "画像の説明を追加", "لا تنسَ الوصف", ""])
def test_of_two_answers_it_is_the_one_that_stands_out_less(text):
    for answers, number in (((YES, NO), 1), ((NO, YES), 0)):
        assert Verdict(Do.ANSWER, number) == verdict(Sheet("", text=text, answers=answers), clicked=True)


def test_after_the_click_an_answer_that_posts_is_the_answer():
    sheet = Sheet("", answers=(YES, POSTS, NO))

    assert Verdict(Do.ANSWER, 1) == verdict(sheet, clicked=True)
    assert Do.LEAVE is verdict(sheet, clicked=False).do


@pytest.mark.parametrize(
    "sheet",
    [
        Sheet("challengeSheet", names=("challengeSheet",), answers=(YES, NO), closable=True),
        Sheet("", names=("/account/access",), answers=(YES, NO)),
        Sheet("", text="Bestätige, dass du ein Mensch bist", answers=(YES, NO)),
        Sheet("", text="ロボットではないことを認証", answers=(YES, POSTS)),
        Sheet("", text="본인 확인이 필요합니다", answers=(YES,)),
        Sheet("", text="계정을 확인해 주세요", answers=(YES,)),
        Sheet("", text="Подтвердите, что вы человек", answers=(YES,)),
        Sheet("", text="Telefon numaranı doğrula", answers=(YES, NO)),
        Sheet("", text="HESABINA GİRİŞ YAP", answers=(YES, NO)),
        Sheet("", text="החשבון שלך ננעל", answers=(YES, NO)),
        Sheet("", text="ยืนยันตัวตนของคุณ", answers=(YES, NO)),
        Sheet("", text="अपना फ़ोन नंबर सत्यापित करें", answers=(YES, NO)),
        Sheet("", names=("phone-verification",), answers=(YES, NO)),
        Sheet("", names=("/i/flow/consent",), answers=(YES, NO)),
    ],
)
def test_what_asks_for_a_person_is_left_to_one(sheet):
    assert Do.ASK_A_PERSON is verdict(sheet, clicked=True).do


@pytest.mark.parametrize(
    "text",
    [
        "게시물에 이미지 설명을 추가할 수 있습니다 확인",
        "So verstehen mehr Menschen deine Bilder",
        "Больше человек увидят ваш пост",
        "Más humanos leerán tu post",
        "Solo cuentas verificadas pueden responder",
        "Nur verifizierte Accounts können antworten",
        "Seuls les comptes vérifiés peuvent répondre",
        "Yalnızca doğrulanmış hesaplar yanıtlayabilir",
        "केवल सत्यापित खाते जवाब दे सकते हैं",
        "ยืนยันการโพสต์",
    ],
)
def test_everyday_words_ask_for_nobody(text):
    """On a Korean page what says OK is the word for checking something."""
    assert Verdict(Do.ANSWER, 0) == verdict(Sheet("", text=text, answers=(YES,)), clicked=True)


@pytest.mark.parametrize(
    "name", ["icon-verified", "/i/verified-choose", "cookie-consent", "cookieConsentBar"]
)
def test_a_mark_of_somebody_verified_and_a_cookie_banner_ask_for_nobody(name):
    sheet = Sheet("", names=(name,), answers=(YES, NO))

    assert Verdict(Do.ANSWER, 1) == verdict(sheet, clicked=True)


def test_what_wants_to_be_filled_in_is_not_touched():
    assert Do.LEAVE is verdict(Sheet("", fields=1, answers=(YES, NO), closable=True), clicked=True).do


def test_a_single_answer_is_given_where_there_is_nothing_to_choose():
    tells = Sheet("else", answers=(YES,))

    assert Verdict(Do.ANSWER, 0) == verdict(Sheet("confirmationSheetDialog", answers=(YES,)), clicked=True)
    assert Verdict(Do.ANSWER, 0) == verdict(tells, clicked=True) == verdict(tells, clicked=False)


@pytest.mark.parametrize("more", [{"links": 1}, {"fields": 1}, {"answers": (NO,)}, {"answers": ()}])
def test_a_single_answer_that_may_lead_elsewhere_is_not_given(more):
    assert Do.LEAVE is verdict(replace(Sheet("else", answers=(YES,)), **more), clicked=True).do


def test_a_sheet_with_a_single_answer_that_can_be_closed_is_closed():
    assert Do.CLOSE is verdict(Sheet("else", answers=(YES,), closable=True), clicked=True).do


# --- what a reply dialog says

BOB = Target(author="bob", cover=None, text="What do you think of our maps?", people=("bob", "dave"))


@pytest.mark.parametrize(
    ("context", "said"),
    [
        (Context(people=("Bob",)), Says.THIS),
        (Context(people=("carol", "bob")), Says.THIS),
        (Context(people=("carol",), text=f"Carol {BOB.text} 3h"), Says.THIS),
        (Context(posts=("20",)), Says.NOTHING),
        (Context(text="返信先"), Says.NOTHING),
        (Context(people=("carol",)), Says.ANOTHER),
        (Context(people=("Alice",)), Says.NOTHING),
        (Context(people=("alice", "carol")), Says.ANOTHER),
        (Context(people=("Dave",)), Says.NOTHING),
        (Context(people=("bob",), posts=("21",)), Says.ANOTHER),
    ],
)
def test_a_dialog_says_this_nothing_or_another(context, said):
    assert said is says(context, BOB, "20", ours="alice")
