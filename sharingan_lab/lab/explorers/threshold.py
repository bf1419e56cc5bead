"""A widget for lesson 10: from which score and overlap a find counts."""

from collections.abc import Sequence

import torch
from matplotlib.figure import Figure
from torch import Tensor

from sharingan_lab.evaluation.detection import detection_scores
from sharingan_lab.lab.boxes import draw_detections
from sharingan_lab.lab.explorers.explorer import SliderFigure


def threshold_explorer(
    versions: dict[str, Tensor],
    detections: dict[str, Sequence[dict[str, Tensor]]],
    targets: Sequence[dict[str, Tensor]],
) -> SliderFigure:
    """Turn the score and the overlap from which a find counts; boxes and F1 follow.

    Parameters
    ----------
    versions, detections : dict
        Images (N, 3, H, W) by name, and what was found on them, with low scores too.
    targets : list of dict
        ``boxes`` and ``labels`` of each image.

    Examples
    --------
    >>> nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0)}
    >>> found = {"bare": [{**nothing, "scores": torch.zeros(0)}]}
    >>> threshold_explorer({"bare": torch.zeros(1, 3, 8, 8)}, found, [nothing]).description
    'Field 0 with finds of at least 50 % and an overlap of 0.50. Over all fields: bare F1 1.00.'
    """

    def draw(field: int, min_score: float, iou: float) -> tuple[Figure, str]:
        scores = {
            name: detection_scores(detections[name], targets, min_score=min_score, iou=iou)
            for name in versions
        }
        measured = [f"precision {s.precision:.3f}, recall {s.recall:.3f}" for s in scores.values()]
        figure = draw_detections(
            torch.stack([images[field] for images in versions.values()]),
            [f"{name}: F1 {score.f1:.3f} over all fields" for name, score in scores.items()],
            [detections[name][field] for name in versions],
            [targets[field]] * len(versions),
            min_score=min_score,
            iou=iou,
            captions=measured,
        )
        figures = ", ".join(f"{name} F1 {score.f1:.2f}" for name, score in scores.items())
        return figure, (
            f"Field {field} with finds of at least {100 * min_score:.0f} % and an overlap of "
            f"{iou:.2f}. Over all fields: {figures}."
        )

    controls = {
        "field": ("field", 0, 0, len(targets) - 1, 1),
        "min_score": ("least score that counts", 0.5, 0.05, 0.95, 0.05),
        "iou": ("least overlap that counts", 0.5, 0.1, 0.95, 0.05),
    }
    return SliderFigure(draw, controls)
