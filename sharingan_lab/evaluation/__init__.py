"""What a restoration is worth: image quality, and what a detector finds afterwards."""

from sharingan_lab.evaluation.quality import evaluate_pairs, psnr, ssim, ssim_map

__all__ = ["evaluate_pairs", "psnr", "ssim", "ssim_map"]
