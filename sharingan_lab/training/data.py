"""What a run trains on and what it is measured on, as its settings say."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from sharingan_lab.datasets.gopro import GoProPairs, check_layout
from sharingan_lab.datasets.photos import photo
from sharingan_lab.datasets.synthetic import SyntheticBlurPairs, load_folder
from sharingan_lab.device import choose_device
from sharingan_lab.errors import ConfigError, DataError
from sharingan_lab.locations import data_dir
from sharingan_lab.training.config import TrainConfig

TRAIN_PHOTOS = ("astronaut", "coffee", "rocket", "tissue", "retina", "hubble")
VALIDATION_PHOTOS = ("chelsea", "motorcycle")
PHOTO_SIZE = 192  # small, so that a 64-pixel crop holds detail worth restoring
VALIDATION_PAIRS = 16


def training_data(config: TrainConfig) -> tuple[Dataset, tuple[Tensor, Tensor]]:
    """Return the training pairs and the fixed validation batch (blurred, sharp).

    GoPro validates on its test split; the bundled photographs hold back two of them, a folder
    every tenth picture.

    Raises
    ------
    ConfigError
        A folder of pictures is to be used, and none is named.
    DataError
        The data set is missing or too small.

    Examples
    --------
    >>> from sharingan_lab.training import recipe
    >>> pairs, (blurred, sharp) = training_data(recipe("quick"))
    >>> len(pairs), blurred.shape
    (128, torch.Size([16, 3, 64, 64]))
    """
    if config.data == "gopro":
        root = Path(config.data_root) if config.data_root else data_dir() / "GOPRO_Large"
        settings = {"crop": config.crop, "blur": config.blur, "seed": config.seed}
        train = GoProPairs(root, "train", subset=config.subset or None, **settings, **_kept(config))
        tests = check_layout(root, splits=("test",), blur=config.blur, complete=False)["test"]
        held_back = GoProPairs(root, "test", subset=min(tests, VALIDATION_PAIRS), **settings)
    else:
        sharp, sharp_held_back = _photographs(config)
        train = _synthetic(config, sharp, config.seed, config.items or len(sharp))
        held_back = _synthetic(config, sharp_held_back, config.seed + 1, VALIDATION_PAIRS)
    batch = [held_back[i] for i in range(len(held_back))]
    blurred, target = (torch.stack(images) for images in zip(*batch, strict=True))
    return train, (blurred, target)


def _kept(config: TrainConfig) -> dict[str, Any]:
    """Where decoded frames are kept: on disk, and in the memory of the device that trains."""
    if not config.frame_cache:
        return {}
    # processes that load data cannot share a GPU's memory
    device = "cpu" if config.workers else choose_device(config.device)
    return {"cache": data_dir() / "cache", "device": device}


def _photographs(config: TrainConfig) -> tuple[list[Tensor], list[Tensor]]:
    if config.data == "photos":
        return tuple(
            [photo(name, PHOTO_SIZE)[0] for name in names]
            for names in (TRAIN_PHOTOS, VALIDATION_PHOTOS)
        )
    if not config.data_root:
        raise ConfigError("data=folder needs data_root: the folder of your sharp pictures (--data)")
    images = load_folder(config.data_root)
    if len(images) < 2:
        raise DataError(f"{config.data_root} holds one picture: training needs two or more")
    train = [image for i, image in enumerate(images) if i % 10]
    if config.subset:
        order = torch.randperm(len(train), generator=torch.Generator().manual_seed(config.seed))
        train = [train[i] for i in order[: config.subset].tolist()]
    return train, images[::10]


def _synthetic(
    config: TrainConfig, sharp: list[Tensor], seed: int, items: int
) -> SyntheticBlurPairs:
    return SyntheticBlurPairs(
        sharp,
        config.crop,
        seed=seed,
        items=items,
        kernel_size=config.kernel_size,
        length=config.path_length or None,
        noise_std=config.noise_std,
        gamma=config.gamma,
        transpose=config.transpose,
    )
