"""Real aerial pictures of a potato field, of the block that no shipped detector was trained on."""

import torch
from torch import Tensor

from sharingan_lab.checks import check_count
from sharingan_lab.datasets.annotations import read_annotations
from sharingan_lab.datasets.assets import destination
from sharingan_lab.images import read_image
from sharingan_lab.locations import shipped_dir

TILE_CLASSES = ("background", "potato", "weed")
TEST_COLUMNS = (10, 11, 12)


def aerial_tiles(most: int = 30) -> tuple[Tensor, list[dict[str, Tensor]]]:
    """Tiles of 640 x 640 pixels, with the boxes of potatoes and weeds.

    Parameters
    ----------
    most : int
        How many at most. Two ship; the 30 of this block come by ``sharingan fetch weeds``.

    Returns
    -------
    images : Tensor
        (N, 3, 640, 640) in [0, 1].
    targets : list of dict
        One a tile, ``boxes`` (M, 4) and ``labels`` (M,): see ``TILE_CLASSES``.

    References
    ----------
    .. [1] Lu et al., UAV-weed-detection-paper, github.com/paglab/UAV-weed-detection-paper, 2025,
       MIT licence.

    Examples
    --------
    >>> images, targets = aerial_tiles(2)
    >>> images.shape, len(targets)
    (torch.Size([2, 3, 640, 640]), 2)
    """
    check_count("most", most)
    folder = destination("weeds")
    if not folder.is_dir():
        folder = shipped_dir()
    tested = [
        path
        for column in TEST_COLUMNS
        for row in range(10)
        if (path := folder / f"tile_{column}_{row}.jpg").is_file()
    ]
    known = read_annotations(folder, tested[:most], classes=TILE_CLASSES)
    return torch.cat([read_image(path) for path in known.pictures]), known.targets
