"""A training step as one CUDA graph: recorded once, then replayed with a single launch.

At batch 1 a step is thousands of small kernels, and it is the processor's time to start them, not
the GPU's to run them, that limits the speed. A graph starts them all at once.
"""

import warnings
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

Batches = list[tuple[Tensor, Tensor]]


class CapturedStep:
    """Call a step so that CUDA records it, and replays the record ever after.

    The first calls run as they are, on a stream of their own, so that libraries choose their
    algorithms and optimisers make their state before anything is recorded. A recorded step reads
    its batches from fixed memory, to which each call copies its own.

    The step takes batches on a CUDA device and changes tensors in place; it must not wait for the
    GPU, and what it does to other Python objects happens only while it is recorded. Of the
    generators that it draws from, besides the device's default one, each replay goes on where the
    one before stopped.
    """

    WARM_UP = 3

    def __init__(self, step: Callable[[Batches], None], generators: Iterable[torch.Generator] = ()):
        self.step = step
        self.generators = list(generators)
        self.graph: torch.cuda.CUDAGraph | None = None
        self.batches: Batches = []
        self.calls = 0

    def __call__(self, batches: Batches) -> None:
        """Take the step on these batches, of the same shapes at every call."""
        self.calls += 1
        if self.calls <= self.WARM_UP:
            self._run_aside(batches)
            return
        if self.graph is None:
            self.batches = [tuple(images.clone() for images in pair) for pair in batches]
            self._record()
        for fixed, given in zip(self.batches, batches, strict=True):
            for target, images in zip(fixed, given, strict=True):
                target.copy_(images)
        self.graph.replay()

    def _run_aside(self, batches: Batches) -> None:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*capturable=True")  # not recorded yet
            self.step(batches)
        torch.cuda.current_stream().wait_stream(stream)

    def _record(self) -> None:
        """Record, without running it, one step."""
        graph = torch.cuda.CUDAGraph()
        for generator in self.generators:
            graph.register_generator_state(generator)
        with torch.cuda.graph(graph):
            self.step(self.batches)
        self.graph = graph
