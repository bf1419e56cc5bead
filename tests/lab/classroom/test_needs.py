"""Which cells an exercise needs."""

import pytest
from nbformat.v4 import new_code_cell

from sharingan_lab.lab.classroom.needs import Names, needed


@pytest.mark.parametrize(
    ("source", "used", "made"),
    [
        ("x = y + z", "y z", "x"),
        ("x = x + 1", "x", "x"),
        ("x += 1", "x", ""),
        ("for a, b in pairs:\n    c = a", "pairs", "a b c"),
        ("x = [a for a in b if a > c]", "b c", "x"),
        ("x = {a: d for a in b}", "b d", "x"),
        ("def f(a, b=c):\n    return a + g(b)", "c g", "f"),
        ("f = lambda a, b=c: a + d", "c d", "f"),
        ("import torch.nn as nn\nx = nn.Linear(n, 1)", "n", "nn x"),
        ("with lab.progress(n) as bar:\n    bar.update()", "lab n", "bar"),
        ("class A(B):\n    def f(self):\n        return c", "B c", "A"),
        ("this is no python", "", ""),
    ],
)
def test_names_of_a_cell(source, used, made):
    names = Names(source)
    builtin = {"range", "len"}
    assert (names.used - builtin, names.made) == (set(used.split()), set(made.split()))


def cells(*sources):
    return [new_code_cell(source) for source in sources]


def test_the_last_maker_and_the_changes_after_it():
    lesson = cells("x = 1", "x = []", "x.append(2)", "y = x", "x[0] = 3", "print(x)")
    assert needed(lesson, [5]) == [1, 2, 4, 5]


def test_experiments_in_between_are_skipped():
    lesson = cells("import torch", "n = 3", "torch.manual_seed(n)", "long = slow(n)", "answer = n")
    assert needed(lesson, [4]) == [1, 4]
    assert needed(lesson, [4], always=[2]) == [0, 1, 2, 4]


def test_a_function_brings_what_it_calls():
    lesson = cells("def g():\n    return k", "k = 2", "def f():\n    return g()", "x = f()")
    assert needed(lesson, [3]) == [0, 2, 3]
