"""Panels of sharingan evaluate detection: what was found on a picture, version beside version."""

import io
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from sharingan_lab.errors import ConfigError
from sharingan_lab.evaluation import Detector, Version, detection_scores
from sharingan_lab.extras import require_course
from sharingan_lab.locations import named_path
from sharingan_lab.storage import write_atomically

_PICTURES = 4
Name = tuple[str, str]


class Panels:
    """Keeps the first pictures as they go by; nothing without a folder to draw into."""

    def __init__(self, folder: str | None, damages: Sequence[str]) -> None:
        self.folder = None if folder is None else named_path(folder)
        self.damage = damages[(len(damages) - 1) // 2]
        self.kept: list[dict[Name, Tensor]] = []
        if self.folder is not None:
            require_course()
            if self.folder.exists() and not self.folder.is_dir():
                raise ConfigError(f"{self.folder} is no folder to draw panels into")

    def keep(self, number: int, seen: Mapping[Name, Tensor]) -> None:
        if self.folder is not None and number < _PICTURES:
            names = [name for name in seen if name[0] in ("sharp", self.damage)]
            self.kept.append({name: seen[name] for name in names})

    def draw(
        self,
        targets: Sequence[dict[str, Tensor]],
        versions: Mapping[Name, Version],
        detector: Detector,
    ) -> None:
        from sharingan_lab.lab import draw_detections

        least = detector.min_score
        for number, seen in enumerate(self.kept):
            found = [versions[name].found[number] for name in seen]
            scores = [
                detection_scores([one], [targets[number]], min_score=least).f1 for one in found
            ]
            figure = draw_detections(
                torch.cat(list(seen.values())),
                [" ".join(name).strip() for name in seen],
                found,
                [targets[number]] * len(seen),
                min_score=least,
                captions=[f"F1 {score:.2f}" for score in scores],
                classes=detector.classes,
            )
            picture = io.BytesIO()
            figure.savefig(picture, format="png", dpi=120)
            path = self.folder / f"panel-{number + 1}.png"
            print(f"wrote {write_atomically(path, picture.getvalue())}", flush=True)
