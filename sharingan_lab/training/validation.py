"""How good a generator is, told from pairs that it never learns from."""

import torch
from torch import Tensor, nn

from sharingan_lab.evaluation.quality import finite_psnr, ssim


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
    >>> measure(torch.nn.Identity(), sharp, sharp)[0]["psnr"]
    50.0
    """
    generator.eval()
    with torch.inference_mode():
        restored = torch.cat([generator(image[None]) for image in blurred])
    found = {
        "psnr": finite_psnr(restored, sharp), "ssim": ssim(restored, sharp),
        "input_psnr": finite_psnr(blurred, sharp), "input_ssim": ssim(blurred, sharp),
    }  # fmt: skip
    return {name: values.mean().item() for name, values in found.items()}, restored
