"""Motion blur: random camera paths -> kernels -> degraded images.

The model is equation (1) of the report, ``I_b = k(M) * I_s + N``: a blurred image is the sharp one
convolved with the kernel of the motion, plus noise. Where the motion differs from place to place,
`blur_varying`, `camera_shake` and `blur_object` take the convolution's part. What is not as a
docstring states is an :class:`~sharingan_lab.errors.InputError` that names it.
"""

from sharingan_lab.blur.convolution import blur
from sharingan_lab.blur.degrade import degrade
from sharingan_lab.blur.kernels import linear_kernel, rasterize
from sharingan_lab.blur.noise import add_noise
from sharingan_lab.blur.pair import Pair
from sharingan_lab.blur.random_motion import random_kernels, random_poses
from sharingan_lab.blur.shake import camera_shake, margin, warp
from sharingan_lab.blur.trajectories import sample_trajectories, throw_dice, walk
from sharingan_lab.blur.varying import blending_weights, blur_object, blur_varying

__all__ = [
    "Pair",
    "add_noise",
    "blending_weights",
    "blur",
    "blur_object",
    "blur_varying",
    "camera_shake",
    "degrade",
    "linear_kernel",
    "margin",
    "random_kernels",
    "random_poses",
    "rasterize",
    "sample_trajectories",
    "throw_dice",
    "walk",
    "warp",
]
