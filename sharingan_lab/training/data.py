"""What a run trains on, in which order, and what it is measured on, as its settings say."""

from collections.abc import Iterator
from itertools import chain

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from sharingan_lab.datasets.batched import MixedPairs, take_items
from sharingan_lab.datasets.camera import Camera
from sharingan_lab.datasets.gopro import GoProPairs
from sharingan_lab.datasets.gopro_layout import check_layout
from sharingan_lab.datasets.photos import photo
from sharingan_lab.datasets.real import RealPairs
from sharingan_lab.datasets.synthetic import PathCamera, SyntheticBlurPairs, load_folder
from sharingan_lab.device import choose_device
from sharingan_lab.errors import ConfigError
from sharingan_lab.locations import data_dir
from sharingan_lab.seeds import LARGEST
from sharingan_lab.training.config import TrainConfig
from sharingan_lab.training.team import Team

TRAIN_PHOTOS = ("astronaut", "coffee", "rocket", "tissue", "retina", "hubble")
VALIDATION_PHOTOS = ("chelsea", "motorcycle")
PHOTO_SIZE = 192  # small, so that a 64-pixel crop holds detail worth restoring
VALIDATION_PAIRS = 16
AT_ONCE = 512  # pairs that a GPU makes together
SYNTHETIC_SHARE = 2  # synthetic pairs a pair of GoPro in mixed data: the ratio of the paper's Comb


def training_data(config: TrainConfig) -> tuple[Dataset, tuple[Tensor, Tensor]]:
    """Return the training pairs and the fixed validation batch (blurred, sharp).

    GoPro, mixed or not, validates on its test split; the bundled photographs hold back two of
    them, a folder every tenth picture.

    On CUDA, as long as no worker processes load them, pictures and frames lie in the memory of the
    GPU and the pairs are made there; the validation batch is the same on every device.

    Examples
    --------
    >>> from sharingan_lab.training import recipe
    >>> pairs, (blurred, sharp) = training_data(recipe("quick"))
    >>> len(pairs), blurred.shape
    (128, torch.Size([16, 3, 64, 64]))
    """
    # processes that load data cannot share a GPU's memory
    device = torch.device("cpu") if config.workers else choose_device(config.device)
    if config.data in ("gopro", "mixed"):
        train, held_back = _gopro(config, device)
        if config.data == "mixed":
            train = _mixed(config, train)
    else:
        sharp, sharp_held_back = _photographs(config)
        train = _synthetic(config, sharp, config.seed, config.items or len(sharp), device)
        train = _with_real(config, train, device)
        held_back = _synthetic(config, sharp_held_back, _other_seed(config), VALIDATION_PAIRS)
    batch = take_items(held_back, list(range(len(held_back))))
    blurred, target = (torch.stack(images) for images in zip(*batch, strict=True))
    return train, (blurred, target)


def steps_of_epoch(data: Dataset, config: TrainConfig) -> int:
    """Return the generator updates of an epoch; an incomplete last batch is left out."""
    if len(data) < config.batch_size:
        raise ConfigError(f"batch_size={config.batch_size} exceeds the {len(data)} training items")
    return len(data) // config.batch_size


def batches_of_epoch(
    data: Dataset, config: TrainConfig, epoch: int, first: int, team: Team
) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """Yield the batches of each step of an epoch: those of the critic, then the generator's.

    The order follows from (seed, epoch) alone, so a continued run sees what it would have seen.

    Each process takes its part of every batch; `first` is the first step that is wanted.
    """
    size, steps = config.batch_size, steps_of_epoch(data, config)
    per_step = config.critic_steps + 1 if config.fresh_critic_batches else 1
    data.set_epoch(epoch)
    rng = torch.Generator().manual_seed((config.seed * 1_000_003 + epoch) % 2**64)
    orders = [torch.randperm(len(data), generator=rng).tolist() for _ in range(per_step)]
    parts = [
        team.part(order[step * size : (step + 1) * size])
        for step in range(first, steps)
        for order in orders
    ]
    on_gpu, share = choose_device(config.device).type == "cuda", size // team.size
    # a GPU makes many pairs in the time of a few
    together = max(1, AT_ONCE // share) if on_gpu and not config.workers else 1
    groups = (parts[i : i + together] for i in range(0, len(parts), together))
    loader = DataLoader(
        data,
        batch_sampler=[[*chain.from_iterable(group)] for group in groups],
        num_workers=config.workers,
        generator=rng,  # its own: a loader draws from torch's default one, which is dropout's
        pin_memory=on_gpu and config.workers > 0,  # they travel while the GPU computes
    )
    batches = (
        batch
        for made in loader
        for batch in zip(*(images.split(share) for images in made), strict=True)
    )
    for _ in range(first, steps):
        yield [next(batches) for _ in range(per_step)]


def _gopro(config: TrainConfig, device: torch.device) -> tuple[GoProPairs, GoProPairs]:
    root = config.data_root or data_dir() / "GOPRO_Large"
    settings = {"crop": config.crop, "blur": config.blur, "seed": config.seed}
    kept = {"cache": data_dir() / "cache", "device": device} if config.frame_cache else {}
    train = GoProPairs(root, "train", subset=config.subset or None, **settings, **kept)
    tests = check_layout(root, splits=("test",), blur=config.blur, complete=False)["test"]
    return train, GoProPairs(root, "test", subset=min(tests, VALIDATION_PAIRS), **settings)


def _mixed(config: TrainConfig, real: GoProPairs) -> MixedPairs:
    """Put synthetic pairs beside GoPro's: of a folder's pictures, or of its own sharp frames."""
    if config.sharp_root:
        sharp = load_folder(config.sharp_root, as_uint8=True, crop=config.crop)
    else:
        sharp = [sharp for _, sharp in real.frames]
    items = SYNTHETIC_SHARE * len(real)
    # a seed of its own, lest an item repeats the window of the real one with its index
    return MixedPairs([real, _synthetic(config, sharp, _other_seed(config), items, real.device)])


def _photographs(config: TrainConfig) -> tuple[list[Tensor], list[Tensor]]:
    if config.data == "photos":
        return tuple(
            [photo(name, PHOTO_SIZE)[0] for name in names]
            for names in (TRAIN_PHOTOS, VALIDATION_PHOTOS)
        )
    if not config.data_root:
        raise ConfigError("data=folder needs data_root: the folder of your sharp pictures (--data)")
    images = load_folder(config.data_root, as_uint8=True, crop=config.crop, least=2)
    train = [image for i, image in enumerate(images) if i % 10]
    if config.subset > len(train):
        raise ConfigError(
            f"subset={config.subset}: {config.data_root} has {len(train)} pictures to train on, "
            f"{len(images) - len(train)} are held back; set subset=0 to take all, items for more "
            "crops an epoch"
        )
    if config.subset:
        order = torch.randperm(len(train), generator=torch.Generator().manual_seed(config.seed))
        train = [train[i] for i in order[: config.subset].tolist()]
    return train, images[::10]


def _other_seed(config: TrainConfig, number: int = 1) -> int:
    return (config.seed + number) % (LARGEST + 1)


def _synthetic(
    config: TrainConfig,
    sharp: list[Tensor],
    seed: int,
    items: int,
    device: torch.device | str = "cpu",
) -> SyntheticBlurPairs:
    return SyntheticBlurPairs(
        sharp,
        config.crop,
        seed=seed,
        items=items,
        camera=_camera(config),
        transpose=config.transpose,
        device=device,
    )


def _camera(config: TrainConfig) -> Camera | PathCamera:
    if config.camera == "every":
        return Camera()
    return PathCamera(
        config.kernel_size, config.path_length or None, config.noise_std, config.gamma
    )


def _with_real(config: TrainConfig, synthetic: SyntheticBlurPairs, device: torch.device) -> Dataset:
    """Put real pairs beside the synthetic ones, as many as their share asks for."""
    if not config.real_root:
        return synthetic
    items = round(len(synthetic) * config.real_share / (1 - config.real_share))
    seed = _other_seed(config, 2)
    real = RealPairs(config.real_root, config.crop, seed=seed, items=items, device=device)
    return MixedPairs([synthetic, real])
