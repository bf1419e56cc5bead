"""Answers to lesson 08."""

import pytest
import torch

from sharingan_lab.losses import gradient_penalty

from .judging import accepts, refuses, stays_open


def turn_of(*, sign=1, detach=True, steps=None, content=True):
    def turn(t, blurred, sharp):
        restored = t.generator(blurred)
        real, fake = 2 * sharp - 1, 2 * restored - 1
        for _ in range(t.config.critic_steps if steps is None else steps):
            distance = t.critic(real) - t.critic(fake.detach() if detach else fake)
            distance = distance.mean()
            penalty = gradient_penalty(t.critic, real, fake.detach(), rng=t.penalty_rng)
            t.critic_optimiser.zero_grad()
            (-distance + t.config.lambda_gp * penalty).backward()
            t.critic_optimiser.step()
        total = -sign * t.critic(fake).mean()
        if content:
            total = total + t.config.lambda_content * t.content_loss(restored, sharp)
        t.generator_optimiser.zero_grad()
        total.backward()
        t.generator_optimiser.step()

    return turn


def in_another_order(t, blurred, sharp):
    """Generated samples first, two backward passes, the fakes detached once."""
    restored = t.generator(blurred)
    real, fake = 2 * sharp - 1, (2 * restored - 1).detach()
    for _ in range(t.config.critic_steps):
        t.critic_optimiser.zero_grad()
        (t.critic(fake).mean() - t.critic(real).mean()).backward()
        (t.config.lambda_gp * gradient_penalty(t.critic, real, fake, rng=t.penalty_rng)).backward()
        t.critic_optimiser.step()
    content = t.content_loss(restored, sharp) * t.config.lambda_content
    t.generator_optimiser.zero_grad()
    (content - t.critic(2 * restored - 1).mean()).backward()
    t.generator_optimiser.step()


@pytest.mark.slow
def test_turn():
    accepts("08.turn", turn_of())
    accepts("08.turn", in_another_order)
    refuses("08.turn", "the generator's weights", turn_of(sign=-1))
    refuses("08.turn", "the generator's weights", turn_of(content=False))
    refuses("08.turn", "the critic's weights", turn_of(steps=1))
    refuses("08.turn", "fake.detach()", turn_of(detach=False))
    stays_open("08.turn", lambda t, blurred, sharp: None)


def test_my_average():
    name = "08.my_average"
    accepts(name, lambda x, g: (x**g).mean(dim=0) ** (1 / g))
    accepts(name, lambda x, g: sum(frame.double() ** g for frame in x).div(len(x)).pow(1 / g))
    refuses(name, "gamma was not used", lambda x, g: x.mean(dim=0))
    refuses(name, "stored as its root", lambda x, g: (x**g).mean(dim=0))
    refuses(name, "the order", lambda x, g: (x ** (1 / g)).mean(dim=0) ** g)
    refuses(name, "gamma that is given", lambda x, g: (x**2).mean(dim=0) ** 0.5)
    refuses(name, "over the frames", lambda x, g: (x**g).mean() ** (1 / g))
    refuses(name, "over the frames", lambda x, g: (x**g).mean(dim=1) ** (1 / g))
    stays_open(name, lambda x, g: None)


def test_exercise_1():
    accepts("08.1", 17.5)
    accepts("08.1", torch.tensor(300 * 210 / 3600))
    refuses("08.1", "in seconds", 63_000)
    refuses("08.1", "in minutes", 1050)
    refuses("08.1", "there are 300", 210 / 3600)
    refuses("08.1", "quotes", "17.5 h")


def test_exercise_2():
    def rate(epoch, base, constant, epochs):
        return base * (1 - max(0, epoch + 1 - constant) / (epochs - constant + 1))

    def branches(epoch, base, constant, epochs):
        if epoch < constant:
            return base
        return base * (epochs - epoch) / (epochs - constant + 1)

    accepts("08.2", rate)
    accepts("08.2", branches)
    accepts("08.2", lambda e, b, c, n: torch.tensor(rate(e, b, c, n)))  # of float32
    refuses("08.2", "use the arguments", lambda e, b, c, n: 0.5 * (1 - max(0, e - 1) / 5))
    refuses("08.2", "use the arguments", lambda e, b, c, n: rate(e, b, 2, n))
    refuses("08.2", "equal steps", lambda e, b, c, n: b if e < c else b * (n - e) / (n - c))
    refuses("08.2", "have the rate base", lambda e, b, c, n: b * (n - e) / n)
    refuses("08.2", "in epoch 2 is None", lambda e, b, c, n: b if e < c else None)
    stays_open("08.2", lambda e, b, c, n: None)


def helps(row):
    return row.get("psnr", 0) > row.get("input_psnr", 99)


def test_exercise_3():
    accepts("08.3", lambda rows: next((r["step"] for r in rows if helps(r)), -1))

    def loop(rows):
        for row in rows:
            if "psnr" in row and row["psnr"] > row["input_psnr"]:
                return row["step"]
        return -1

    accepts("08.3", loop)
    stays_open("08.3", lambda rows: None)
    last = lambda rows: next((r["step"] for r in reversed(rows) if helps(r)), -1)  # noqa: E731
    refuses("08.3", "not the last", last)
    refuses("08.3", "whether it is in the row", lambda rows: next(r for r in rows if r["psnr"]))
    refuses("08.3", "-1", lambda rows: next((r["step"] for r in rows if helps(r)), None))
    equal = lambda r: r.get("psnr", 0) >= r.get("input_psnr", 99)  # noqa: E731
    refuses("08.3", "more than", lambda rows: next((r["step"] for r in rows if equal(r)), -1))
    over_20 = lambda rows: next((r["step"] for r in rows if r.get("psnr", 0) > 20), -1)  # noqa: E731
    refuses("08.3", "its own 'input_psnr'", over_20)
    refuses("08.3", "first", lambda rows: max([r["step"] for r in rows if helps(r)], default=-1))


def test_exercise_4():
    rows = [
        {"content": 0.3 * 0.9**i, "wasserstein": 0.5 * 2.0**i, "penalty": 0.01} for i in range(12)
    ]
    suspect = [{"step": 50 * i, **row} for i, row in enumerate(rows)]
    suspect.append({"step": 600, "psnr": 27.1, "input_psnr": 26.0})
    accepts("08.4", "Diverging critic", suspect=suspect)
    accepts("08.4", "Diverging", suspect=suspect)
    accepts("08.4", "'diverging-critic'.", suspect=suspect)
    accepts("08.4", "diverging critic: the estimate grows", suspect=suspect)
    refuses("08.4", "it does gain", "No gain", suspect=suspect)
    refuses("08.4", "slopes it measures", "Steep critic", suspect=suspect)
    refuses("08.4", "look", "Content loss", suspect=suspect)
    refuses("08.4", "which column", "overfitting", suspect=suspect)
    refuses("08.4", "which column", "Diverging, Steep, Runaway critic", suspect=suspect)
    refuses("08.4", "xxx...", "x" * 10**6, suspect=suspect)
    stays_open("08.4", 3, suspect=suspect)
    stays_open("08.4", " ", suspect=suspect)
    stays_open("08.4", "", suspect=suspect)


def test_exercise_5():
    def runs(size):
        rows = [{"step": 0, "psnr": 20.0, "input_psnr": 20.0}]
        rows += [
            {"step": i, "wasserstein": size * i, "penalty": 0.1, "content": 1.0} for i in (4, 8)
        ]
        return [rows] * 3

    histories = {"recipe": runs(0.01), "no penalty": runs(1.0), "clipping": runs(-0.02)}

    def rule(rows):
        return any(abs(row.get("wasserstein", 0)) > 1 for row in rows)

    accepts("08.5", rule, histories=histories)
    accepts(
        "08.5", lambda rows: max(abs(r["wasserstein"]) for r in rows[1:]) > 2, histories=histories
    )
    stays_open("08.5", lambda rows: None, histories=histories)
    refuses("08.5", "row.get", lambda rows: rows[0]["wasserstein"] > 1, histories=histories)
    refuses("08.5", "too low", lambda rows: True, histories=histories)
    refuses("08.5", "too high", lambda rows: False, histories=histories)
    refuses("08.5", "another column", lambda r: r[1]["penalty"] < 1, histories=histories)
