"""How a scene moves while the shutter is open: what arrives, and the scene in the motion's middle.

Real blur is seldom one kernel for the whole picture: the hand turns, near things pass faster than
far ones, a cyclist crosses the scene.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from sharingan_lab.blur.convolution import convolve_inside
from sharingan_lab.blur.kernels import rasterize
from sharingan_lab.blur.shake import homographies, look, on_grid
from sharingan_lab.blur.trajectories import SETTINGS, WORD, Dice, walk
from sharingan_lab.datasets.draws import item_keys, uniform, words

STEPS = 500  # of a path
FEWEST = 6  # moments whose mean is a blurred picture
APART = 1.5  # pixels between the moments of a longer straight motion, so that no echoes are seen
HILLS = 7  # random heights along each side, between which the shape of a thing is drawn
LEVEL = 0.55  # of heights in [0, 1): what is above is the thing, about two fifths of the picture
# Streams of an item's random numbers. A second path has a key of its own.
_WALK, _TURNS, _SPEEDS, _SHAPE = range(10, 14)

Seen = tuple[Tensor, Tensor]  # light that arrived, and that of the scene standing still
Others = Callable[[], Tensor]  # light of what may cross the scenes


def inner(images: Tensor) -> Tensor:
    """The crop in the middle of scenes, which reach beyond it by :func:`margin` pixels."""
    side = images.shape[-1]
    first = side // 6
    return images[..., first : side - first, first : side - first]


def margin(crop: int) -> int:
    """Pixels that a scene shows around a crop on each side: how far motions reach."""
    return crop // 4


def expose(
    kinds: Tensor,
    scenes: Tensor,
    others: Callable[[Tensor], Tensor],
    keys: Tensor,
    reach: Tensor,
) -> Seen:
    """Open the shutter: the mean light of scenes in motion, and their light without motion.

    Parameters
    ----------
    kinds : Tensor
        For each item the number of its motion in :data:`KINDS`, (n,), as all that follows but the
        scenes on the CPU.
    scenes : Tensor
        Light (n, 3, side, side) of the crops and of what lies around them.
    others : callable
        Gives the light of what crosses the scenes of some items, given their numbers (m,).
    keys : Tensor
        Keys of the items (n,), see :func:`.item_keys`.
    reach : Tensor
        Width or height of the motions in pixels, whichever is larger, (n,); a motion that would
        look beyond the scene is shrunk.
    """
    still = inner(scenes).clone()
    arrived = torch.empty_like(still)
    ways = [_paths(some, reach, scenes.shape[-1]) for some in (keys, item_keys(keys, 1))]
    for number, motion in enumerate(_MOTIONS.values()):
        rows = (kinds == number).nonzero().flatten()
        rows = rows[reach[rows].argsort(descending=True)]  # see `_mean`
        if len(rows):
            there = rows.to(scenes.device, non_blocking=True)
            of = _Motions(keys[rows], reach[rows], *(paths[rows] for paths in ways))
            arrived[there], still[there] = motion(scenes[there], partial(others, rows), of)
    return arrived, still


class _Motions(NamedTuple):
    """Of some items keys (n,), the reach of their motions (n,), and two paths (n, STEPS, 2).

    The items with the farthest reach, which have the most moments, come first.
    """

    keys: Tensor
    reach: Tensor
    paths: Tensor
    second_paths: Tensor


def _still(scenes: Tensor, others: Others, of: _Motions) -> Seen:
    """Nothing moves."""
    return inner(scenes), inner(scenes)


def _shake(scenes: Tensor, others: Others, of: _Motions) -> Seen:
    """One path moves the whole picture: a convolution with its kernel."""
    kernels = rasterize(of.paths, 2 * (scenes.shape[-1] // 6) + 1)
    return convolve_inside(scenes, kernels.to(scenes, non_blocking=True)), inner(scenes)


def _turn(scenes: Tensor, others: Others, of: _Motions) -> Seen:
    """The hand turns and shifts the camera: a homography a moment."""
    side = scenes.shape[-1]
    maps = torch.linalg.inv(homographies(_poses(of, side), float(side)))
    maps = on_grid(maps, side, side).to(scenes, non_blocking=True)
    return _mean(_counts(of.reach), partial(_look, scenes), maps), inner(scenes)


def _depth(scenes: Tensor, others: Others, of: _Motions) -> Seen:
    """The camera shifts, and near things pass faster than far ones, on the same path."""
    slowness = 0.1 + 0.6 * uniform(of.keys, 1, _SPEEDS).float()[..., None]
    return _composite(scenes, scenes, slowness * of.paths, of.paths, of)


def _object(scenes: Tensor, others: Others, of: _Motions) -> Seen:
    """Something crosses the scene, which in three of five cases moves as well, on its own path."""
    held, speed = uniform(of.keys, 2, _SPEEDS).float().T[..., None, None]
    scene_paths = torch.where(held < 0.4, 0, speed) * of.paths
    return _composite(scenes, others(), scene_paths, of.second_paths, of)


_MOTIONS = {"still": _still, "shake": _shake, "turn": _turn, "depth": _depth, "object": _object}
KINDS = tuple(_MOTIONS)


# -- layers ----------------------------------------------------------------------------------------


def _composite(
    backs: Tensor, fronts: Tensor, back_paths: Tensor, paths: Tensor, of: _Motions
) -> Seen:
    """Move what is in front before what is behind.

    Only at each moment alone is it true that the front hides the back; so the mean is taken of what
    was seen at the moments, not of the layers.
    """
    side = backs.shape[-1]
    shapes = _shapes(of.keys, side, backs.device)
    still = torch.lerp(inner(backs), inner(fronts), inner(shapes))
    counts = _counts(of.reach)
    ways = [_moments(some, counts).clamp(-(side // 6), side // 6) for some in (back_paths, paths)]
    seen = partial(_overlay, backs, torch.cat([fronts, shapes], dim=1))
    maps = (on_grid(_slides(way), side, side).to(backs, non_blocking=True) for way in ways)
    return _mean(counts, seen, *maps), still


def _overlay(backs: Tensor, fronts: Tensor, back_maps: Tensor, maps: Tensor) -> Tensor:
    """What is seen of the first few layers; the last channel says where the front is."""
    front = _look(fronts, maps)
    return torch.lerp(_look(backs, back_maps), front[:, :3], front[:, 3:])


def _shapes(keys: Tensor, side: int, device: str | torch.device = "cpu") -> Tensor:
    """Where a thing is: smooth random shapes (n, 1, side, side) from 0 to 1."""
    heights = uniform(keys, HILLS**2, _SHAPE).float().view(-1, 1, HILLS, HILLS)
    heights = heights.to(device, non_blocking=True)
    hills = F.interpolate(heights, (side, side), mode="bicubic", align_corners=True)
    # the hills rise by about 3 / side a pixel: so an edge goes from 0.1 to 0.9 in one or two pixels
    return ((hills - LEVEL) * side).sigmoid()


# -- paths -----------------------------------------------------------------------------------------


def _paths(keys: Tensor, reach: Tensor, side: int) -> Tensor:
    """Walks (n, STEPS, 2) about their middle, from nearly straight to wild, of a given reach."""
    drawn = words(keys, 1 + SETTINGS + STEPS - 1, _WALK)
    # the walk's nervousness, evenly in its logarithm: 0.0005 is nearly straight, 0.05 is wild
    anxiety = 0.0005 * 100 ** (drawn[:, 0].double() / 2**WORD)
    paths = walk(Dice(drawn[:, 1:]), path_length=1.0, anxiety=anxiety)
    paths = paths - paths.mean(dim=1, keepdim=True)
    width = (paths.amax(1) - paths.amin(1)).amax(1)
    farthest = paths.abs().amax((1, 2))
    scale = torch.minimum(reach.float() / width, side // 6 / farthest)
    return paths * scale[:, None, None]


def _counts(reach: Tensor) -> Tensor:
    """How many moments each motion is seen at."""
    return (reach / APART).ceil().long().clamp(min=FEWEST)


def _moments(paths: Tensor, counts: Tensor) -> Tensor:
    """Positions (n, T, ...) at moments of paths that are equally far apart; their mean is 0.

    A path with fewer moments than T stays at its end, which nobody sees.
    """
    moments = torch.arange(int(counts.max()))
    apart = torch.tensor(paths.shape[1]) / counts[:, None]
    at = ((moments + 0.5) * apart).long().clamp(max=STEPS - 1)
    chosen = paths[torch.arange(len(paths))[:, None], at]
    seen = (moments < counts[:, None])[..., None]
    return chosen - ((chosen * seen).sum(dim=1) / counts[:, None])[:, None]


def _mean(counts: Tensor, seen: Callable[..., Tensor], *ways: Tensor) -> Tensor:
    """Mean over moments of what is seen, given what the ways (n, T, ...) are at then.

    The motions with most moments come first: those that still move are the first few.
    """
    moving = (torch.arange(int(counts.max())) < counts[:, None]).sum(dim=0).tolist()
    total = seen(*(way[:, 0] for way in ways))
    for moment, few in list(enumerate(moving))[1:]:
        total[:few] += seen(*(way[:few, moment] for way in ways))
    return total / counts.to(total, non_blocking=True).view(-1, 1, 1, 1)


# -- turning ---------------------------------------------------------------------------------------


def _poses(of: _Motions, side: int) -> Tensor:
    """Poses (n, T, 6) of a hand that tilts, shifts, turns and moves ahead; see `camera_shake`."""
    shifts, turns = of.paths, of.second_paths
    tilted, turned, ahead = uniform(of.keys, 3, _TURNS).float().T[..., None, None]
    border = side / 3  # from the middle: a turn by 1 / border moves a pixel there by one
    spins, approaches = turns.split(1, dim=2)
    angles = torch.cat([-tilted * shifts[..., 1:], tilted * shifts[..., :1]], dim=2) / side
    places = (1 - tilted) * shifts / side
    poses = torch.cat(
        [
            torch.rad2deg(angles),
            torch.rad2deg(turned * spins / border),
            places,
            ahead * approaches / border,
        ],
        dim=2,
    )
    return _moments(poses, _counts(of.reach))


def _slides(shifts: Tensor) -> Tensor:
    """Maps (n, T, 3, 3) that look where the scene was before shifts (n, T, 2)."""
    maps = torch.eye(3).repeat(*shifts.shape[:2], 1, 1)
    maps[..., :2, 2] -= shifts
    return maps


def _look(scenes: Tensor, maps: Tensor) -> Tensor:
    """What the crop shows of the first few scenes, when maps (m, 3, 3) say where it looks."""
    side = scenes.shape[-1]
    crop = side - 2 * (side // 6)
    return look(scenes[: len(maps)], maps, (crop, crop), "reflection")
