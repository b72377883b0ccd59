from dataclasses import replace

from radius.question import Chap, Method, Question
from radius.stations import NOT_TOLD

ASKED = Question(Method.PAP, "u", "p", "02:00:00:00:00:01", NOT_TOLD, nas_id="nas-1")


def test_what_is_not_asked_is_nothing():
    assert (ASKED.chap, ASKED.proof) == (None, None)
    assert Question(Method.MAB, "u", "", None, NOT_TOLD).nas_id == ""


def test_questions_are_the_same_if_all_of_them_is():
    assert replace(ASKED) == ASKED
    assert replace(ASKED, chap=Chap(b"r", b"c")) != ASKED
    assert replace(ASKED, nas_id="nas-2") != ASKED
