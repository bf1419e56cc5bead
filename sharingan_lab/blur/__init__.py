"""Motion blur: random camera paths -> kernels -> degraded images.

The model is equation (1) of the report, ``I_b = k(M) * I_s + N``: a blurred image is the sharp one
convolved with the kernel of the motion, plus noise.
"""

from sharingan_lab.blur.degrade import add_noise, blur, degrade
from sharingan_lab.blur.kernels import linear_kernel, random_kernels, rasterize
from sharingan_lab.blur.trajectories import sample_trajectories

__all__ = [
    "add_noise",
    "blur",
    "degrade",
    "linear_kernel",
    "random_kernels",
    "rasterize",
    "sample_trajectories",
]
