"""A camera that takes a whole batch of blurred pictures at once, each in its own way.

A restorer sees at work what it saw in training, so what spoils real pictures is in here, in the
order of a camera: lens, motion (:mod:`sharingan_lab.datasets.motion`), sensor, response, file.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sharingan_lab.blur.camera import change, scene_light, shoot
from sharingan_lab.checks import check_range
from sharingan_lab.datasets.damage import jpeg, soften
from sharingan_lab.datasets.draws import normal_like, uniform
from sharingan_lab.datasets.motion import KINDS, expose, inner, margin
from sharingan_lab.errors import InputError

# Streams of random numbers, one for each use, so that none depends on how many another takes.
_KIND, _REACH, _SETTINGS, _NOISE = range(4)


@dataclass(frozen=True)
class Camera:
    """What is in a batch: how often each kind of motion, and how a camera spoils the rest.

    Parameters
    ----------
    kinds : tuple of float
        Weights of "still" (no motion), "shake" (one path for the whole picture: a kernel), "turn"
        (rotation and perspective), "depth" (near things move faster) and "object" (something moves
        before the background, which may move as well).
    slight : float
        Share of the motions that reach less than 2 pixels; the others reach up to a third of the
        crop, evenly in the logarithm.
    gamma : (float, float)
        Response of half of the cameras: value = light ** (1 / gamma); the others average values.
    highlights : float
        How many times brighter than white a burnt-out light can be, at most; in three of ten
        pictures lights are.
    noise_std, shot : float
        Largest deviation of the read noise, and of the shot noise where a pixel is full, of light.
        Three of five pictures are noisy, most of them less than half as much.
    lens : float
        Largest deviation in pixels of the lens's own blur, in three of five pictures; the sharp
        ones have it, too.
    quality : (float, float)
        JPEG qualities of half of the blurred pictures; the others are not compressed.
    """

    kinds: tuple[float, ...] = (0.07, 0.45, 0.13, 0.1, 0.25)
    slight: float = 0.1
    gamma: tuple[float, float] = (1.0, 2.2)
    highlights: float = 6.0
    noise_std: float = 0.01
    shot: float = 0.03
    lens: float = 0.7
    quality: tuple[float, float] = (50.0, 98.0)

    def __post_init__(self) -> None:
        if len(self.kinds) != len(KINDS) or min(self.kinds) < 0 or sum(self.kinds) <= 0:
            raise InputError(
                f"kinds={self.kinds}: must be {len(KINDS)} weights, none negative and not all 0, "
                f"of {', '.join(KINDS)}"
            )
        for name, bounds in (
            ("slight", (0, 1)),
            ("gamma", (1, 4)),
            ("highlights", (1,)),
            ("noise_std", (0, 1)),
            ("shot", (0, 1)),
            ("lens", (0, 1)),
            ("quality", (1, 100)),
        ):
            check_range(name, getattr(self, name), *bounds)

    def margin(self, crop: int) -> int:
        """Pixels that a scene must show around the crop: how far a motion may reach."""
        return margin(crop)

    def take(
        self, scenes: Tensor, others: Callable[[Tensor], Tensor], keys: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Take one picture of each scene.

        Parameters
        ----------
        scenes : Tensor
            Sharp pictures (n, 3, s, s) in [0, 1]; s is the crop and twice its :meth:`margin`.
        others : callable
            Gives for the keys of some items other pictures like their scenes: what moves before
            them.
        keys : Tensor
            Keys of the items (n,), on the CPU; see :func:`sharingan_lab.datasets.draws.item_keys`.

        Returns
        -------
        blurred, sharp : Tensor
            (n, 3, crop, crop) in [0, 1], the sharp one as the scene lay in the motion's middle.
        """
        kinds, reach = self.kinds_of(keys), self.reach_of(keys, inner(scenes).shape[-1])
        cameras = self._set(keys)

        def crossing(rows: Tensor) -> Tensor:
            some = cameras.some(rows)
            return scene_light(some.softened(others(keys[rows])), some.gamma, some.highlights)

        blurred, sharp = shoot(
            cameras.softened(scenes),
            lambda light: expose(kinds, light, crossing, keys, reach),
            lambda light: cameras.noisy(light, keys),
            gamma=cameras.gamma,
            highlights=cameras.highlights,
        )
        return cameras.compressed(blurred), sharp

    def kinds_of(self, keys: Tensor) -> Tensor:
        """Return for each item the number of its kind in :data:`KINDS`, (n,)."""
        ends = torch.tensor(self.kinds, dtype=torch.float64).cumsum(0)
        return torch.searchsorted(ends / ends[-1], uniform(keys, 1, _KIND)[:, 0], right=True)

    def reach_of(self, keys: Tensor, crop: int) -> Tensor:
        """Return for each item the width or height of its motion, the larger, in pixels (n,)."""
        slight, chance = uniform(keys, 2, _REACH).T
        return torch.where(slight < self.slight, 2 * chance, 2 * (crop / 6) ** chance)

    def _set(self, keys: Tensor) -> "_Cameras":
        """Set the cameras of a batch."""
        some, chance = uniform(keys, 12, _SETTINGS).float().T.split(6)
        return _Cameras(
            gamma=torch.where(some[0] < 0.5, _between(chance[0], self.gamma), 1.0),
            highlights=torch.where(some[1] < 0.3, _between(chance[1], (1, self.highlights)), 1.0),
            lens=torch.where(some[2] < 0.6, self.lens * chance[2], 0.0),
            read=torch.where(some[3] < 0.6, self.noise_std * chance[3] ** 2, 0.0),
            shot=torch.where(some[3] < 0.6, self.shot * chance[4] ** 2, 0.0),
            quality=torch.where(some[5] < 0.5, _between(chance[5], self.quality), 0.0),
        )


@dataclass(frozen=True)
class _Cameras:
    """The settings of the cameras that take a batch, each (n,); quality 0: not compressed."""

    gamma: Tensor
    highlights: Tensor
    lens: Tensor
    read: Tensor
    shot: Tensor
    quality: Tensor

    def some(self, rows: Tensor) -> "_Cameras":
        """The cameras of some items."""
        return _Cameras(**{name: numbers[rows] for name, numbers in vars(self).items()})

    def softened(self, pictures: Tensor) -> Tensor:
        """What passes the lenses."""
        return change(pictures, self.lens > 0, soften, self.lens)

    def noisy(self, light: Tensor, keys: Tensor) -> Tensor:
        """Add the noise of the sensor: of the light itself, and of reading it out."""
        some = self.read + self.shot > 0
        return change(light, some, _noisy, keys, _per_image(self.read), _per_image(self.shot))

    def compressed(self, images: Tensor) -> Tensor:
        """Write files and read them."""
        return change(images, self.quality > 0, jpeg, self.quality)


def _noisy(light: Tensor, keys: Tensor, read: Tensor, shot: Tensor) -> Tensor:
    deviation = (read**2 + shot**2 * light.clamp(min=0)).sqrt()
    return light + deviation * normal_like(light, keys, _NOISE)


def _between(chance: Tensor, ends: tuple[float, float]) -> Tensor:
    return ends[0] + (ends[1] - ends[0]) * chance


def _per_image(numbers: Tensor) -> Tensor:
    return numbers.view(-1, 1, 1, 1)
