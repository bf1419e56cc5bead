"""Answers to lesson 11."""

import pytest
import torch
import torch.nn.functional as F

from sharingan_lab.blur import degrade, random_kernels
from sharingan_lab.classical import unsharp_mask
from sharingan_lab.datasets import photos
from sharingan_lab.evaluation import psnr

from .judging import accepts, refuses, stays_open


@pytest.fixture(scope="module")
def section_4():
    rng = torch.Generator().manual_seed(0)
    sharp = photos(160)
    blurred = degrade(sharp, random_kernels(len(sharp), 31, rng=rng), rng=rng)
    noise = 0.08 * torch.randn(sharp.shape, generator=rng)
    return {"sharp": sharp, "blurred": blurred, "noisy": (blurred + noise).clamp(0, 1)}


def test_exercise_1():
    accepts("11.1", 1000)
    accepts("11.1", torch.tensor(4000 * 15 / 60))
    refuses("11.1", "whole picture", 15)
    refuses("11.1", "divide the width", 4)
    refuses("11.1", "longer blur", 16_000)
    refuses("11.1", "same factor", 4000 - 45)
    refuses("11.1", "30 px long", 2000)
    refuses("11.1", "quotes", "1000 px")
    refuses("11.1", "finite", float("nan"))


def test_exercise_2(section_4):
    given = {name: section_4[name] for name in ("blurred", "sharp")}

    def gained(amount):
        return psnr(unsharp_mask(given["blurred"], amount=amount), given["sharp"]).mean().item()

    best = max((a / 10 for a in range(1, 16)), key=gained)
    accepts("11.2", best, **given)
    accepts("11.2", torch.tensor(best + 0.03), **given)
    refuses("11.2", "changes nothing", 1e-6, **given)
    refuses("11.2", "smaller and larger", 1.5, **given)
    refuses("11.2", "smaller and larger", best + 0.2, **given)
    refuses("11.2", "blurs", -0.5, **given)
    refuses("11.2", "range", 3, **given)
    refuses("11.2", "quotes", "0.4", **given)


def detail(image, size=3):
    return (image - F.avg_pool2d(image, size, 1, size // 2)).abs().mean(dim=1).flatten(1)


def test_exercise_3(section_4):
    def edges(image):
        lost = detail(image)
        return lost.quantile(0.95, dim=1) / lost.median(dim=1).values

    sharp = section_4["sharp"]
    accepts("11.3", edges, **section_4)
    accepts("11.3", lambda x: edges(x).double().log(), **section_4)
    accepts("11.3", lambda x: edges(x).tolist(), **section_4)
    accepts("11.3", lambda x: edges(x).numpy(), **section_4)
    refuses("11.3", "fooled by noise", lambda x: detail(x).mean(dim=1), **section_4)
    refuses("11.3", "blur is not seen", lambda x: -detail(x).mean(dim=1), **section_4)
    refuses("11.3", "nothing but `image`", lambda x: psnr(x, sharp), **section_4)
    looking = lambda x: psnr(x, sharp[: len(x), :, : x.shape[2], : x.shape[3]])  # noqa: E731
    refuses("11.3", "nothing but `image`", looking, **section_4)
    refuses("11.3", "two pictures alone", lambda x: edges(x) - edges(x).mean(), **section_4)
    refuses("11.3", "the same for all", lambda x: torch.ones(len(x)), **section_4)
    refuses("11.3", "one number an image", lambda x: detail(x).mean(), **section_4)
    refuses("11.3", "NaN", lambda x: edges(x) * float("nan"), **section_4)
    stays_open("11.3", lambda x: None, **section_4)


def test_my_tensor():
    accepts("11.my_tensor", lambda p: torch.from_numpy(p).permute(2, 0, 1)[None] / 255)
    accepts("11.my_tensor", lambda p: torch.tensor(p.transpose(2, 0, 1)[None] / 255.0))
    refuses("11.my_tensor", "divide by 255", lambda p: torch.tensor(p).permute(2, 0, 1)[None])
    refuses("11.my_tensor", "tears", lambda p: torch.tensor(p).reshape(1, 3, *p.shape[:2]) / 255)
    refuses("11.my_tensor", "[None]", lambda p: torch.tensor(p).permute(2, 0, 1) / 255)
    refuses("11.my_tensor", "colours before", lambda p: torch.tensor(p)[None] / 255)
    refuses("11.my_tensor", "of torch", lambda p: p.transpose(2, 0, 1)[None] / 255)
    refuses(
        "11.my_tensor",
        "red stays first",
        lambda p: torch.tensor(p[..., ::-1].copy()).permute(2, 0, 1)[None] / 255,
    )
    refuses("11.my_tensor", "//", lambda p: torch.tensor(p).permute(2, 0, 1)[None] // 255)
    stretched = lambda p: torch.tensor(p).permute(2, 0, 1)[None] / p.max()  # noqa: E731
    refuses("11.my_tensor", "largest byte is", stretched)
    stays_open("11.my_tensor", lambda p: None)


def laplacian(grey, middle=4):
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return around - middle * grey[1:-1, 1:-1]


def test_my_sharpness():
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]).double()[None, None]
    accepts("11.my_sharpness", lambda g: laplacian(g).var(correction=0))
    accepts("11.my_sharpness", lambda g: F.conv2d(g[None, None], kernel).numpy().var())
    refuses("11.my_sharpness", "correction=0", lambda g: laplacian(g).var())
    refuses("11.my_sharpness", "subtract the mean", lambda g: laplacian(g).square().mean())
    refuses("11.my_sharpness", "not its root", lambda g: laplacian(g).std(correction=0))
    refuses("11.my_sharpness", "minus four", lambda g: laplacian(g, 0).var(correction=0))
    padded = lambda g: F.conv2d(g[None, None], kernel, padding=1).var(correction=0)  # noqa: E731
    refuses("11.my_sharpness", "the border out", padded)
    refuses("11.my_sharpness", ".var(correction=0)", laplacian)
    eight = torch.ones(1, 1, 3, 3).double()
    eight[0, 0, 1, 1] = -8
    all_around = lambda g: F.conv2d(g[None, None], eight).var(correction=0)  # noqa: E731
    refuses("11.my_sharpness", "not eight", all_around)
    refuses("11.my_sharpness", "four slices", lambda g: (g[1:-1, 1:-1] ** 2).mean() + 7)
    stays_open("11.my_sharpness", lambda g: None)
