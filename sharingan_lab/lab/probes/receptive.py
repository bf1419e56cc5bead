"""How much of a picture one value of a network depends on: by recurrence, and by gradient.

References
----------
.. [1] Isola et al., "Image-to-image translation with conditional adversarial networks", CVPR 2017:
       the critic that is called 70x70 PatchGAN.
.. [2] Araujo, Norris, Sim, "Computing receptive fields of convolutional neural networks",
       Distill, 2019: the recurrence.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from sharingan_lab.errors import InputError


class Field(NamedTuple):
    """What the values after a convolution see of the picture, along one axis, in pixels.

    One value depends on ``size`` pixels, the field of the next begins ``step`` pixels later; that
    of value 0 begins at ``start``, below 0 where padding belongs to it.
    """

    size: int
    step: int
    start: int

    def first(self, index: int) -> int:
        """First pixel of the field of the value with this index.

        Examples
        --------
        >>> Field(size=70, step=8, start=-46).first(17)
        90
        """
        return self.start + index * self.step


def receptive_fields(network: nn.Module) -> list[Field]:
    """Receptive field after each convolution of a chain, from kernels, strides and paddings.

    The convolutions are square, none is transposed, and they follow each other in the order of
    ``network.modules()``. Other layers count as acting on single values, which normalisations do
    not: see :func:`sharingan_lab.lab.without_normalisation`.

    Notes
    -----
    With kernel :math:`k_l`, stride :math:`s_l`, padding :math:`p_l` and dilation :math:`d_l`:
    :math:`r_l = r_{l-1} + d_l (k_l - 1) j_{l-1}`, the step is :math:`j_l = j_{l-1} s_l` and the
    start :math:`a_l = a_{l-1} - p_l j_{l-1}`; :math:`r_0 = j_0 = 1` and :math:`a_0 = 0` [2]_.

    Examples
    --------
    >>> from sharingan_lab.networks import Critic
    >>> [field.size for field in receptive_fields(Critic(width=2))]
    [4, 10, 22, 46, 70]
    """
    fields, field = [], Field(size=1, step=1, start=0)
    for layer in network.modules():
        if isinstance(layer, nn.ConvTranspose2d):
            raise InputError("receptive_fields follows convolutions; this network has a transposed")
        if isinstance(layer, nn.Conv2d):
            sides = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
            kernel, stride, padding, dilation = map(_one_side, sides)
            field = Field(
                size=field.size + dilation * (kernel - 1) * field.step,
                step=field.step * stride,
                start=field.start - padding * field.step,
            )
            fields.append(field)
    if not fields:
        raise InputError(f"{type(network).__name__} has no convolution to follow")
    return fields


def _one_side(sides: tuple[int, int]) -> int:
    if isinstance(sides, str) or sides[0] != sides[1]:
        raise InputError(f"receptive_fields needs square convolutions, got one with {sides}")
    return sides[0]


def gradient_map(
    network: Callable[[Tensor], Tensor], image: Tensor, row: int, column: int
) -> Tensor:
    """Say how strongly one place of a network's output depends on each pixel (1, C, H, W).

    (H, W): the sum over the channels of the gradient's absolute values. The output is (1, c, h, w);
    of several channels the sum is looked at.

    Examples
    --------
    >>> box = nn.Conv2d(1, 1, 3, bias=False)
    >>> _ = nn.init.ones_(box.weight)
    >>> gradient_map(box, torch.zeros(1, 1, 4, 5), row=1, column=0)[0:2]
    tensor([[0., 0., 0., 0., 0.],
            [1., 1., 1., 0., 0.]])
    """
    x = image.detach().clone().requires_grad_()
    output = network(x)
    height, width = output.shape[-2:]
    if not (0 <= row < height and 0 <= column < width):
        raise InputError(
            f"no place ({row}, {column}) in an output of {height} rows and {width} columns"
        )
    (gradient,) = torch.autograd.grad(output[0, :, row, column].sum(), x)
    return gradient[0].abs().sum(dim=0)


def seen_rectangle(gradient: Tensor) -> tuple[int, int, int, int]:
    """Smallest rectangle that holds every value but zeros: top, left, height, width.

    One value at least is not zero.

    Examples
    --------
    >>> seen_rectangle(torch.tensor([[0.0, 0.0, 0.0], [0.0, 2.0, 1.0]]))
    (1, 1, 1, 2)
    """
    rows, columns = (gradient.ne(0).any(dim).nonzero().flatten().tolist() for dim in (1, 0))
    if not rows:
        raise InputError("the gradient is zero everywhere: nothing is seen")
    return rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def share_outside(gradient: Tensor, field: Field, row: int, column: int) -> float:
    """Share of a gradient, from 0 to 1, that lies outside the field that convolutions give it.

    Takes the :func:`gradient_map` and the field of :func:`receptive_fields` of one place.

    Examples
    --------
    >>> share_outside(torch.ones(4, 4), Field(size=2, step=1, start=0), 0, 0)
    0.75
    """
    outside = gradient.clone()
    top, left = (max(0, field.first(i)) for i in (row, column))
    bottom, right = (max(0, field.first(i) + field.size) for i in (row, column))
    outside[top:bottom, left:right] = 0
    return (outside.sum() / gradient.sum()).item()
