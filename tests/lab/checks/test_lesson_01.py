"""Answers to lesson 01."""

import cmath
import math

import torch
import torch.nn.functional as F

from sharingan_lab import blur as motion
from sharingan_lab.datasets import photos
from sharingan_lab.evaluation import psnr

from .judging import accepts, refuses, stays_open


def path_of(dice, length=60.0, *, jerks=True, pull=True, unit=True, early=False, scale=None):
    """The lesson's own version, with its likely mistakes to turn on."""
    direction, *chances = dice.settings[0].tolist()
    c, g, p, a = (u * top for u, top in zip(chances, (0.7, 10, 0.2, 0.1), strict=True))
    v, x, path = cmath.exp(2j * math.pi * direction), 0j, [0j]
    step = length / dice.luck.shape[1] if scale is None else scale(length, dice.luck.shape[1])
    for (right, down), luck in zip(dice.pushes[0].tolist(), dice.luck[0].tolist(), strict=True):
        x += early * step * v
        if jerks and luck < p * a:
            v -= 2 * v * cmath.exp(1j * (luck / (p * a) - 0.5))
        v = v + a * (g * complex(right, down) - c * x * pull)
        v = v / abs(v) if unit else v
        x += (not early) * step * v
        path.append(x)
    return torch.view_as_real(torch.tensor(path))


def test_my_path():
    accepts("01.my_path", path_of)
    accepts("01.my_path", walk_of_vectors)
    stays_open("01.my_path", lambda dice, length=60.0: torch.zeros(dice.luck.shape[1] + 1, 2))
    stays_open("01.my_path", lambda dice, length=60.0: None)

    def refused(words, **mistake):
        refuses("01.my_path", words, lambda dice, length=60.0: path_of(dice, length, **mistake))

    refused("divided by abs(v)", unit=False)
    refused("the order", early=True)
    refused("L / (T - 1)", scale=lambda length, moves: length)
    refused("dice.luck.shape[1]", scale=lambda length, moves: length / (moves + 1))
    refused("the jerk", jerks=False)
    refused("the pull", pull=False)
    refuses("01.my_path", "shape", lambda dice, length=60.0: path_of(dice, length)[1:])


def walk_of_vectors(dice, length=60.0):
    """The same walk in vectors of two numbers instead of complex ones."""
    u = dice.settings[0].tolist()
    c, g, p, a = 0.7 * u[1], 10 * u[2], 0.2 * u[3], 0.1 * u[4]
    angle = torch.tensor(2 * math.pi * u[0], dtype=torch.float64)
    v, points = torch.stack([angle.cos(), angle.sin()]), [torch.zeros(2, dtype=torch.float64)]
    for push, luck in zip(dice.pushes[0].double(), dice.luck[0].tolist(), strict=True):
        new = v + a * (g * push - c * points[-1])
        if luck < p * a:
            turn = math.pi + luck / (p * a) - 0.5
            cos, sin = math.cos(turn), math.sin(turn)
            new = new + 2 * torch.stack([cos * v[0] - sin * v[1], sin * v[0] + cos * v[1]])
        v = new / new.norm()
        points.append(points[-1] + v * length / dice.luck.shape[1])
    return torch.stack(points)


def kernel_of(path, size=64, *, centred=True, share=True, swap=False, mean=True):
    """The lesson's own version, with its likely mistakes to turn on."""
    points = path.double() - path.double().mean(dim=0) * centred + size // 2 * centred
    kernel = torch.zeros(size, size, dtype=torch.float64)
    for x, y in points.tolist():
        x, y = (y, x) if swap else (x, y)
        x, y = (x, y) if share else (math.floor(x + 0.5), math.floor(y + 0.5))
        column, row = math.floor(x), math.floor(y)
        r, d = x - column, y - row
        for i, w in ((0, 1 - d), (1, d)):
            for j, v in ((0, 1 - r), (1, r)):
                kernel[(row + i) % size, (column + j) % size] += v * w
    return kernel.float() / (len(points) if mean else 1)


def test_my_kernel():
    accepts("01.my_kernel", kernel_of)
    accepts("01.my_kernel", lambda path, size=64: motion.rasterize(path[None], size)[0])
    refuses("01.my_kernel", "rows and columns", lambda p, n=64: kernel_of(p, n, swap=True))
    refuses("01.my_kernel", "1 / T", lambda p, n=64: kernel_of(p, n, mean=False))
    refuses("01.my_kernel", "the sharing", lambda p, n=64: kernel_of(p, n, share=False))
    refuses("01.my_kernel", "expected", lambda p, n=64: kernel_of(p, n, centred=False))
    refuses("01.my_kernel", "+=", lambda p, n=64: kernel_of(p, n).clamp(max=0.5 / len(p)))
    refuses("01.my_kernel", "shape", lambda p, n=64: kernel_of(p, n)[None])
    stays_open("01.my_kernel", lambda p, n=64: None)
    stays_open("01.my_kernel", lambda p, n=64: torch.zeros(n, n))


def blur_of(image, kernel, mode="reflect"):
    k = len(kernel)
    o = k // 2
    padded = F.pad(image, (k - 1 - o, o, k - 1 - o, o), mode=mode)
    n, c = image.shape[:2]
    out = F.conv2d(padded.flatten(0, 1)[:, None], kernel.flip(0, 1)[None, None])
    return out.unflatten(0, (n, c))[:, :, 0]


def test_my_blur():
    accepts("01.my_blur", blur_of)
    accepts("01.my_blur", lambda image, kernel: motion.blur(image, kernel[None]))
    refuses("01.my_blur", "correlation", lambda image, k: blur_of(image, k.flip(0, 1)))
    refuses("01.my_blur", "border", lambda image, k: blur_of(image, k, "replicate"))
    refuses("01.my_blur", "shape", lambda image, k: blur_of(image, k)[..., 1:])
    refuses("01.my_blur", "0.25", lambda image, k: image)
    refuses("01.my_blur", "lost or made", lambda image, k: blur_of(image, k) / k.numel())
    stays_open("01.my_blur", lambda image, k: None)


def test_exercise_1():
    accepts("01.1", 0.3, 3.33)
    accepts("01.1", 3 / 10, torch.tensor(1 / 0.3))
    refuses("01.1", "how much of it was seen", 1, 3.33)
    refuses("01.1", "not per cent", 30, 3.33)
    refuses("01.1", "as bright as 1", 0.3, 0.3)
    refuses("01.1", "as bright as 1", 0.3, 1.83)
    refuses("01.1", "noise_factor is None", 0.3, None)


def test_exercise_2():
    mover = torch.zeros(1, 9, 9)
    stays_open("01.2", mover)
    mover[0, 4, 1] = 1
    accepts("01.2", mover)
    accepts("01.2", F.one_hot(torch.tensor(37), 81).view(1, 9, 9))
    refuses("01.2", "+3 px across", mover.flip(2))
    refuses("01.2", "-3 px down", mover.transpose(1, 2))
    refuses("01.2", "brightness", 3 * mover)
    refuses("01.2", "one pixel", (mover + mover.roll(1, 2)) / 2)
    refuses("01.2", "shape", mover[0])
    refuses("01.2", "negative", 2 * mover - mover.roll(1, 2))


def test_exercise_3():
    for wipe in (24, 36.0, torch.tensor(48), 60, 72, 240):
        accepts("01.3", wipe)
    stays_open("01.3", 0.0)
    refuses("01.3", "the next", 12)
    refuses("01.3", "all shades equally", 30)
    refuses("01.3", "all shades equally", 25)
    refuses("01.3", "all shades equally", 24.2)
    refuses("01.3", "all shades equally", 59.9)
    refuses("01.3", "all shades equally", 239.5)
    refuses("01.3", "20 to 240", 1200)
    refuses("01.3", "20 to 240", -24)
    refuses("01.3", "quotes", "24 px")


def poses(**columns):
    found = torch.zeros(1, 33, 6)
    for name, values in columns.items():
        found[0, :, int(name[1:])] = torch.linspace(*values, 33)
    return found


def test_exercise_4():
    accepts("01.4", poses(c5=(-0.1, 0.1)))
    accepts("01.4", poses(c5=(0.15, 0.0)))
    accepts("01.4", poses(c5=(-0.5, 0.5)))  # a large zoom is no roll
    stays_open("01.4", poses())
    refuses("01.4", "a roll", poses(c2=(-6, 6)))
    refuses("01.4", "moves the middle", poses(c3=(-0.1, 0.1)))
    refuses("01.4", "at least 5 px", poses(c5=(-0.01, 0.01)))
    refuses("01.4", "a little of it", poses(c5=(-0.9, 5.0)))
    refuses("01.4", "shape", poses()[0] + 1)


def test_exercise_5():
    half = torch.zeros(1, 400, 2)
    stays_open("01.5", half)
    half[:, 200:, 0] = 10
    accepts("01.5", half)
    there_and_back = torch.zeros(1, 400, 2)
    there_and_back[:, 100:300, 0] = -10.0
    accepts("01.5", there_and_back)
    late = torch.zeros(1, 400, 2)
    late[:, 300:, 0] = 10
    refuses("01.5", "equal ones", late)
    refuses("01.5", "x is the first", half.flip(2))
    sweep = torch.zeros(1, 400, 2)
    sweep[0, :, 0] = torch.linspace(0, 10, 400)
    refuses("01.5", "rest, jump, rest", sweep)
    refuses("01.5", "how far x jumps", half / 2)
    refuses("01.5", "shape", half[0])


def test_exercise_6():
    halls = photos(160)[:5].repeat(4, 1, 1, 1)
    paths = motion.sample_trajectories(
        20, anxiety=(0.001, 0.01), rng=torch.Generator().manual_seed(5)
    )

    def measure(exposures, **camera):
        camera = {"noise_std": 0.002, "photons": 400, "gamma": 2.2} | camera
        rng, curve = torch.Generator().manual_seed(0), {}
        for exposure in exposures:
            kernels = motion.rasterize(paths, 64, exposure)
            curve[exposure] = psnr(motion.degrade(halls, kernels, rng=rng, **camera), halls).mean()
        return curve

    museum = measure((0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0))
    best = max(museum, key=museum.get)
    accepts("01.6", best, museum, scenes=halls)
    plain = {exposure: value.item() for exposure, value in museum.items() if exposure != 1.0}
    accepts("01.6", best, plain, scenes=halls)
    refuses("01.6", "five or more", best, {}, scenes=halls)
    refuses("01.6", "highest of the curve", 1.0, museum, scenes=halls)
    refuses("01.6", "per cent?", 20, museum, scenes=halls)
    made_up = {0.1: 20.0, 0.2: 30.0, 0.3: 21.0, 0.4: 20.0, 0.5: 19.0}
    refuses("01.6", "the camera", 0.2, made_up, scenes=halls)
    ends = {e: museum[e] for e in (0.35, 0.5, 0.7, 1.0)} | {0.6: museum[0.5]}
    refuses("01.6", "both sides", 0.35, ends, scenes=halls)
    noiseless = measure((0.05, 0.1, 0.2, 0.35, 1.0), noise_std=0.05)
    refuses("01.6", "", max(noiseless, key=noiseless.get), noiseless, scenes=halls)
