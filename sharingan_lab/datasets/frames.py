"""Pairs of frames at half size, decoded once: bytes on disk that a run maps into its memory."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
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


class Frames:
    """Pairs of 8-bit frames, one behind the other in a flat tensor on any device.

    Parameters
    ----------
    pixels : Tensor
        All bytes, uint8.
    places : list of (int, int, int)
        For each pair its first byte, height and width; a pair takes 2 * 3 * height * width.

    Examples
    --------
    >>> frames = Frames(torch.arange(24, dtype=torch.uint8), [(0, 1, 2), (12, 2, 1)])
    >>> frames[1].shape, int(frames[1][0, 0, 0, 0])
    (torch.Size([2, 3, 2, 1]), 12)
    """

    def __init__(self, pixels: Tensor, places: Sequence[Place]) -> None:
        self.pixels, self.places = pixels, list(places)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, index: int) -> Tensor:
        """Return a pair (2, 3, H, W), uint8, without a copy."""
        first, height, width = self.places[index]
        return self.pixels[first : first + 6 * height * width].view(2, 3, height, width)

    def to(self, device: torch.device) -> "Frames":
        """Return the same frames in the memory of a device."""
        return Frames(self.pixels.to(device), self.places)


def half_size_pair(pair: Pair) -> Tensor:
    """Read two frames of equal size and halve them: (2, 3, H // 2, W // 2), uint8.

    Raises
    ------
    DataError
        A frame cannot be read, or the two differ in size.
    """
    frames = [read_pixels(path) for path in pair]
    if frames[0].shape != frames[1].shape:
        sizes = " and ".join(f"{pixels.shape[1]}x{pixels.shape[0]}" for pixels in frames)
        raise DataError(f"{pair[0]} and its sharp frame differ in size: {sizes}")
    images = torch.tensor(np.stack(frames)).permute(0, 3, 1, 2).float() / 255
    size = [side // 2 for side in images.shape[-2:]]
    halved = interpolate(images, size, mode="bicubic", antialias=True)
    return (255 * halved.clamp(0, 1)).round().to(torch.uint8)


def cached_frames(
    pairs: Sequence[Pair],
    folder: str | os.PathLike,
    progress: Callable[[int, int], None] | None = None,
) -> Frames:
    """Decode and halve pairs of frames once, and map the result into memory ever after.

    Parameters
    ----------
    pairs : sequence of (path, path)
        Blurred and sharp frame files.
    folder : path
        Where the cache lies. Its file is named after the frames' paths, sizes and times, so changed
        frames are decoded anew.
    progress : callable, optional
        Called with (pairs done, pairs in all) while decoding.

    Returns
    -------
    Frames
        Equal, bit for bit, to :func:`half_size_pair` of each pair.

    Raises
    ------
    DataError
        A frame cannot be read, or the disk has too little room; nothing is left then.
    StorageError
        The disk fills up meanwhile, or the folder cannot be written to.
    """
    folder = Path(folder)
    name = _fingerprint(pairs)
    data, index = folder / f"frames-{name}.u8", folder / f"frames-{name}.json"
    if not (index.is_file() and data.is_file()):
        _build(pairs, data, index, progress or (lambda *_: None))
    places = [tuple(place) for place in json.loads(index.read_text())]
    # copy on write: torch wants memory that it may write to, the file stays as it is
    return Frames(torch.from_numpy(np.memmap(data, np.uint8, mode="c")), places)


def _build(
    pairs: Sequence[Pair], data: Path, index: Path, progress: Callable[[int, int], None]
) -> None:
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
            for done, pair in enumerate(pairs, 1):
                file.write(half_size_pair(pair).numpy().tobytes())
                progress(done, len(pairs))
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
