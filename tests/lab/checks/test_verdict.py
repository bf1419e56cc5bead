"""The mechanism: every answer gets one message, whatever a student's code does."""

import numpy as np
import pytest
import torch

from sharingan_lab.errors import ConfigError
from sharingan_lab.lab import check

from .judging import accepts, refuses, stays_open


def test_numbers_of_every_form_are_read():
    for answer in (26, 26.02, np.float32(26.1), torch.tensor(26.0), torch.tensor([26.0])):
        accepts("00.1", answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("26 dB", "leave out the quotes"),
        ([26.0], "leave out the brackets"),
        ([26.0, 1.0], "a number"),
        (float("nan"), "a division by 0"),
        (torch.zeros(3), "one number"),
        (True, "a number"),
        ({"dB": 26}, "a number"),
        (lambda: 26, "a number"),
        (2 + 1j, "a number"),
    ],
)
def test_what_is_no_number_is_answered_helpfully(answer, words):
    refuses("00.1", words, answer)


def test_nothing_written_is_open_and_says_what_to_do():
    stays_open("00.1", None)
    assert "cell above" in check("00.1", None).message


def test_an_error_in_a_students_function_names_their_line():
    def my_psnr(image, reference):
        return image.nothing

    refuses("00.my_psnr", "return image.nothing", my_psnr)
    refuses("00.my_psnr", "AttributeError", my_psnr)


def test_an_error_inside_torch_names_the_students_line():
    refuses("00.my_psnr", "x @ y[..., 1:, :]", lambda x, y: x @ y[..., 1:, :])


def test_an_answer_of_another_kind_is_no_traceback_of_ours():
    refuses("00.my_psnr", "of the kind that the text asks for", 3)
    refuses("00.2", "of the kind", 7, sharp=torch.rand(1, 3, 8, 8))


def test_an_argument_that_was_taken_out_is_named():
    refuses("00.my_psnr", "the arguments of its def line", lambda image: image)
    refuses("01.my_kernel", "the arguments of its def line", lambda path: path)


def test_a_forgotten_mean_is_named():
    refuses("00.my_psnr", ".mean()", lambda x, y: 10 * torch.log10(1 / (x - y).square()))
    refuses("04.my_critic_loss", ".mean()", lambda real, fake: fake.mean() - real)


@pytest.mark.parametrize("name", ["00.9", "0.1", "99.1", "00", "verdict", "00.torch"])
def test_an_exercise_that_is_not_there_is_an_error_of_the_lesson(name):
    with pytest.raises(ConfigError, match="there is no exercise"):
        check(name, 1)


def test_a_verdict_is_shown_as_text_and_as_a_note():
    verdict = check("00.1", "<b>")
    assert verdict.message.startswith("✗ Exercise 00.1, not yet:\n    seen: ")
    assert "&lt;b&gt;" in verdict._repr_html_() and 'role="status"' in verdict._repr_html_()
    assert "<b>✗ Exercise 00.1, not yet:</b> <br><b>seen:</b> " in verdict._repr_html_()
    assert repr(verdict) == str(verdict) == verdict.message
    assert repr(check("00.1", 26)).startswith("✓ Exercise 00.1, right: half")
