"""Pictures of any sizes, from which the windows of a batch are cut at random."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from sharingan_lab.datasets.draws import uniform

_WINDOW = 1000  # streams of random numbers from here on choose windows


class Album:
    """Pictures (C, H, W) of any sizes, uint8 or float in [0, 1], kept on any device.

    C is 3, or more where several pictures of one size lie one behind the other, such as the frames
    of a film.

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
        self.pixels, self.starts = _flat(images)
        self.shapes = torch.tensor([image.shape for image in images])
        sizes = self.shapes.prod(dim=1).double()
        self.ends = sizes.cumsum(0) / sizes.sum()

    def windows(self, *args, **settings) -> Tensor:
        """Cut one window an item (n, 3, side, side); see :meth:`consecutive`."""
        return next(self.consecutive(1, *args, **settings))

    def consecutive(
        self,
        count: int,
        keys: Tensor,
        side: int,
        stream: int = 0,
        *,
        margin: int = 0,
        on_side: bool = True,
    ) -> Iterator[Tensor]:
        """Cut a window an item, at a random place of random pictures, half of them mirrored.

        Yields the windows (n, 3, side, side), float32 in [0, 1], of `count` pictures that lie one
        behind the other, all at one place. A picture is chosen as often as its size says, so that
        detail of a large one is as likely as that of a small one. Another `stream` gives the items
        (keys (n,), on the CPU) another window. Each side of a window may lie `margin` pixels beyond
        its picture, of which it sees the mirror image there; what is left of the window without its
        margins must fit. `on_side` also lays half of them on their side.
        """
        chance = uniform(keys, 6, _WINDOW + stream)
        chosen = torch.searchsorted(self.ends, chance[:, 0].contiguous(), right=True)
        down, along, mirror, turn, behind = chance[:, 1:].T
        depth, height, width = self.shapes[chosen].T
        rows, columns = _span(height, side, margin, down), _span(width, side, margin, along)
        columns = torch.where(mirror[:, None] < 0.5, columns.flip(1), columns)
        steps = torch.stack([rows * width[:, None], columns])
        if on_side:
            steps = torch.where(turn[:, None] < 0.5, steps.flip(0), steps)
        first = 3 * (behind * (depth // 3 - count + 1)).long()
        for channels in torch.arange(3 * count).split(3):
            planes = (first[:, None] + channels) * (height * width)[:, None]
            windows = _cut(self.pixels, self.starts[chosen, None] + planes, *steps)
            yield windows.div_(255) if self.pixels.dtype == torch.uint8 else windows


def _as_floats(pixels: Tensor) -> Tensor:
    return pixels.float().div_(255) if pixels.dtype == torch.uint8 else pixels.float()


def _flat(images: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """All pixels one behind the other, and where each picture begins among them."""
    memories = {image.untyped_storage().data_ptr() for image in images}
    if len(memories) == 1 and all(image.is_contiguous() for image in images):
        # they lie so already, as the frames do that a run maps into its memory: no copy
        starts = torch.tensor([image.storage_offset() for image in images])
        length = images[0].untyped_storage().nbytes() // images[0].element_size()
        return images[0].as_strided((length,), (1,), 0), starts
    sizes = torch.tensor([image.numel() for image in images])
    return torch.cat([image.flatten() for image in images]), sizes.cumsum(0) - sizes


def _span(length: Tensor, side: int, margin: int, chance: Tensor) -> Tensor:
    """Places (n, side) along lengths (n,); those that lie beyond the ends are mirrored."""
    start = (chance * (length - side + 2 * margin + 1)).long() - margin
    places = (start[:, None] + torch.arange(side)).abs()
    last = length[:, None] - 1
    return last - (last - places).abs()


def _cut(pixels: Tensor, planes: Tensor, *steps: Tensor) -> Tensor:
    """Windows of floats whose pixels lie at planes (n, c) and steps (n, side) down and along."""
    planes, down, along = (x.to(pixels.device, non_blocking=True) for x in (planes, *steps))
    places = planes[..., None, None] + down[:, None, :, None] + along[:, None, None]
    return pixels[places].float()
