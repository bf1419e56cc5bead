"""What the numbers of a run say: warnings for its reader, and when it must stop."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import mean, median, variance

from torch import nn

from sharingan_lab.errors import TrainingError
from sharingan_lab.training.config import TrainConfig
from sharingan_lab.training.history import Row

LEAST_ROWS = 8  # two a quarter of the run: fewer say nothing about a trend
GROWTH = 5.0  # times, from the second quarter of a run to the last
STEEP = 2.0  # slope of a critic that should have 1
STILL_FALLING = 0.9  # of the quarter before
RISEN = 1.2  # times the best quarter
LOST_DB = 0.5


def steepness(wasserstein: float, penalty: float, crop: int) -> float:
    r"""Return a slope that the critic has at least somewhere, told from what a row holds.

    No two images in [-1, 1] lie further apart than :math:`2\sqrt{3}\,` `crop`, so scores that
    differ by more betray a slope above one; and a penalty of :math:`(s - 1)^2` betrays a slope
    :math:`s` where it was measured. `crop` is the side of the images in pixels.
    """
    furthest = distance_apart(0.0, crop)
    return max(abs(wasserstein) / furthest, 1 + math.sqrt(penalty) if penalty else 0.0)


def distance_apart(psnr: float, crop: int) -> float:
    """Return how far apart two images in [-1, 1] of that PSNR lie: the root of the summed squares.

    The scores of a critic with slope 1 cannot differ by more. `crop` is the images' side in pixels.

    Examples
    --------
    >>> distance_apart(psnr=0.0, crop=8) / 8  # white against black: 3 values a pixel, 2 apart
    3.4641016151377544
    """
    return 2 * math.sqrt(3) * crop * 10 ** (-psnr / 20)


def diagnose(history: Sequence[Row], crop: int | None = None) -> list[str]:
    """Say in words what is wrong with a run, as its history tells.

    Parameters
    ----------
    history : list of dict
        Rows of :class:`sharingan_lab.training.Trainer`.
    crop : int, optional
        Side of its crops in pixels; with it the critic's estimate can be held against the
        distance of the images that it compares.

    Returns
    -------
    list of str
        One sentence or two for each warning; empty where there is none.

    Examples
    --------
    >>> rows = [{"step": 9, "psnr": 25.1, "input_psnr": 26.0}]
    >>> diagnose(rows)[-1]
    'No gain: the restored crops are 0.90 dB below their own blurred input (25.10, 26.00 dB).'
    """
    rows = [row for row in history if "content" in row]
    checks = [row for row in history if "psnr" in row]
    found = [*_not_finite(rows)]
    if len(rows) < LEAST_ROWS:
        found.append(f"Too short to judge: {len(rows)} rows of losses, {LEAST_ROWS} are needed.")
    elif not found:
        found += [*_growing_critic(rows), *_steep_critic(rows), *_content(rows)]
        if checks and crop:
            found += _impossible_estimate(rows, checks, crop)
    return [*found, *_quality(checks)]


def _quarters(rows: Sequence[Row], name: str) -> list[list[float]]:
    values = [abs(row[name]) for row in rows]
    bounds = [round(len(rows) * i / 4) for i in range(5)]
    return [values[a:b] for a, b in pairwise(bounds)]


def _medians(rows: Sequence[Row], name: str) -> list[float]:
    """Return what is usual in each quarter of a run: one wild row does not count."""
    return [median(quarter) for quarter in _quarters(rows, name)]


def _differ(some: list[float], others: list[float]) -> bool:
    """Whether two stretches of a curve differ by more than the batches make each scatter."""
    error = math.sqrt(sum(variance(values) / len(values) for values in (some, others)))
    return abs(mean(some) - mean(others)) > 3 * error


def _not_finite(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        bad = [name for name, value in row.items() if not math.isfinite(value)]
        if bad:
            yield f"Not finite: {', '.join(bad)} at step {row['step']}."
            return


def _growing_critic(rows: Sequence[Row]) -> Iterator[str]:
    for name, words in (("wasserstein", "|Wasserstein estimate|"), ("penalty", "penalty")):
        _, early, _, late = _medians(rows, name)
        if early > 0 and late > GROWTH * early and late > 0.05:
            yield (
                f"Diverging critic: the {words} grew from {early:.3g} in the second quarter of "
                f"the run to {late:.3g} in the last; try a smaller learning_rate or more critic "
                "steps."
            )


def _steep_critic(rows: Sequence[Row]) -> Iterator[str]:
    late = _medians(rows, "penalty")[-1]
    slope = 1 + math.sqrt(late)
    if slope > STEEP:
        yield (
            f"Steep critic: a penalty of {late:.3g} in the last quarter means slopes near "
            f"{slope:.2g} where 1 is wanted; raise lambda_gp or lower learning_rate."
        )
    elif late > 0.9:
        yield (
            f"Flat critic: a penalty of {late:.3g} means slopes near 0, so the generator learns "
            "little from it (or the norm is taken over channels only, see norm_over)."
        )


def _impossible_estimate(rows: Sequence[Row], checks: Sequence[Row], crop: int) -> Iterator[str]:
    late = _medians(rows, "wasserstein")[-1]
    apart = distance_apart(checks[-1]["psnr"], crop)
    if late > STEEP * apart:
        yield (
            f"Runaway critic: it claims a distance of {late:.3g}, but restored and sharp crops lie "
            f"about {apart:.3g} apart, so its slope is {late / apart:.2g} or more where 1 is "
            "wanted; is lambda_gp high enough?"
        )


def _content(rows: Sequence[Row]) -> Iterator[str]:
    *before, last = _quarters(rows, "content")
    best, third, late = min(before, key=median), before[-1], median(last)
    if late > RISEN * median(best) and _differ(best, last):
        yield (
            f"Content loss has risen: {late:.3g} in the last quarter of the run, after "
            f"{median(best):.3g} in its best."
        )
    elif late < STILL_FALLING * median(third) and _differ(third, last):
        yield (
            f"Content loss still falls: {median(third):.3g} in the third quarter of the run, "
            f"{late:.3g} in the last; a longer run would go further."
        )


def _quality(checks: Sequence[Row]) -> Iterator[str]:
    if not checks:
        yield "Never validated: nothing says whether the run helps."
        return
    last, best = checks[-1], max(checks, key=lambda row: row["psnr"])
    gain = last["psnr"] - last["input_psnr"]
    if gain <= 0:
        yield (
            f"No gain: the restored crops are {-gain:.2f} dB below their own blurred input "
            f"({last['psnr']:.2f}, {last['input_psnr']:.2f} dB)."
        )
    if best["psnr"] - last["psnr"] > LOST_DB:
        yield (
            f"Past its best: validation PSNR was {best['psnr']:.2f} dB at step {best['step']} and "
            f"is {last['psnr']:.2f} dB at the end."
        )


def refuse_broken_losses(losses: dict[str, float], step: int) -> None:
    """Raise a TrainingError that names the losses that are not finite."""
    if bad := [name for name, value in losses.items() if not math.isfinite(value)]:
        raise _stop(", ".join(bad), step)


def refuse_broken_weights(networks: dict[str, nn.Module], step: int) -> None:
    """Raise a TrainingError that names a network whose weights are not finite."""
    for name, network in networks.items():
        if not all(weight.isfinite().all() for weight in network.parameters()):
            raise _stop(f"weights of the {name}", step)


def refuse_runaway_critic(row: Row, config: TrainConfig) -> None:
    """Raise a TrainingError where losses betray a critic steeper than ``config.critic_limit``."""
    limit = config.critic_limit
    if not limit or "penalty" not in row:
        return
    slope = steepness(row["wasserstein"], row["penalty"], config.crop)
    if slope > limit:
        raise TrainingError(
            f"runaway critic by step {row['step']}: wasserstein {row['wasserstein']:.4g} "
            f"and penalty {row['penalty']:.4g} mean a slope of {slope:.3g}, critic_limit is "
            f"{limit:g}; the run stops, the last good checkpoint is kept; try a larger "
            "lambda_gp or a smaller learning_rate, or critic_limit=0 to let it run"
        )


def _stop(what: str, step: int) -> TrainingError:
    return TrainingError(
        f"{what} not finite by step {step}: the run stops, the last good "
        "checkpoint is kept; try a smaller learning_rate"
    )
