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

    Parameters
    ----------
    scenes : Tensor
        What sharp pictures of the scenes show (N, 3, H, W) or (N, 1, H, W), in [0, 1].
    move : callable
        Given the light of the scenes, returns first the light that arrives while the shutter is
        open, and then any other light that a picture shall be taken of without noise, such as that
        of the scenes standing still.
    noise : callable
        Given light, or values, returns them with what the sensor adds.
    gamma, highlights : float or Tensor
        See `degrade`; one for all, or one an image (N,), on the CPU.
    gain : float or Tensor
        What the light is multiplied by, and the noise with it.
    noise_in : {"light", "values"}
        Whether noise comes before gain and response, as in a camera, or after both.

    Returns
    -------
    list of Tensor
        Pictures in [0, 1], one for each amount of light that `move` gave.

    Raises
    ------
    InputError
        Another word for where the noise is added.

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

    Parameters
    ----------
    values : Tensor
        Pixels (N, 3, H, W) or (N, 1, H, W) in [0, 1].
    gamma, highlights : float or Tensor
        See `degrade`; one for all, or one an image (N,), on the CPU.

    Examples
    --------
    >>> scene_light(torch.tensor([0.5, 1.0]).view(1, 1, 1, 2), 2.0, highlights=10.0).flatten()
    tensor([ 0.2500, 10.0000])
    """
    if isinstance(gamma, Tensor) or isinstance(highlights, Tensor):
        return _one_by_one(scene_light, values, gamma, highlights)
    light = values if gamma == 1 else values.clamp(min=0) ** gamma
    if highlights == 1:
        return light
    brightest = values.amax(dim=1, keepdim=True)
    hidden = ((brightest - WHITE) / (1 - WHITE)).clamp(0, 1)
    return light * (1 + (highlights - 1) * hidden)


def _response(light: Tensor, gamma: float | Tensor) -> Tensor:
    """Turn light, which is not negative, into values."""
    if isinstance(gamma, Tensor):
        return _one_by_one(_power, light, 1 / gamma)
    return _power(light, 1 / gamma)


def _power(images: Tensor, power: float) -> Tensor:
    return images if power == 1 else images**power


def _one_by_one(change: Callable[..., Tensor], images: Tensor, *numbers: float | Tensor) -> Tensor:
    """Change each image by its own numbers: plain ones, which tell what need not be done."""
    each = (torch.as_tensor(number).expand(len(images)).tolist() for number in numbers)
    return torch.cat([change(*one) for one in zip(images.split(1), *each, strict=True)])
