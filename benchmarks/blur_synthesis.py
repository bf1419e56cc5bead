"""Blur kernels and blurred images, beside deepinv."""

import torch
from deepinv.physics import Blur
from deepinv.physics.generator import MotionBlurGenerator

from benchmarks.side_by_side import Row, compare
from sharingan_lab.blur import blur, random_kernels

# deepinv keeps one point in 2 pi of its path: 2,000 of 12,600, a length that its FFT likes.
DEEPINV_STEPS = 12_600
PROMISED = {1: 1.0, 64: 2.0, 1024: 5.0}
REACHES = {
    "a short path": {},  # the defaults: a median reach of about 6 pixels
    "a long path": {"anxiety": (0.001, 0.01)},  # as the script of DeblurGAN sets it
}


def kernels() -> list[Row]:
    """Kernels of 64 x 64 from 2,000 points."""
    rng = torch.Generator().manual_seed(0)
    peer = MotionBlurGenerator((64, 64), n_steps=DEEPINV_STEPS)
    return [
        compare(
            f"{n} kernels of 64 x 64 from 2,000 points",
            lambda n=n: random_kernels(n, 64, rng=rng),
            lambda n=n: peer.step(n),
            wanted=wanted,
            rounds=7 if n > 64 else 41,
        )
        for n, wanted in PROMISED.items()
    ]


def images() -> list[Row]:
    """One image convolved with one kernel of 63 x 63, mirrored at the border; the median path."""
    rng = torch.Generator().manual_seed(0)
    rows = []
    for reach, walk in REACHES.items():
        drawn = random_kernels(101, 63, rng=rng, **walk)
        order = drawn.count_nonzero((1, 2)).argsort()
        kernel = drawn[order[50]][None]
        lit = int(kernel.count_nonzero())
        for side in (256, 720):
            image = torch.rand(1, 3, side, side, generator=rng)
            peer = Blur(filter=kernel[None], padding="reflect", use_fft=True)
            torch.testing.assert_close(blur(image, kernel), peer.A(image), atol=1e-5, rtol=0)
            rows.append(
                compare(
                    f"blur {side} x {side} RGB by {reach} ({lit} pixels)",
                    lambda image=image, kernel=kernel: blur(image, kernel),
                    lambda image=image, peer=peer: peer.A(image),
                    wanted=3.0,
                )
            )
    return rows
