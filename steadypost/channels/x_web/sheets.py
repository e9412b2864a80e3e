"""What to do with a sheet that comes between us and the post. Pure: what the sheet is made of in, what to do out.

Known by structure, never by the words on it: a sheet that asks two things is answered with the one that stands
out less ("not now", "keep editing", "not this time"), for what stands out is what the page would like. Words
only ever forbid: whatever asks for a person is left to a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

FOR_A_PERSON = re.compile(
    r"challenge|verif(?!ied)|captcha|arkose|funcaptcha|ocf[A-Z_]|login|log_in|signin|sign_in|unlock|suspend"
    r"|(?<!cookie)(?<!cookie.)consent|/account/|/i/flow/",
    re.IGNORECASE,
)
"""In names, ids and addresses: the network wants somebody, not us. What is verified already bears a mark of that name.
Can grow.
"""

SAYS_SO = re.compile(
    r"verify|captcha|\bhuman\b|robot|unlock|unusual activity|suspicious|locked|suspended|terms of service"
    r"|log ?in|sign ?in"
    r"|verifizier(?!t)|bestätige dein|\bmensch\b|entsperr|ungewöhnlich|gesperrt|nutzungsbedingungen|anmelden"
    r"|vérifi(?!é)|\bhumain\b|déverrouill|inhabituel|connexion|verific(?!ad[ao])|\bhumano\b|desbloque|inusual"
    r"|iniciar sesión"
    r"|認証|ロボット|人間|ロック|通常とは異なる|異常|ログイン|利用規約|验证|驗證|登录|登入|锁定"
    r"|본인|신원|인증|로봇|잠금|로그인|(?:계정|전화번호|이메일)[^.]{0,8}확인"
    r"|doğrula(?!n)|olağan dışı|kilit(?:len|le|li)|g[iİ]r[iİ]ş yap|אימות|לאמת|רובוט|ננעל|חריגה|התחבר"
    r"|ยืนยันตัวตน|ยืนยันบัญชี|หุ่นยนต์|ถูกล็อก|ผิดปกติ|เข้าสู่ระบบ|सत्यापित कर|रोबोट|असामान्य|लॉक|लॉग इन"
    r"|تحقق|إنسان|بشر|قفل|غير معتاد|تسجيل الدخول|подтверд|вы[^.]{0,4}человек|робот|разблок|войти",
    re.IGNORECASE,
)
"""The same in words. They only forbid; what they miss is left alone unless its structure is known."""

QUESTIONS = frozenset({"confirmationSheetDialog", "sheetDialog"})
"""What the page's own questions are called. One of these with a single answer only tells something. Can grow."""


class Do(StrEnum):
    """What to do with a sheet."""

    ANSWER = "answer"
    """Give the answer with this number."""
    CLOSE = "close"
    LEAVE = "leave"
    """Touch nothing, and say which sheet it was."""
    ASK_A_PERSON = "ask_a_person"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer that a sheet offers."""

    prominent: bool
    """Whether it stands out: the one that the page would like to hear."""
    posts: bool
    """Whether it says what the button says that posts."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet is made of."""

    name: str
    names: tuple[str, ...] = ()
    """Every name, id and address in it."""
    text: str = ""
    fields: int = 0
    """How much of it wants to be filled in, or is somebody else's."""
    links: int = 0
    """How many links in it lead to another page."""
    answers: tuple[Reply, ...] = ()
    closable: bool = False

    @property
    def only_tells(self) -> bool:
        """Whether it leaves nothing to choose: nothing to fill in, and no way out but one answer that stands out."""
        free = not (self.fields or self.links or self.closable)
        return free and len(self.answers) == 1 and self.answers[0].prominent


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, and with which answer."""

    do: Do
    number: int = 0


def sheet_from(seen: Mapping[str, Any]) -> Sheet:
    """Read what a script saw."""
    return Sheet(
        name=seen["name"],
        names=tuple(seen["names"]),
        text=seen["text"],
        fields=seen["fields"],
        links=seen["links"],
        answers=tuple(Reply(one["prominent"], one["posts"]) for one in seen["answers"]),
        closable=seen["closable"],
    )


def verdict(sheet: Sheet, *, clicked: bool, goes_on: bool = True) -> Verdict:
    """Say what to do with a sheet; ``clicked`` says that Post was clicked and the sheet came after it. Unless it
    ``goes_on``, the post is to be kept back, where closing the sheet may do that.

    >>> reminder = Sheet("", answers=(Reply(True, False), Reply(False, False)), closable=True)
    >>> verdict(reminder, clicked=True)
    Verdict(do=<Do.ANSWER: 'answer'>, number=1)
    """
    if any(map(FOR_A_PERSON.search, sheet.names)) or SAYS_SO.search(sheet.text):
        return Verdict(Do.ASK_A_PERSON)
    if sheet.fields:
        return Verdict(Do.LEAVE)
    if not goes_on and sheet.closable:
        return Verdict(Do.CLOSE)
    number = _answer(sheet, clicked=clicked)
    if number is not None:
        return Verdict(Do.ANSWER, number)
    return Verdict(Do.CLOSE if sheet.closable else Do.LEAVE)


def _answer(sheet: Sheet, *, clicked: bool) -> int | None:
    """Choose the answer that is safe to give, if there is one."""
    if clicked and (number := _only(sheet.answers, lambda one: one.posts)) is not None:
        return number
    if len(sheet.answers) > 1:
        return _only(sheet.answers, lambda one: not one.prominent)
    return 0 if sheet.only_tells or (sheet.answers and sheet.name in QUESTIONS) else None


def _only(answers: Sequence[Reply], fits: Any) -> int | None:
    found = [number for number, answer in enumerate(answers) if fits(answer)]
    return found[0] if len(found) == 1 else None
