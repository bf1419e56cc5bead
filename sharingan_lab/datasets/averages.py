"""Averages of sharp frames: what a sensor sees that stays open while they pass."""

from torch import Tensor

from sharingan_lab.checks import check_floats, check_number, check_pixels
from sharingan_lab.errors import InputError

KINDS = ("blur", "blur_gamma", "sharp")  # two averages of the frames, and the middle one
GAMMA = 2.2  # the response that GoPro's `blur_gamma` inverts
MOST_FRAMES = 99


def average_frames(frames: Tensor, gamma: float = 1.0) -> Tensor:
    """Average frames as a sensor does that stays open while they pass.

    Parameters
    ----------
    frames : Tensor
        Frames (N, T, C, H, W) in [0, 1], equally spaced in time.
    gamma : float
        The camera's response, from 1 to 4: pixel value = light ** (1 / gamma). 1 averages the
        values as they are, as GoPro's ``blur``; 2.2 averages the light, as ``blur_gamma``.

    Returns
    -------
    Tensor
        Blurred images (N, C, H, W) in [0, 1].

    Notes
    -----
    ``mean(frames ** gamma) ** (1 / gamma)`` is a power mean: it is never darker than the mean of
    the values, and brighter wherever a pixel changes.

    References
    ----------
    .. [1] S. Nah, T. H. Kim, K. M. Lee: Deep multi-scale convolutional neural network for dynamic
       scene deblurring. CVPR 2017, equations (1) and (2).

    Examples
    --------
    >>> import torch
    >>> frames = torch.tensor([0.0, 1.0]).view(1, 2, 1, 1, 1)  # black, then white
    >>> [round(float(average_frames(frames, gamma)), 3) for gamma in (1.0, 2.2)]
    [0.5, 0.73]
    """
    check_floats(frames, "frames", "(N, T, C, H, W)")
    if frames.ndim != 5:
        raise InputError(f"frames must be (N, T, C, H, W), got {tuple(frames.shape)}")
    check_pixels(frames, "frames", slack=1e-3)
    check_number("gamma", gamma, 1, 4)
    return (frames.clamp(min=0) ** gamma).mean(dim=1) ** (1 / gamma)


def blur_frames(frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The three pictures (N, C, H, W) of `KINDS` that frames make."""
    return average_frames(frames), average_frames(frames, GAMMA), frames[:, frames.shape[1] // 2]


def check_frame_count(frames: int) -> None:
    """Raise InputError unless so many frames can be averaged: an odd number, from 3 to 99."""
    if not 3 <= frames <= MOST_FRAMES or frames % 2 == 0:
        raise InputError(
            f"frames={frames}: must be odd, so that there is a middle one, from 3 to {MOST_FRAMES}"
        )
