"""What happens to a picture in a camera: light, motion, noise, gain, clipping, response."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from sharingan_lab.errors import InputError

WHITE = 0.9  # values from here to 1 may hide light that the sensor could not hold


def shoot(
    scenes: Tensor,
    move: Callable[[Tensor], Sequence[Tensor]],
    noise: Callable[[Tensor], Tensor],
    *,
    gamma: float | Tensor = 1.0,
    highlights: float | Tensor = 1.0,
    gain: float | Tensor = 1.0,
    noise_in: str = "light",
) -> list[Tensor]:
    """Take pictures: the one camera of `degrade`, of the training data and of the commands.

    Given the light of the scenes (N, C, H, W), `move` returns first the light that arrives while
    the shutter is open, and then any other light that a picture shall be taken of without noise,
    such as that of the scenes standing still. `noise` returns light, or values, with what the
    sensor adds: before `gain` and response, as in a camera, or, if `noise_in` is "values", after
    both. For `gamma` and `highlights` see `degrade`; these are one for all, or one an image (N,),
    on the CPU. The result has a picture in [0, 1] for each amount of light that `move` gave.

    Examples
    --------
    >>> grey = torch.full((1, 1, 1, 1), 0.5)
    >>> for where in ("light", "values"):
    ...     taken = shoot(grey, lambda x: [x], lambda x: x + 0.1, gamma=2.0, noise_in=where)
    ...     print(where, round(float(taken[0]), 2))
    light 0.59
    values 0.6
    """
    if noise_in not in ("light", "values"):
        raise InputError(f"noise_in must be light or values, got {noise_in!r}")
    arrived, *others = move(scene_light(scenes, gamma, highlights))
    arrived = arrived.clamp(min=0)
    if noise_in == "light":
        taken = _response((gain * noise(arrived)).clamp(0, 1), gamma)
    else:
        taken = noise(_response(gain * arrived, gamma)).clamp(0, 1)
    return [taken, *(_response(light.clamp(0, 1), gamma) for light in others)]


def scene_light(
    values: Tensor, gamma: float | Tensor = 1.0, highlights: float | Tensor = 1.0
) -> Tensor:
    """Undo the response, and give white pixels the light that they were too full to show.

    Examples
    --------
    >>> scene_light(torch.tensor([0.5, 1.0]).view(1, 1, 1, 2), 2.0, highlights=10.0).flatten()
    tensor([ 0.2500, 10.0000])
    """
    light = _bend(values, gamma)
    factor = _each(highlights, values)
    return change(light, factor != 1, _brighten, factor, values)


def change(images: Tensor, chosen: Tensor, how: Callable[..., Tensor], *numbers: Tensor) -> Tensor:
    """Change the chosen of images (n, ...) together by `how`, each by its own numbers (n, ...).

    The n truths of `chosen` are on the CPU, so that no device is waited for; numbers are there or
    where the images are.

    Examples
    --------
    >>> ones, chosen = torch.ones(3), torch.tensor([False, True, True])
    >>> change(ones, chosen, torch.mul, torch.tensor([5.0, 6.0, 7.0]))
    tensor([1., 6., 7.])
    """
    rows = chosen.flatten().nonzero().flatten()
    if len(rows) == 0:
        return images
    if len(rows) == len(images):
        return how(images, *(number.to(images.device, non_blocking=True) for number in numbers))
    there = rows.to(images.device, non_blocking=True)
    theirs = (
        number[rows if number.device == rows.device else there].to(images.device, non_blocking=True)
        for number in numbers
    )
    return images.index_copy(0, there, how(images[there], *theirs))


def _brighten(light: Tensor, factor: Tensor, values: Tensor) -> Tensor:
    brightest = values.amax(dim=1, keepdim=True)
    hidden = ((brightest - WHITE) / (1 - WHITE)).clamp(0, 1)
    return light * (1 + (factor - 1) * hidden)


def _response(light: Tensor, gamma: float | Tensor) -> Tensor:
    """Turn light, which is not negative, into values."""
    return _bend(light, 1 / gamma)


def _bend(images: Tensor, power: float | Tensor) -> Tensor:
    powers = _each(power, images)
    return change(images, powers != 1, lambda some, theirs: some.clamp(min=0) ** theirs, powers)


def _each(number: float | Tensor, images: Tensor) -> Tensor:
    """Make one number an image (n, 1, 1, 1), on the CPU, of one for all or one an image."""
    return torch.as_tensor(number, dtype=images.dtype).expand(len(images)).view(-1, 1, 1, 1)
