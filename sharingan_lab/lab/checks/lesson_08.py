"""Checks of lesson 08: averages, one turn, schedules, histories, warnings."""

import re
from collections.abc import Callable, Mapping, Sequence

import torch

from sharingan_lab.datasets import average_frames
from sharingan_lab.lab.checks.answers import close, dice, near, number, shown, tensor
from sharingan_lab.lab.checks.verdict import NotYet, Open, expect
from sharingan_lab.training.diagnosis import diagnose
from sharingan_lab.training.recipes import recipe
from sharingan_lab.training.trainer import Trainer

Row = dict[str, float]


def turn(function: Callable) -> str:
    """Check one turn of the algorithm by hand: two turns, then all weights against the library's.

    Adam's first step hardly depends on a gradient's size, so one turn alone would hide a wrong one.
    And where a gradient is 0 it makes a step of mere rounding, which differs with the order of a
    sum: in float64 such a step is next to nothing, and every order is right.
    """
    small = {"crop": 32, "kernel_size": 15, "items": 8, "width": 8, "blocks": 1, "critic_width": 8}
    config = recipe("quick").with_settings(device="cpu", **small)
    mine, library = Trainer(config), Trainer(config)
    for game in (mine.game, library.game):
        for module in (game.generator, game.critic, game.content_loss):
            module.double()
    start = [p.detach().clone() for p in mine.generator.parameters()]
    looks = {
        "critic": "critic_steps times, on real and fake: zero_grad, then minus the distance plus "
        "lambda_gp times the penalty, backward, step",
        "generator": "minus the mean score of fake, plus lambda_content times the content loss",
    }
    for first in (0, 4):
        pairs = [library.data[item] for item in range(first, first + 4)]
        batch = tuple(torch.stack(images).double() for images in zip(*pairs, strict=True))
        try:
            function(mine.game, *batch)
        except RuntimeError as error:
            if "backward through the graph a second time" not in str(error):
                raise
            seen = "the second backward() goes through the generator again, and that graph is gone"
            raise NotYet(
                seen, "critic's steps that end at the pictures", "fake.detach() in its scores"
            ) from None
        library.game.turn([batch])
        if all(map(torch.equal, start, mine.generator.parameters())):
            raise Open("turn moves no weight of the generator yet: write its body.")
        for name, look in looks.items():
            weights = (getattr(trainer, name).parameters() for trainer in (mine, library))
            off = max((a - b).abs().max().item() for a, b in zip(*weights, strict=True))
            expect(off < 1e-5, f"the {name}'s weights are off by up to {off:.1g}", "0", look)
    return "after two turns, all weights of generator and critic agree with the library's."


def my_average(function: Callable) -> str:
    """Check an average of frames in light: two grey frames for the head, then the library's."""
    frames = torch.tensor([0.5, 1.0]).view(2, 1, 1, 1).expand(2, 3, 4, 6)
    look = "over the frames alone, dim=0: the picture keeps its colours, rows and columns"
    answer = function(frames, 2.0)
    if isinstance(answer, torch.Tensor) and answer.shape != (3, 4, 6):
        raise NotYet(f"an answer of shape {tuple(answer.shape)}", "a picture (3, 4, 6)", look)
    seen = tensor(answer, (3, 4, 6), "my_average's answer").mean()
    looks = {
        0.75: "gamma was not used: average the light, not the values",
        0.625: "that is the light: it is stored as its root, ** (1 / gamma)",
        0.7286: "the order: first ** gamma, the mean, then ** (1 / gamma)",
        1.25: "a mean, not a sum",
    }
    look = next((t for v, t in looks.items() if close(seen, v, 1e-3)), "light, mean, and back")
    text = f"{shown(seen)} for frames of 0.5 and 1, gamma 2"
    expect(close(seen, 0.625**0.5), text, "the root of (1/4 + 1) / 2, 0.791", look)
    frames = torch.rand(7, 3, 4, 6, generator=dice())
    for gamma in (1.0, 2.2):
        found = tensor(function(frames, gamma), (3, 4, 6), "my_average's answer")
        same = near(found, average_frames(frames[None], gamma)[0], 1e-5)
        expect(same, f"another picture, gamma {gamma}", "the library's", "the gamma that is given")
    return "the root of the mean of squares at gamma 2, and equal to average_frames."


def exercise_1(hours: object) -> str:
    """Check 300 epochs of 210 seconds, in hours."""
    h = number(hours, "hours")
    looks = {
        300 * 210: "that is in seconds: divide by 3,600",
        300 * 210 / 60: "that is in minutes: divide by 60 again",
        210 / 3600: "that is one epoch; there are 300",
    }
    default = "multiply the epochs by seconds an epoch, then divide by 3,600"
    look = next((t for v, t in looks.items() if abs(h - v) < 1e-3 * v), default)
    expect(abs(h - 17.5) < 0.01, f"{shown(h)} hours", "the length of 300 epochs", look)
    return "seventeen hours and a half, so the two statements agree within rounding."


def exercise_2(rate: Callable) -> str:
    """Check a schedule against the formula, for several settings."""
    for base, constant, epochs in ((0.5, 2, 6), (1.0, 1, 4), (0.2, 3, 3)):
        found = [rate(epoch, base, constant, epochs) for epoch in range(epochs)]
        if all(value is None for value in found):
            raise Open("before epoch `constant` return base.")
        where = f"my_learning_rate(epoch, {base}, {constant}, {epochs})"
        found = [number(v, f"its answer in epoch {i}") for i, v in enumerate(found)]
        left = epochs - constant + 1
        wanted = [base * min(1, (epochs - e) / left) for e in range(epochs)]
        text, right = ([round(v, 4) for v in values] for values in (found, wanted))
        look = "how many equal steps lie between the last constant epoch and zero?"
        if (base, constant, epochs) != (0.5, 2, 6):
            look = "it was right for base 0.5, constant 2, epochs 6: use the arguments"
        elif found[:constant] != [base] * constant:
            look = "epochs 0 to constant - 1 have the rate base"
        same = all(close(a, b, 1e-6) for a, b in zip(found, wanted, strict=True))
        expect(same, f"{where} gives {text}", f"{right}", look)
    return "between the last constant epoch and zero lie epochs - constant + 1 equal steps."


def exercise_3(first_help: Callable) -> str:
    """Check a reader of histories: the first helpful step, or -1."""
    losses = {"step": 8, "content": 1.0}
    none = {"step": 16, "psnr": 19.0, "input_psnr": 19.5}
    some = [{"step": s, "psnr": 20.0 + s / 100, "input_psnr": 19.5} for s in (24, 32)]
    equal = {"step": 40, "psnr": 19.5, "input_psnr": 19.5}
    cases = {
        "helpful at 24 and 32": ([losses, none, *some], 24, "the first, not the last or the best"),
        "never validated": ([losses], -1, "-1 where there is none; ask 'psnr' in row first"),
        "never helpful": ([losses, none], -1, "-1 where there is none"),
        "as good as its input": ([losses, equal], -1, "beats means more than, not as much as"),
        "without any row": ([], -1, "-1 where there is none"),
        "of pictures that were better to begin with": (
            [{"step": s, "psnr": s / 2.0, "input_psnr": 25.0} for s in (48, 56)],
            56,
            "compare each row with its own 'input_psnr'",
        ),
        "helpful once, then no more": ([some[0], none], 24, "the first row that helps counts"),
    }
    for name, (history, wanted, look) in cases.items():
        try:
            seen = first_help([dict(row) for row in history])
        except (KeyError, TypeError) as problem:
            look = "a row of losses alone has no 'psnr': ask first whether it is in the row"
            raise NotYet(f"it fails on a run {name} ({problem})", f"{wanted}", look) from None
        if seen is None and wanted == 24:
            raise Open("first_help returns None for a run that helps from step 24 on.")
        expect(seen == wanted, f"{shown(seen)} for a run {name}", f"{wanted}", look)
    return "the first validation that beats the blurred input, or -1."


def exercise_4(finding: object, *, suspect: Sequence[Row]) -> str:
    """Check which warning a history deserves most."""
    words = " ".join(re.findall("[a-z]+", str(finding).lower())[:2])
    if not words:
        raise Open("write the warning's first two words into the cell above.")
    found = [text.split(":")[0] for text in diagnose(suspect)]
    looks = {
        "no gain": "it does gain, see the last row: 27.1 dB against 26.0 dB of the input",
        "steep critic": "the penalty is 0.01 in every row: the slopes it measures are near 1",
        "flat critic": "the penalty is 0.01 in every row: the slopes it measures are near 1",
    }
    look = looks.get(words, "which column changes most from row to row?")
    if words in (name.lower() for name in found if name != "Diverging critic"):
        look = "true as well, and no harm: which of the numbers cannot go on like that?"
    right = words in ("diverging", "diverging critic")
    expect(right, shown(finding), "the warning that fits best", look)
    return "the estimate doubles from row to row, while the penalty looks harmless."


def exercise_5(stop: Callable, *, histories: Mapping[str, Sequence[Sequence[Row]]]) -> str:
    """Check a rule that stops runs without a penalty, and no others."""
    counts = {}
    for way, runs in histories.items():
        try:
            found = [stop([dict(row) for row in rows]) for rows in runs]
        except KeyError as missing:
            look = f"the first row holds no losses: row.get({missing}, 0)"
            raise NotYet(f"a row has no {missing}", "a rule for all rows", look) from None
        if all(answer is None for answer in found):
            raise Open("which column tells 'no penalty' from the others in the figure?")
        counts[way] = sum(map(bool, found))
    wanted = {way: len(runs) * (way == "no penalty") for way, runs in histories.items()}
    seen = ", ".join(f"{way} {n}" for way, n in counts.items())
    missed = counts["no penalty"] < wanted["no penalty"]
    look = "a limit too high, or another column" if missed else "a limit too low, or another column"
    expect(counts == wanted, f"stopped of three each: {seen}", "all of no penalty, no other", look)
    return "it stops the right ones here. Would its limit hold for crops of 256 as well?"
