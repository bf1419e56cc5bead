"""A pair as GoPro's from one photograph: sharp frames along the path of a camera, averaged."""

import math

import torch
from torch import Tensor

from sharingan_lab.blur.random_motion import random_poses
from sharingan_lab.blur.shake import margin, warp
from sharingan_lab.checks import Range, check_images, check_range, check_rng
from sharingan_lab.datasets.averages import blur_frames, check_frame_count
from sharingan_lab.errors import InputError

KEPT = 0.7  # part of the photograph's shorter side that a frame shows; the rest is room to move
SMALLEST = 64  # shorter side of a frame, in pixels
SHIFT = 0.01  # what the camera's place walks for each degree of its angles, of the distance


def gopro_like_pair(
    photo: Tensor,
    *,
    frames: int = 11,
    shake: Range = (1.0, 8.0),
    rng: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """Take a blurred picture of a photograph with a shaken camera, and its sharp partner.

    Parameters
    ----------
    photo : Tensor
        Photograph (1, 3, H, W) in [0, 1], its shorter side 92 pixels or more.
    frames : int
        Sharp frames that are averaged: odd, from 3 to 99. GoPro's authors took 7 to 13; where the
        camera moves by more than a pixel from one to the next, edges show as steps, as theirs do.
    shake : float or (float, float)
        Length in degrees of the walk that the camera's angles make, from 0 to 45, or the range to
        draw it from. The position walks with them, 0.01 of the distance for each degree.
    rng : torch.Generator
        Source of every random number.

    Returns
    -------
    blur, blur_gamma, sharp : Tensor
        (1, 3, h, w): the mean of the frames as they are, their mean in linear light, and the middle
        frame. The shorter side is seven tenths of the photograph's, rounded down.

    Notes
    -----
    The frame is a window at a random place in the photograph, the camera's lens a normal one.
    Positions and angles are counted from the middle moment, so the sharp frame is the photograph
    itself. All that moves into a frame comes from the photograph: a path that would look beyond its
    border is made smaller until it does not.

    Examples
    --------
    >>> from sharingan_lab.datasets import photo
    >>> rng = torch.Generator().manual_seed(0)
    >>> blur, blur_gamma, sharp = gopro_like_pair(photo("coffee"), frames=5, rng=rng)
    >>> blur.shape, bool(blur_gamma.mean() > blur.mean())
    (torch.Size([1, 3, 280, 480]), True)
    """
    check_images(photo)
    check_frame_count(frames)
    check_rng(rng)
    low, high = check_range("shake", shake, 0, 45)
    room = _room(photo)
    scene = _window(photo, room, rng)  # the frame and `room` pixels around it
    height, width = (side - 2 * room for side in scene.shape[-2:])
    strength = low + (high - low) * float(torch.rand((), generator=rng))
    poses = random_poses(1, frames, rotation=strength, translation=SHIFT * strength, rng=rng)
    poses = _within(poses - poses[:, frames // 2, None], room, height, width)
    taken = warp(scene, poses, focal=float(max(height, width)))
    taken = taken[..., room : room + height, room : room + width].clamp(0, 1)
    return blur_frames(taken)


def _room(photo: Tensor) -> int:
    """Pixels that the frames may move to each side; a third is left for where the window lies."""
    height, width = photo.shape[-2:]
    shorter, least = min(height, width), needed(SMALLEST)
    if shorter < least:
        raise InputError(
            f"a photograph of {width} x {height} is too small: its shorter side must have {least} "
            "pixels or more"
        )
    return (shorter - kept(shorter)) // 3


def _window(photo: Tensor, room: int, rng: torch.Generator) -> Tensor:
    """Cut a frame and `room` pixels around it from a random place."""
    shorter = min(photo.shape[-2:])
    free = shorter - kept(shorter) - 2 * room
    top, left = (int(torch.randint(free + 1, (), generator=rng)) for _ in range(2))
    height, width = (side - free for side in photo.shape[-2:])
    return photo[..., top : top + height, left : left + width]


def _within(poses: Tensor, room: int, height: int, width: int) -> Tensor:
    """Shrink a path until no frame of this size shows more than `room` pixels beyond its border."""
    while (needed := float(margin(poses, height, width))) > room:
        poses = poses * (0.95 * room / needed)
    return poses


def kept(shorter: int) -> int:
    """Return the shorter side of the frames that are cut from a photograph."""
    return math.floor(KEPT * shorter + 1e-9)


def needed(size: int) -> int:
    """Shorter side of the photograph from which frames of this size are cut."""
    return math.ceil(size / KEPT - 1e-9)
