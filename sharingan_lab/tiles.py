"""A picture restored tile by tile: in bounded memory, and as the whole would be."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from itertools import product

import torch
from torch import Tensor, nn

SIDE = 1344  # of a tile with its margins, in pixels: larger ones are no faster and need more memory
# What a tile sees beyond its part. `lite` looks 280 pixels far, and what lies beyond 176 changes
# less than a tenth of a grey level; a multiple of 16, the size that it pads to.
MARGIN = 176

Span = tuple[slice, slice, slice]


def in_tiles(
    image: Tensor,
    work: Callable[[Tensor], Tensor],
    *,
    side: int = SIDE,
    margin: int = MARGIN,
    on_progress: Callable[[int, int], None] | None = None,
) -> Tensor:
    """Do some work on an image (C, H, W) of any type, part by part.

    The work takes a tile (C, h, w) and returns it changed, of the same shape and type. A tile has
    `side` pixels with its margins, what it sees and does not keep; an image of at most side * side
    pixels is one tile. `on_progress` is called with the tiles that are done and their number.

    Examples
    --------
    >>> image = torch.arange(12.0).view(1, 3, 4)
    >>> torch.equal(in_tiles(image, lambda tile: tile + 1, side=2, margin=0), image + 1)
    True
    """
    out = torch.empty_like(image)
    tiles = list(tile_spans(image.shape[-2:], side, margin))
    for done, ((seen_y, kept_y, of_y), (seen_x, kept_x, of_x)) in enumerate(tiles, 1):
        out[:, kept_y, kept_x] = work(image[:, seen_y, seen_x])[:, of_y, of_x]
        if on_progress:
            on_progress(done, len(tiles))
    return out


def tile_spans(size: tuple[int, int], side: int, margin: int) -> Iterator[tuple[Span, Span]]:
    """Rows and columns of each tile: what it sees, what is kept, and where that lies in it."""
    height, width = size
    if height * width <= side * side:
        side = max(size)
    return product(_spans(height, side, margin), _spans(width, side, margin))


def _spans(length: int, side: int, margin: int) -> list[Span]:
    if length <= side:
        return [(slice(length), slice(length), slice(length))]
    step, spans = side - 2 * margin, []
    for start in range(0, length, step):
        stop = min(start + step, length)
        first = max(start - margin, 0)
        spans.append(
            (
                slice(first, min(stop + margin, length)),
                slice(start, stop),
                slice(start - first, stop - first),
            )
        )
    return spans


@contextlib.contextmanager
def frozen_statistics(network: nn.Module, image: Tensor) -> Iterator[None]:
    """Let instance normalisation use the mean and variance of this image, whatever it is shown.

    A tile on its own would be normalised by itself, and differ from its neighbours. The network is
    in evaluation mode; the image (1, 3, H, W) is the whole picture or a reduced copy of it.

    Notes
    -----
    A reduced copy has nearly the statistics of the whole, not quite: three photographs of 1000 x
    1000 pixels in tiles of 576, restored by lesson 08's small generator, were 1.9 to 3.5 grey
    levels from what it makes of the whole, in the mean; 8.0 to 10.2 with each tile's own.

    Examples
    --------
    >>> norm, image = nn.InstanceNorm2d(1), torch.arange(8.0).view(1, 1, 2, 4)
    >>> with frozen_statistics(norm, image):
    ...     torch.equal(norm(image[..., :2]), norm(image)[..., :2])
    True
    """
    layers = [layer for layer in network.modules() if isinstance(layer, nn.InstanceNorm2d)]
    found = {}

    def measure(layer: nn.Module, inputs: tuple[Tensor], _: Tensor) -> None:
        found[layer] = torch.var_mean(inputs[0], dim=(2, 3), correction=0, keepdim=True)

    def normalise(layer: nn.Module, inputs: tuple[Tensor], _: Tensor) -> Tensor:
        variance, mean = found[layer]
        return (inputs[0] - mean) * torch.rsqrt(variance + layer.eps)

    if layers:
        with hooked(layers, measure):
            network(image)
    with hooked(layers, normalise):
        yield


@contextlib.contextmanager
def hooked(layers: Iterable[nn.Module], hook: Callable) -> Iterator[None]:
    """Call a forward hook after each of these layers, for as long as the block lasts."""
    with contextlib.ExitStack() as hooks:
        for layer in layers:
            hooks.enter_context(layer.register_forward_hook(hook))
        yield
