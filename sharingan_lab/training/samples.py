"""What a run restores of pairs that it never learns from: how well, and pictures over time."""

from pathlib import Path

import torch
from torch import Tensor, nn

from sharingan_lab.errors import InputError
from sharingan_lab.evaluation.quality import finite_psnr, ssim
from sharingan_lab.images import encode_image, read_image
from sharingan_lab.storage import write_atomically, writing_to
from sharingan_lab.training.checkpoints import RESUME

CROPS = 4  # on a sheet
SIDE = 96  # pixels; of a larger crop the middle is shown, so that a sheet stays small


def measure(
    generator: nn.Module, blurred: Tensor, sharp: Tensor
) -> tuple[dict[str, float], Tensor]:
    """Return mean PSNR and SSIM, restored and as it came, and what the generator restored.

    A picture that is the sharp one counts 50 dB. The generator, left in evaluation mode, sees one
    image (1, 3, H, W) after the other.

    Examples
    --------
    >>> sharp = torch.zeros(2, 3, 16, 16)
    >>> found, restored = measure(torch.nn.Identity(), sharp + 0.1, sharp)
    >>> round(found["psnr"], 2), found["psnr"] == found["input_psnr"]
    (20.0, True)
    """
    generator.eval()
    with torch.inference_mode():
        restored = torch.cat([generator(image[None]) for image in blurred])
    found = {
        "psnr": finite_psnr(restored, sharp), "ssim": ssim(restored, sharp),
        "input_psnr": finite_psnr(blurred, sharp), "input_ssim": ssim(blurred, sharp),
    }  # fmt: skip
    return {name: values.mean().item() for name, values in found.items()}, restored


def write_samples(
    run_dir: Path, step: int, blurred: Tensor, restored: Tensor, sharp: Tensor
) -> Path:
    """Write a sheet of three rows, blurred, restored and sharp, as ``samples/step-XXXXXXXX.png``.

    Of square crops (N, 3, H, H) in [0, 1] the first four are shown. A disk that is full or
    read-only is a StorageError.
    """
    rows = [torch.cat([*_middle(images[:CROPS])], dim=2) for images in (blurred, restored, sharp)]
    sheet = torch.cat(rows, dim=1)
    folder = run_dir / "samples"
    with writing_to(run_dir, RESUME):
        for leftover in folder.glob(".*.partial"):  # of a run that was killed here
            leftover.unlink()
        path = folder / f"step-{step:08d}.png"
        return write_atomically(path, encode_image(sheet, path.name), RESUME)


def sample_sheets(run_dir: Path) -> dict[int, Path]:
    """Return the sheets of a run by their step, in order; none where there is no picture."""
    sheets = sorted((run_dir / "samples").glob("step-*.png"))
    return {int(sheet.stem.removeprefix("step-")): sheet for sheet in sheets}


def read_samples(sheet: Path) -> Tensor:
    """Read a sheet back: blurred, restored and sharp crops, (3, N, 3, H, H) in [0, 1].

    Examples
    --------
    >>> import tempfile
    >>> crops = torch.rand(3, 2, 3, 16, 16)
    >>> read = read_samples(write_samples(Path(tempfile.mkdtemp()), 0, *crops))
    >>> torch.allclose(read, crops, atol=0.5 / 255 + 1e-6)
    True
    """
    picture = read_image(sheet)[0]
    _, height, width = picture.shape
    side = height // 3
    if height % 3 or side == 0 or width % side:
        raise InputError(f"{sheet} is {width} x {height}: no three rows of square crops")
    cells = picture.unflatten(1, (3, side)).unflatten(3, (-1, side))  # (3, row, H, N, H)
    return cells.permute(1, 3, 0, 2, 4).contiguous()


def _middle(images: Tensor) -> Tensor:
    side = images.shape[-1]
    first = max(0, side - SIDE) // 2
    return images[..., first : first + SIDE, first : first + SIDE].cpu()
