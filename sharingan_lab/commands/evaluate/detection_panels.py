"""Pictures of sharingan evaluate detection: what was found on which version, F1 over the blur."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from sharingan_lab.evaluation import Detector, detection_scores
from sharingan_lab.evaluation.detection import Version
from sharingan_lab.extras import require_course
from sharingan_lab.storage import write_atomically

_PICTURES = 4
Name = tuple[str, str]


class Panels:
    """Keeps the first pictures as they go by; nothing without a folder to draw into."""

    def __init__(self, folder: Path | None, damages: Sequence[str]) -> None:
        self.folder = folder
        self.damage = damages[(len(damages) - 1) // 2]
        self.kept: list[dict[Name, Tensor]] = []
        if self.folder is not None:
            require_course()

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
        """Write each kept picture in its versions, with what was found on them."""
        least = detector.min_score
        for number, seen in enumerate(self.kept):
            from sharingan_lab.lab import draw_detections

            target, titles = targets[number], [" ".join(name).strip() for name in seen]
            found = [versions[name].found[number] for name in seen]
            f1 = [detection_scores([one], [target], min_score=least).f1 for one in found]
            captions = [f"F1 {score:.2f}" for score in f1]
            figure = draw_detections(
                torch.cat(list(seen.values())), titles, found, [target] * len(seen),
                min_score=least, captions=captions, classes=detector.classes,
            )  # fmt: skip
            said = "; ".join(map(": ".join, zip(titles, captions, strict=True)))
            self._write(f"panel-{number + 1}.png", figure, f"What was found on a picture. {said}")

    def draw_curves(self, rows: Sequence[Mapping]) -> None:
        """Write F1 over the length of the blur, a line with its interval for each method."""
        if self.folder is None:
            return
        from matplotlib.figure import Figure

        from sharingan_lab.lab import COLOURS

        whole = [row for row in rows if row["class"] == "all"]
        figure = Figure(figsize=(7.5, 4.2), layout="constrained")
        axes = figure.subplots()
        axes.set_prop_cycle(color=COLOURS)
        axes.axhline(whole[0]["f1"], color="0.4", ls=":", label="sharp")
        said = [f"sharp: {whole[0]['f1']:.2f}"]
        blurs = [row for row in whole if row["damage"].startswith("blur ")]
        for method in dict.fromkeys(row["method"] for row in blurs):
            mine = sorted((row for row in blurs if row["method"] == method), key=_length)
            lengths = [_length(row) for row in mine]
            f1, low, high = ([row[key] for row in mine] for key in ("f1", "f1_low", "f1_high"))
            (line,) = axes.plot(lengths, f1, marker="o", label=method or "blurred")
            axes.vlines(lengths, low, high, color=line.get_color(), alpha=0.4, lw=3)
            values = (f"{y:.2f} at {x:g}" for x, y in zip(lengths, f1, strict=True))
            said.append(f"{method or 'blurred'}: {', '.join(values)}")
        axes.set(xlabel="length of the camera's path (px)", ylabel="F1 at IoU 0.5, 95 % interval")
        axes.legend()
        self._write("curves.png", figure, f"F1 over the blur's length. {'; '.join(said)}")

    def _write(self, name: str, figure, alt: str) -> None:
        """Write a figure as PNG that carries its description, and say both."""
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=120, metadata={"Description": alt})
        print(
            f"wrote {write_atomically(self.folder / name, picture.getvalue())}: {alt}", flush=True
        )


def _length(row: Mapping) -> float:
    return float(row["damage"].removeprefix("blur "))
