"""What sharingan evaluate detection works with: detector, pictures, damages and restorers."""

import argparse
import math
import warnings
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from sharingan_lab import evaluation as ev
from sharingan_lab.classical import unsharp_mask, wiener
from sharingan_lab.commands.options import names_in
from sharingan_lab.datasets import CLASS_NAMES, read_annotations, weed_field, weed_fields
from sharingan_lab.device import choose_device
from sharingan_lab.errors import ConfigError
from sharingan_lab.evaluation.versions import Picture, Restorer, resized, shaken, tune_unsharp
from sharingan_lab.images import list_pictures, read_image
from sharingan_lab.restore import load_generator, restore

_LONGEST = 4096  # pixels, of a camera's path: the side of the largest kernel
_HELD_BACK = 12  # pictures on which unsharp masking is tuned
_NO_TRUTH = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}


class Parts:
    """All that is fixed before the first picture is judged."""

    def __init__(self, choice: argparse.Namespace) -> None:
        self.choice, self.device = choice, choose_device(choice.device)
        if choice.images is None and choice.annotations not in (None, "self"):
            raise ConfigError(
                f"--annotations {choice.annotations}: these need --images, the pictures they are of"
            )
        self.damages = {
            f"blur {x}": shaken(_length(x), choice.size) for x in names_in(choice.lengths)
        }
        self.damages["resized"] = resized
        names = names_in(choice.restore)
        known = {"unsharp": self._unsharp, "wiener": _wiener}
        self.methods = {name: known.get(name) or self._network(name) for name in names}
        self.detector = self._detector()
        self.truth, self.amount = "drawn with the fields: exact", 1.0
        self.shown, self.held_back = range(choice.fields), range(_HELD_BACK)
        if choice.images is not None:
            self._list_pictures("unsharp" in names)
        if "unsharp" in names and self.held_back:
            self.amount = tune_unsharp(
                self.detector, self._sharp(self.held_back, 5), self.damages,
                min_score=self.detector.min_score, rng=self.rng(2),
            )  # fmt: skip

    def rng(self, stream: int) -> torch.Generator:
        """One source of random numbers for each purpose, so that none depends on another."""
        first = torch.Generator().manual_seed(self.choice.seed)
        seeds = torch.randint(2**62, (stream + 1,), generator=first)
        return torch.Generator().manual_seed(int(seeds[stream]))

    def pictures(self) -> Iterator[Picture]:
        """The sharp pictures to judge on, one at a time, with their boxes."""
        return self._sharp(self.shown, 0)

    def _sharp(self, which: Sequence, stream: int) -> Iterator[Picture]:
        """Pictures of these files with their boxes, or as many fields of a stream."""
        if self.choice.images is not None:
            return ((read_image(path), target) for path, target in which)
        rng = self.rng(stream)
        return (_field(rng) for _ in which)

    def about(self) -> dict[str, str]:
        """Sentences for every output."""
        choice = self.choice
        trained = f"trained here for {choice.steps} steps on {choice.train_fields} fields"
        words = {
            "detector": choice.detector if choice.steps is None else trained,
            "truth": self.truth,
            "damages": f"camera paths of {choice.lengths} px in kernels of {choice.size}, noise "
            f"0.01; resized: to half the size and back; seed {choice.seed}",
        }
        if "unsharp" in self.methods:
            held = f"{len(self.held_back)} {'fields' if choice.images is None else 'pictures'}"
            how = f"the best of several on {held} held back"
            how = how if self.held_back else "untuned: too few pictures"
            words["unsharp"] = f"amount {self.amount:g}, {how}"
        return words

    def _unsharp(self, images: Tensor, _: object) -> Tensor:
        return unsharp_mask(images, amount=self.amount)

    def _network(self, name: str) -> Restorer:
        network = load_generator(name, self.device)
        return lambda images, _: restore(images, network)

    def _detector(self) -> ev.Detector:
        choice = self.choice
        if choice.steps is None:
            return ev.load_detector(choice.detector, self.device)
        rng = self.rng(1)
        network = ev.build_detector(rng=rng).to(self.device)
        print(f"Training a detector for {choice.steps} steps on {choice.train_fields} fields")
        training = weed_fields(choice.train_fields, rng=rng)
        ev.train_detector(network, *training, steps=choice.steps, rng=rng, on_step=_print_step)
        return ev.Detector(network.eval(), CLASS_NAMES, 0.5)

    def _list_pictures(self, tuned: bool) -> None:
        choice = self.choice
        source = choice.images if choice.annotations is None else choice.annotations
        with warnings.catch_warnings():
            if source != "self":  # annotations may lie beside: they are read, or named, below
                warnings.simplefilter("ignore")
            paths = list_pictures(choice.images)
        if source == "self":
            self.truth = "what the detector finds on the sharp pictures, not what is there"
            known = [(path, _NO_TRUTH) for path in paths]
        else:
            read = read_annotations(source, paths, classes=self.detector.classes)
            self.truth = f"as annotated in {source}"
            known = list(zip(read.pictures, read.targets, strict=True))
            for sentence in read.odd:
                print(f"note: {sentence}")
        every = math.ceil(len(known) / min(_HELD_BACK, max(1, len(known) // 4)))
        tunes = tuned and len(known) >= 4 and source != "self"
        self.held_back = known[::every] if tunes else []
        self.shown = [one for one in known if one not in self.held_back]


def _wiener(images: Tensor, kernels: Tensor | None) -> Tensor | None:
    return None if kernels is None else wiener(images, kernels, noise_to_signal=0.01)


def _field(rng: torch.Generator) -> tuple[Tensor, dict[str, Tensor]]:
    image, boxes, labels = weed_field(rng=rng)
    return image[None], {"boxes": boxes, "labels": labels}


def _length(word: str) -> float:
    try:
        length = float(word)
    except ValueError:
        length = math.nan
    if not 0 < length <= _LONGEST:
        raise ConfigError(f"--lengths: {word!r} is no length in pixels, above 0 to {_LONGEST}")
    return length


def _print_step(step: int, losses: dict[str, float]) -> None:
    if step % 50 == 0:
        print(f"step {step:>4}  loss {sum(losses.values()):.3f}", flush=True)
