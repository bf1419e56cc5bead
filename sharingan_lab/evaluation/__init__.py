"""What a restoration is worth: image quality, and what a detector finds afterwards.

What is not as a docstring states is an :class:`~sharingan_lab.errors.InputError` that names it.
"""

from sharingan_lab.evaluation.aerial import build_aerial_detector
from sharingan_lab.evaluation.comparison import ROW_ZERO, Comparison, Method, compare
from sharingan_lab.evaluation.detection import detect, evaluate_detection, own_truth
from sharingan_lab.evaluation.detector import build_detector
from sharingan_lab.evaluation.detector_training import train_detector
from sharingan_lab.evaluation.intervals import INTERVAL, average, bootstrap_interval
from sharingan_lab.evaluation.known import (
    Detector,
    load_detector,
    save_detector,
    shipped_detectors,
)
from sharingan_lab.evaluation.matching import (
    DetectionScores,
    box_overlap,
    detection_counts,
    detection_scores,
    match_detections,
)
from sharingan_lab.evaluation.mistakes import MISTAKES, mistake_shares
from sharingan_lab.evaluation.precision import average_precision
from sharingan_lab.evaluation.quality import DEFINITIONS, evaluate_pairs, psnr, ssim, ssim_map
from sharingan_lab.evaluation.runtime import measure_runtime
from sharingan_lab.evaluation.stages import objectness_map, stage_scores
from sharingan_lab.evaluation.variants import PSNR_VARIANTS, SSIM_VARIANTS, cw_ssim
from sharingan_lab.evaluation.verdicts import f1_of, share_won_back

__all__ = [
    "DEFINITIONS",
    "INTERVAL",
    "MISTAKES",
    "PSNR_VARIANTS",
    "ROW_ZERO",
    "SSIM_VARIANTS",
    "Comparison",
    "DetectionScores",
    "Detector",
    "Method",
    "average",
    "average_precision",
    "bootstrap_interval",
    "box_overlap",
    "build_aerial_detector",
    "build_detector",
    "compare",
    "cw_ssim",
    "detect",
    "detection_counts",
    "detection_scores",
    "evaluate_detection",
    "evaluate_pairs",
    "f1_of",
    "load_detector",
    "match_detections",
    "measure_runtime",
    "mistake_shares",
    "objectness_map",
    "own_truth",
    "psnr",
    "save_detector",
    "share_won_back",
    "shipped_detectors",
    "ssim",
    "ssim_map",
    "stage_scores",
    "train_detector",
]
