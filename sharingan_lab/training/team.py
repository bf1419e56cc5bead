"""Several processes, on one machine or many, that train as one.

``torchrun`` and ``accelerate launch`` start the processes and tell each its place through the
environment. Each takes its part of every batch, and before each update the gradients are averaged:
the same numbers as one process with the whole batch.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from sharingan_lab.errors import ConfigError


@dataclass(frozen=True)
class Team:
    """A process's place among those that train together; alone, nothing here does anything.

    `rank` is this process, from 0, `size` how many there are.

    Examples
    --------
    >>> Team().part([3, 1, 4, 1])
    [3, 1, 4, 1]
    >>> Team(rank=1, size=2).part([3, 1, 4, 1])
    [4, 1]
    """

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes and speaks for all."""
        return self.rank == 0

    def part(self, batch: list[int]) -> list[int]:
        """Return this process's items of a batch that the whole team works on."""
        each = len(batch) // self.size
        return batch[self.rank * each : (self.rank + 1) * each]

    def check_shares(self, batch_size: int) -> None:
        """Raise a ConfigError where the processes cannot have equal parts of a batch."""
        if batch_size % self.size:
            raise ConfigError(
                f"batch_size={batch_size} cannot be shared by {self.size} processes: "
                "choose a multiple of their number"
            )

    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replace tensors by their means over the team, in place and in one exchange."""
        tensors = list(tensors)
        if self.size == 1 or not tensors:
            return
        whole = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(whole)
        parts = (whole / self.size).split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def largest(self, *numbers: float, device: torch.device) -> list[float]:
        """Return the processes' largest of each number or flag, so that all decide the same."""
        if self.size == 1:
            return list(numbers)
        each = torch.tensor(numbers, dtype=torch.float64, device=device)
        dist.all_reduce(each, dist.ReduceOp.MAX)
        return each.tolist()

    def wait(self) -> None:
        """Go on when every process has come this far."""
        if self.size > 1:
            dist.barrier()

    def part_ways(self) -> None:
        """End the meeting of :func:`join_team`."""
        if self.size > 1:
            dist.destroy_process_group()

    def gather(self, tensor: Tensor, device: torch.device) -> Tensor:
        """Stack a tensor of each process: (size, ...), on the CPU."""
        if self.size == 1:
            return tensor[None].cpu()
        all_of_them = [torch.empty_like(tensor, device=device) for _ in range(self.size)]
        dist.all_gather(all_of_them, tensor.to(device))
        return torch.stack(all_of_them).cpu()


def join_team(device: torch.device) -> Team:
    """Meet the other processes, if a launcher says that there are any.

    On CUDA a process takes the GPU of its local rank. An incomplete environment of the launcher is
    a ConfigError.
    """
    size = int(os.environ.get("WORLD_SIZE", 1))
    if size == 1:
        return Team()
    missing = [name for name in ("RANK", "MASTER_ADDR", "MASTER_PORT") if name not in os.environ]
    if missing:
        raise ConfigError(
            f"WORLD_SIZE={size}, but {', '.join(missing)} not set: start with torchrun or "
            "accelerate launch, or unset WORLD_SIZE"
        )
    if device.type == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
    if not dist.is_initialized():
        _meet("nccl" if device.type == "cuda" else "gloo")
    return Team(dist.get_rank(), size)


def _meet(backend: str) -> None:
    """Meet in a place of this attempt's own.

    A launcher keeps one store for all its attempts, in which a team that is started again would
    find where the one before it was to be reached, and wait there for ever.
    """
    # Its functions take the group that is there when they are first imported for their default, and
    # keep it: gloo's threads would outlive the meeting, and now and then abort the ending process.
    import torch.distributed.nn  # noqa: F401

    store, rank, size = next(dist.rendezvous("env://"))
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    own = dist.PrefixStore(f"attempt {attempt}", store)
    dist.init_process_group(backend, store=own, rank=rank, world_size=size)
