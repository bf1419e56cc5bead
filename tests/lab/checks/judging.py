"""Right and wrong answers of students, kept as data: how a check must take them."""

from sharingan_lab.lab import check
from sharingan_lab.lab.checks.verdict import NOT_YET, OPEN


def accepts(exercise, *answers, **given):
    verdict = check(exercise, *answers, **given)
    assert verdict.right, verdict


def refuses(exercise, words, *answers, **given):
    """Refused with a message of three parts, in which the words occur, and no traceback."""
    verdict = check(exercise, *answers, **given)
    assert verdict.state == NOT_YET, verdict
    assert list(verdict.lines) == ["seen", "expected", "look"]
    assert words in verdict.message, verdict
    assert "Traceback" not in verdict.message and len(verdict.message) < 700


def stays_open(exercise, *answers, **given):
    verdict = check(exercise, *answers, **given)
    assert verdict.state == OPEN, verdict
