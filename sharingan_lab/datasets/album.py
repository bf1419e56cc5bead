"""Pictures of any sizes, from which the windows of a batch are cut at random."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sharingan_lab.datasets.draws import uniform

_WINDOW = 1000  # streams of random numbers from here on choose windows


class Album:
    """Pictures of any sizes, on any device.

    Parameters
    ----------
    images : sequence of Tensor
        Pictures (C, H, W), uint8 or float in [0, 1]; C is 3, or more where several pictures of one
        size lie one behind the other, such as the frames of a film.
    device : str or torch.device
        Where they are kept.

    Examples
    --------
    >>> from sharingan_lab.datasets.draws import item_keys
    >>> album = Album([torch.rand(3, 40, 50), torch.rand(3, 60, 30)])
    >>> album.windows(item_keys(0, torch.arange(5)), 24).shape
    torch.Size([5, 3, 24, 24])
    """

    def __init__(self, images: Sequence[Tensor], device: str | torch.device = "cpu") -> None:
        images = [image.to(device) for image in images]
        if any(image.dtype != torch.uint8 for image in images):  # one type, so that windows stack
            images = [_as_floats(image) for image in images]
        self.images = images
        sizes = torch.tensor([image.numel() for image in images], dtype=torch.float64)
        self.ends = sizes.cumsum(0) / sizes.sum()

    def windows(
        self,
        keys: Tensor,
        side: int,
        stream: int = 0,
        *,
        margin: int = 0,
        on_side: bool = True,
        channels: int = 3,
    ) -> Tensor:
        """Cut one window an item, at a random place of a random picture, half of them mirrored.

        Parameters
        ----------
        keys : Tensor
            Keys of the items (n,), on the CPU; see `sharingan_lab.datasets.draws`.
        side : int
            Height and width in pixels.
        stream : int
            Another window for the same items.
        margin : int
            How far each side of a window may lie beyond its picture, of which it sees the mirror
            image there; what is left of the window without its margins must fit.
        on_side : bool
            Also lay half of them on their side.
        channels : int
            How many channels are cut, a multiple of 3; of pictures that have more, some at random.

        Returns
        -------
        Tensor
            Windows (n, channels, side, side), float32 in [0, 1]. A picture is chosen as often as
            its size says, so that detail of a large one is as likely as that of a small one.
        """
        chance = uniform(keys, 6, _WINDOW + stream)
        chosen = torch.searchsorted(self.ends, chance[:, 0].contiguous(), right=True)
        windows = [
            self._cut(number, side, margin, channels, on_side, *places)
            for number, places in zip(chosen.tolist(), chance[:, 1:].tolist(), strict=True)
        ]
        return _as_floats(torch.stack(windows))

    def _cut(
        self,
        number: int,
        side: int,
        margin: int,
        channels: int,
        on_side: bool,
        down: float,
        along: float,
        mirror: float,
        turn: float,
        behind: float,
    ) -> Tensor:
        """Cut a window at a place that numbers in [0, 1) choose."""
        image = self.images[number]
        first = 3 * int(behind * ((len(image) - channels) // 3 + 1))
        window = image[first : first + channels]
        window = _span(window, 1, side, margin, down)
        window = _span(window, 2, side, margin, along)
        if mirror < 0.5:
            window = window.flip(2)
        return window.transpose(1, 2) if on_side and turn < 0.5 else window


def _as_floats(pixels: Tensor) -> Tensor:
    return pixels.float().div_(255) if pixels.dtype == torch.uint8 else pixels.float()


def _span(image: Tensor, dimension: int, side: int, margin: int, chance: float) -> Tensor:
    """Cut a part of an image along a dimension; what lies beyond its ends is mirrored."""
    length = image.shape[dimension]
    start = int(chance * (length - side + 2 * margin + 1)) - margin
    if 0 <= start <= length - side:
        return image.narrow(dimension, start, side)
    places = (torch.arange(side, device=image.device) + start).abs()
    last = length - 1
    return image.index_select(dimension, last - (last - places).abs())
