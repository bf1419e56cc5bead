"""Pairs of frames at half size, decoded once: bytes on disk that a run maps into its memory."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from sharingan_lab.errors import DataError
from sharingan_lab.picture_files import open_image, read_pixels
from sharingan_lab.storage import write_atomically, writing_to

Pair = tuple[Path, Path]
Place = tuple[int, int, int]  # first byte, height, width


def half_size_pair(pair: Pair) -> Tensor:
    """Read two frames of equal size and halve them: (2, 3, H // 2, W // 2), uint8."""
    frames = [read_pixels(path) for path in pair]
    if frames[0].shape != frames[1].shape:
        sizes = " and ".join(f"{pixels.shape[1]}x{pixels.shape[0]}" for pixels in frames)
        raise DataError(f"{pair[0]} and its sharp frame differ in size: {sizes}")
    images = torch.tensor(np.stack(frames)).permute(0, 3, 1, 2).float() / 255
    size = [side // 2 for side in images.shape[-2:]]
    halved = interpolate(images, size, mode="bicubic", antialias=True)
    return (255 * halved.clamp(0, 1)).round().to(torch.uint8)


def cached_frames(
    pairs: Sequence[Pair], folder: str | os.PathLike, device: str | torch.device = "cpu"
) -> list[Tensor]:
    """Decode and halve pairs of frames once, and map the result into memory ever after.

    What :func:`half_size_pair` makes of each pair, bit for bit, lies one behind the other in one
    memory of the device. The file in the cache's folder is named after the frames' paths, sizes and
    times, so changed frames are decoded anew. After a DataError, that a frame cannot be read or the
    disk has too little room, or a StorageError nothing is left of it.
    """
    folder = Path(folder)
    name = _fingerprint(pairs)
    data, index = folder / f"frames-{name}.u8", folder / f"frames-{name}.json"
    if not (index.is_file() and data.is_file()):
        _build(pairs, data, index)
    # copy on write: torch wants memory that it may write to, the file stays as it is
    pixels = torch.from_numpy(np.memmap(data, np.uint8, mode="c")).to(device)
    return [
        pixels[first : first + 6 * height * width].view(2, 3, height, width)
        for first, height, width in json.loads(index.read_text())
    ]


def _build(pairs: Sequence[Pair], data: Path, index: Path) -> None:
    places = _places(pairs)
    first, height, width = places[-1]
    needed = first + 6 * height * width
    data.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(data.parent).free
    if free < needed:
        raise DataError(
            f"decoding {len(pairs)} pairs once needs {needed / 1e9:.1f} GB in {data.parent}, which "
            f"has {free / 1e9:.1f} GB free: make room, or name another folder by $SHARINGAN_DATA"
        )
    partial = data.with_name(f".{data.name}.{os.getpid()}.partial")
    try:
        with writing_to(data.parent), partial.open("wb") as file:
            for pair in pairs:
                file.write(half_size_pair(pair).numpy().tobytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, data)
    finally:
        partial.unlink(missing_ok=True)
    write_atomically(index, json.dumps(places))  # last: where it is, the bytes are whole


def _places(pairs: Sequence[Pair]) -> list[Place]:
    """Where each pair will lie, from the heads of the files."""
    places, first = [], 0
    for blurred, _ in pairs:
        with open_image(blurred) as image:
            width, height = (side // 2 for side in image.size)
        places.append((first, height, width))
        first += 6 * height * width
    return places


def _fingerprint(pairs: Sequence[Pair]) -> str:
    """Name of the cache of these files as they are now."""
    hasher = hashlib.sha256()
    for path in (path for pair in pairs for path in pair):
        facts = path.stat()
        hasher.update(f"{path.resolve()}|{facts.st_size}|{facts.st_mtime_ns}\n".encode())
    return hasher.hexdigest()[:16]
