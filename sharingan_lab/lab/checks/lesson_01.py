"""Checks of lesson 01: paths, kernels, exposure, noise."""

import math
from collections.abc import Callable
from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import Tensor

from sharingan_lab import blur as motion
from sharingan_lab.evaluation import psnr
from sharingan_lab.lab.checks.answers import dice, near, number, shown, tensor
from sharingan_lab.lab.checks.verdict import Open, expect


def my_path(function: Callable) -> str:
    """Check the step of a walk: straight on, one push to the side, then the library's walks."""
    seen = tensor(function(_throw([0, 0, 0, 0, 0], 3), 6.0), (4, 2), "my_path's answer")
    if not seen.any():
        raise Open("the path never moves: write the lines of a step into the loop.")
    end = seen[-1].tolist()
    looks = {18.0: "the length of a step: L / (T - 1)"}
    looks |= dict.fromkeys((4.5, 9.0), "T - 1 is dice.luck.shape[1]")
    look = looks.get(round(end[0], 3), "x grows by L / (T - 1) times v at each step")
    text = f"three undisturbed steps of a path of 6 px end at {_point(end)}"
    expect(near(seen[-1], torch.tensor([6.0, 0.0])), text, "(6, 0)", look)
    end = function(_throw([0, 0, 1, 0, 1], 1), 1.0)[-1].tolist()
    looks = {
        (1.0, 1.0): "the length: v is divided by abs(v) before x moves",
        (1.0, 0.0): "the order: first v, then x",
        (0.1, 1.0): "the anxiety a multiplies the push and the pull",
    }
    look = looks.get(tuple(round(e, 2) for e in end), "v + j + a (g eta - c x), made 1 px long")
    text = f"a push downwards, as strong as v, leads to {_point(end)}"
    expect(near(torch.tensor(end), torch.full((2,), 0.5**0.5)), text, "(0.71, 0.71)", look)
    for seed in range(3):
        off = function(motion.throw_dice(1, rng=dice(seed)))
        off = (off - motion.sample_trajectories(1, rng=dice(seed))[0]).abs().max()
        look = "the jerk j and the pull, a times -c x: both belong into v"
        expect(off < 1e-3, f"a walk is off by up to {off:.2g} px", "the library's walk", look)
    return "every step of one length; equal to sample_trajectories on three paths of 2,000 points."


def _throw(settings: list[float], moves: int) -> SimpleNamespace:
    """Return dice that were not thrown: every push goes down, and no step has a jerk."""
    pushes = torch.tensor([0.0, 1.0]).expand(1, moves, 2)
    luck = torch.ones(1, moves)
    return SimpleNamespace(settings=torch.tensor([settings]).double(), pushes=pushes, luck=luck)


def _point(place: list[float]) -> str:
    return f"({', '.join(f'{number:.3g}' for number in place)})"


def my_kernel(function: Callable) -> str:
    """Check how a path becomes a kernel: one jump for the head, then the library's walks."""
    jump = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    seen = tensor(function(jump, 9), (9, 9), "my_kernel's answer")
    if not seen.any():
        raise Open("the kernel stays black: share each position's light in the loop.")
    wanted = torch.zeros(9, 9)
    wanted[4, 3:6] = torch.tensor([0.25, 0.5, 0.25])
    looks = {
        "rows and columns: y is the row, x the column": wanted.T,
        "the sum: each of the T positions brings 1 / T of the light": 2 * wanted,
        "the middle: subtract the path's mean, then add size // 2": wanted.roll(4, 1),
        "light adds up, +=: = forgets what other positions brought": wanted.clamp(max=0.25),
    }
    look = next((t for t, k in looks.items() if near(seen, k)), "the four shares of each light")
    if near(seen, seen.round(decimals=1)) and abs(seen.sum() - 1) < 1e-3:
        look = "the sharing: a light between two pixels gives to each, the nearer the more"
    row = [round(v, 3) for v in seen[4, 3:6].tolist()]
    text = f"two positions, 1 px apart, give {row} in the middle row, sum {seen.sum():.3g}"
    expect(near(seen, wanted), text, "[0.25, 0.5, 0.25], sum 1", look)
    walk = motion.sample_trajectories(1, steps=100, path_length=20.0, rng=dice())
    off = (function(walk[0], 64) - motion.rasterize(walk)[0]).abs().max()
    look = "the shares (1 - r)(1 - d), r(1 - d), (1 - r)d and rd, and which pixel gets which"
    expect(off < 1e-5, f"a walk's kernel is off by {off:.3g}", "the library's rasterize", look)
    return "light shared, none lost, centred; equal to the library's rasterize on a walk."


def my_blur(function: Callable) -> str:
    """Check a convolution: a point of light must become the kernel, not the kernel turned."""
    point, kernel = torch.zeros(1, 1, 16, 16), torch.zeros(5, 5)
    point[..., 8, 8] = 1
    kernel[2, 2], kernel[2, 4] = 0.75, 0.25
    seen = tensor(function(point, kernel), (1, 1, 16, 16), "my_blur's answer")[0, 0]
    right, left = seen[8, 10].item(), seen[8, 6].item()
    look = "the shift: the copy with k[u, v] comes from (y - (u - o), x - (v - o))"
    if near(torch.tensor(left), torch.tensor(0.25)):
        look = "this is a correlation: the kernel is turned by 180 degrees"
    if not near(seen.sum(), torch.tensor(1.0)):
        look = "light is lost or made: each copy is weighted by kernel[u, v] and added, +="
    expect(abs(right - 0.25) < 1e-4, f"{right:.2f} two pixels right of a point", "0.25", look)
    picture = torch.rand(2, 3, 20, 24, generator=dice())
    kernel = motion.random_kernels(1, 7, path_length=6.0, rng=dice())
    off = (function(picture, kernel[0]) - motion.blur(picture, kernel)).abs()
    inner = off[..., 6:-6, 6:-6].max() < 1e-4
    look = "the border: a margin of the mirrored image, mode='reflect'" if inner else "the loop"
    expect(off.max() < 1e-4, f"off by up to {off.max():.2g} on noise", "the library's blur", look)
    return "a point becomes the kernel, and a picture what the library's blur makes of it."


def exercise_1(kernel_sum: object, noise_factor: object) -> str:
    """Check the sum of a kernel exposed for 30 %, and what that does to the noise."""
    total, factor = number(kernel_sum, "kernel_sum"), number(noise_factor, "noise_factor")
    look = "all of the path would sum to 1; how much of it was seen?"
    look = "a share, not per cent: 1 is all" if total > 1.5 else look
    expect(abs(total - 0.3) < 0.01, f"kernel_sum = {shown(total)}", "the exposure", look)
    look = f"which gain makes a sum of {total:g} as bright as 1?"
    expect(abs(factor - 1 / 0.3) < 0.05, f"noise_factor = {shown(factor)}", "the gain", look)
    return "the picture is as bright as before, and its noise 3.3 times as strong."


def exercise_2(mover: object) -> str:
    """Check a kernel that moves a picture by 3 px to the left."""
    kernel = tensor(mover, (1, 9, 9), "mover")
    if not kernel.any():
        raise Open("the kernel is still black: put one pixel of light into it.")
    total = kernel.sum().item()
    expect(kernel.min() >= 0, f"a value of {kernel.min():.2g}", "light", "no light is negative")
    seen = f"the kernel sums to {total:.3g}"
    expect(abs(total - 1) < 1e-4, seen, "1", "any other sum changes the brightness")
    seen = f"{int((kernel > 1e-6).sum())} pixels share the light"
    expect(kernel.max() > 1 - 1e-4, seen, "one pixel", "several blur the picture: move it with one")
    row, column = divmod(int(kernel.argmax()), 9)
    seen = f"it moves the picture {column - 4:+d} px across and {row - 4:+d} px down"
    look = "the kernel is a point's drawing; its middle is (row 4, column 4)"
    expect((row, column) == (4, 1), seen, "-3 across (to the left) and 0 down", look)
    return "one pixel of light, three to the left of the middle."


def exercise_3(wipe: object) -> str:
    """Check the length of a motion that wipes out boards every 12 px."""
    length = number(wipe, "wipe")
    if length == 0:
        raise Open("choose a length above 20 px.")
    expect(0 < length <= 240, f"{length:g} px", "20 to 240 px", "a length a hand can move")
    kernel = motion.linear_kernel(length, 0, math.ceil(length) + 5)
    side = 12 * math.ceil(kernel.shape[-1] / 12)  # whole boards, and room for the kernel
    fence = (0.5 + 0.5 * torch.cos(2 * torch.pi * torch.arange(side) / 12)).expand(1, 1, side, side)
    after = motion.blur(fence, kernel, boundary="circular")
    left = (after.max() - after.min()).item()
    look = "each pixel must see all shades equally: where are the zeros of a sweep's spectrum?"
    expect(left * length < 0.03, f"{length:g} px leave {left:.2%} of the contrast", "none", look)
    expect(length > 20, f"{length:g} px wipe it out, the first zero", "one above 20", "the next")
    return f"{length:g} px are {length / 12:g} whole boards; each pixel sees all shades equally."


def exercise_4(zoom_poses: object) -> str:
    """Check poses under which every stroke points at the middle."""
    poses = tensor(zoom_poses, (1, None, 6), "zoom_poses").float()
    if not poses.any():
        raise Open("this camera rests: let one of the six numbers change from frame to frame.")
    lights = torch.zeros(1, 1, 121, 121)
    lights[..., 20::40, 20::40] = 1.0
    lights = F.max_pool2d(lights, 3, stride=1, padding=1)
    marks = motion.camera_shake(lights, poses, boundary="zero")[0, 0]
    kept = (marks[58:63, 58:63].sum() / 9).item()
    look = "a shift or a tilt moves the middle, too; one number scales, and a little of it will do"
    expect(kept > 0.7, f"{kept:.0%} of the middle light stayed", "all of it, or nearly", look)
    patch = marks[:38, :38]  # around the upper left light
    seen = f"{patch.sum() / 9:.0%} of the corner's light is left in its corner"
    expect(patch.sum() > 0.8 * 9, seen, "a stroke that stays in the picture", "move less")
    patch, place = patch / patch.sum(), torch.arange(38.0)
    x, y = place - patch.sum(0) @ place, place - patch.sum(1) @ place
    spread = (patch.sum(0) @ x**2 + patch.sum(1) @ y**2).item()
    length = (12 * max(spread - 4 / 3, 0)) ** 0.5  # without the light's own 3 x 3 px
    look = "move more while the shutter is open"
    expect(length > 5, f"the corner's stroke is {length:.1f} px long", "at least 5 px", look)
    slope = (y @ patch @ x).item() / spread  # 0.5: at the middle; -0.5: around it
    seen, wanted = "the corner's stroke runs around the middle", "one that points at the middle"
    expect(slope > 0.2, seen, wanted, "that is a roll; which motion scales?")
    return f"a stroke of {length:.0f} px: moving along z scales about the middle."


def exercise_5(ghosts: object) -> str:
    """Check a path that rests, jerks 10 px to the side and rests again."""
    path = tensor(ghosts, (1, None, 2), "ghosts")
    if not path.any():
        raise Open("this path never moves: let x jump by 10 on the way.")
    x, y = path[0].T
    apart, tilt = (x.max() - x.min()).item(), (y.max() - y.min()).item()
    seen = f"the ends lie {apart:.1f} px apart in x and {tilt:.1f} px in y"
    look = "x is the first of the two" if tilt > apart else "how far x jumps"
    expect(abs(apart - 10) < 0.5 and tilt < 0.5, seen, "10 and 0", look)
    left, right = ((x < x.min() + 1).double().mean(), (x > x.max() - 1).double().mean())
    between = (1 - left - right).item()
    look = "rest, jump, rest: a steady sweep is a line, not two points"
    expect(between < 0.1, f"{between:.0%} of the time is spent on the way", "below 10 %", look)
    seen = f"ghosts of {left:.0%} and {right:.0%} of the light"
    expect((left - right).abs() < 0.05, seen, "equal ones", "rest equally long at both ends")
    return "look at motion.rasterize(ghosts, 31): two points; a star would be a double star."


def exercise_6(my_exposure: object, museum: object, *, scenes: Tensor) -> str:
    """Check a measured choice of the exposure: a curve with a top inside, measured again here."""
    best = number(my_exposure, "my_exposure")
    expect(0 < best <= 1, f"my_exposure = {best:g}", "a part of the path, in (0, 1]", "per cent?")
    curve = {number(e, "an exposure"): number(p, "a PSNR") for e, p in dict(museum or {}).items()}
    look = "a loop over exposures: museum[exposure] = psnr(taken, halls).mean()"
    expect(len(curve) >= 5, f"{len(curve)} exposures in museum", "a curve of five or more", look)
    top = max(curve, key=curve.get)
    seen = f"you chose {best:g}, and your curve is highest at {top:g}"
    expect(abs(best - top) < 1e-6, seen, "the highest of the curve", "max(museum, key=museum.get)")
    ends = min(curve), max(curve)
    look = "go on in that direction, unless it is 1"
    expect(top not in ends or top == 1, f"the top, {top:g}, is an end of it", "both sides", look)
    halls = scenes[:10]
    paths = motion.sample_trajectories(10, anxiety=(0.001, 0.01), rng=dice(1))
    for exposure in (ends[0], top, ends[1]):
        off = _museum(halls, paths, exposure) - curve[exposure]
        seen = f"museum[{exposure:g}] = {curve[exposure]:.1f} dB"
        expected = f"{off + curve[exposure]:.1f} dB or so"
        look = "the camera: noise_std=0.002, photons=400, gamma=2.2, calm hands, 64 px"
        expect(abs(off) < 1.5, seen, expected, look)
    grid = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0)
    highest = max(_museum(halls, paths, e) for e in grid)
    loss = highest - _museum(halls, paths, top)
    look = "more exposures near the top, and more pictures: halls[:20]"
    expect(loss < 0.3, f"{top:g} is {loss:.1f} dB below the best here", "less than 0.3 dB", look)
    return f"the best of {len(curve)} is {top:g}; both shorter and longer ones are worse."


def _museum(halls: Tensor, paths: Tensor, exposure: float) -> float:
    camera = {"noise_std": 0.002, "photons": 400, "gamma": 2.2}
    kernels = motion.rasterize(paths, 64, exposure)
    return psnr(motion.degrade(halls, kernels, rng=dice(), **camera), halls).mean().item()
