"""What a restoration is worth: image quality, and what a detector finds afterwards."""

from sharingan_lab.evaluation.detection import (
    detect,
    evaluate_detection,
    objectness_map,
    own_truth,
)
from sharingan_lab.evaluation.detector import build_detector, load_street_detector
from sharingan_lab.evaluation.detector_training import train_detector
from sharingan_lab.evaluation.intervals import bootstrap_interval
from sharingan_lab.evaluation.matching import (
    DetectionScores,
    box_overlap,
    detection_scores,
    match_detections,
)
from sharingan_lab.evaluation.quality import evaluate_pairs, psnr, ssim, ssim_map
from sharingan_lab.evaluation.runtime import measure_runtime

__all__ = [
    "DetectionScores",
    "bootstrap_interval",
    "box_overlap",
    "build_detector",
    "detect",
    "detection_scores",
    "evaluate_detection",
    "evaluate_pairs",
    "load_street_detector",
    "match_detections",
    "measure_runtime",
    "objectness_map",
    "own_truth",
    "psnr",
    "ssim",
    "ssim_map",
    "train_detector",
]
