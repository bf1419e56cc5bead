"""What people did before networks: solve ``I_b = k * I_s + N`` for the sharp image.

Section 1.2.2 of the report names the deconvolutions. Most are *non-blind*: they take the kernel
for known. `blind_richardson_lucy` looks for the kernel, too; `unsharp_mask` asks for none, and is
what any restorer has to beat. What is not as a docstring states is an
:class:`~sharingan_lab.errors.InputError` that names it.
"""

from sharingan_lab.classical.borders import make_periodic
from sharingan_lab.classical.filters import inverse_filter, tikhonov, unsupervised_wiener, wiener
from sharingan_lab.classical.lucy import blind_richardson_lucy, centre_kernels, richardson_lucy
from sharingan_lab.classical.unsharp import unsharp_mask

__all__ = [
    "blind_richardson_lucy",
    "centre_kernels",
    "inverse_filter",
    "make_periodic",
    "richardson_lucy",
    "tikhonov",
    "unsharp_mask",
    "unsupervised_wiener",
    "wiener",
]
