"""The trainer: turns of the algorithm in :mod:`.step`, and around them what a run needs."""

import copy
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from sharingan_lab.device import choose_device
from sharingan_lab.errors import CheckpointError, ConfigError, TrainingError
from sharingan_lab.interrupts import stop_requested
from sharingan_lab.networks import Critic
from sharingan_lab.training import diagnosis, players
from sharingan_lab.training.capture import CapturedStep
from sharingan_lab.training.checkpoints import RunState, load_checkpoint
from sharingan_lab.training.config import TrainConfig
from sharingan_lab.training.data import batches_of_epoch, steps_of_epoch, training_data
from sharingan_lab.training.history import LOSSES, Row
from sharingan_lab.training.run_folder import RunFolder
from sharingan_lab.training.samples import measure
from sharingan_lab.training.step import Game, Pair
from sharingan_lab.training.team import join_team
from sharingan_lab.training.tensorboard import require_tensorboard
from sharingan_lab.training.updates import surround_updates

Progress = Callable[[int, int, Row, float], None]


class Trainer:
    """Train a generator against a critic, as a :class:`TrainConfig` says.

    Parameters
    ----------
    config : TrainConfig
        The settings.
    run_dir : path, optional
        Where the run is kept (``config.json``, ``history.csv``, ``checkpoints/``, ``samples/``);
        without it nothing is written.
    resume : bool
        Continue from the newest checkpoint of `run_dir`, if there is one. On a CPU the continued
        run ends with the same bits as one that was never stopped.

    Attributes
    ----------
    history : list of dict
        Rows of losses, means since the row before, and of validation PSNR and SSIM beside those
        of the blurred input. The first row is the untrained generator.
    notices : list of str
        What a reader of the results must know, such as random VGG features.

    Raises
    ------
    ConfigError
        `run_dir` holds a run already and `resume` is false, that run had other settings, or
        TensorBoard is asked for and missing.
    DataError
        The data set is missing.

    Examples
    --------
    >>> from sharingan_lab.training import recipe
    >>> tiny = recipe("quick").with_settings(epochs=1, constant_epochs=1, items=4, width=4)
    >>> history = Trainer(tiny).fit()
    >>> history[-1]["step"]
    1
    """

    def __init__(
        self, config: TrainConfig, run_dir: str | Path | None = None, *, resume: bool = False
    ):
        if not isinstance(config, TrainConfig):
            raise ConfigError(f"expected a TrainConfig, got {config!r}: recipe('quick') makes one")
        if config.tensorboard:
            require_tensorboard()
        self.config = config
        self.device = choose_device(config.device)
        players.warn_of_slow_bfloat16(config.precision, self.device)
        self.team = join_team(self.device)
        self.team.check_shares(config.batch_size)
        self.data, validation = training_data(config)
        self.steps_per_epoch = steps_of_epoch(self.data, config)
        self.validation = tuple(images.to(self.device) for images in validation)
        self.folder = RunFolder(run_dir, config, leads=self.team.leads)
        self.run_dir = self.folder.path
        found = self.folder.find(resume)  # not before: a run without its data leaves nothing
        self.team.wait()  # nobody writes before all have looked
        torch.manual_seed(config.seed)  # initial weights, and dropout ever after
        self.generator = players.build_generator(config, start=not found).to(self.device)
        self.critic = Critic(config.critic_width, config.conditional_critic).to(self.device)
        self.content_loss = players.build_content_loss(config).to(self.device)
        # processes that meet within a step take it as it is
        self.captured = config.cuda_graph and self.device.type == "cuda" and self.team.size == 1
        self.averaged = self.generator  # what is validated, and kept to restore with
        self.networks = {"generator": self.generator, "critic": self.critic}
        if config.average:
            self.averaged = copy.deepcopy(self.generator).requires_grad_(False).eval()
            self.networks |= {"generator": self.averaged, "trained": self.generator}
        adam = partial(players.build_adam, config, captured=self.captured)
        self.optimisers = {"generator": adam(self.generator), "critic": adam(self.critic)}
        self.penalty_rng = torch.Generator(self.device).manual_seed(config.seed)
        computing = (self.generator, self.critic, self.content_loss)
        if config.precision == "bfloat16":
            computing = map(players.InBfloat16, computing)
        self.game = Game(*computing, *self.optimisers.values(), self.penalty_rng, config)
        self.steps_done = 0
        self.sums = torch.zeros(len(LOSSES), dtype=torch.float64, device=self.device)
        self.summed = 0  # steps in self.sums
        self.seconds = 0.0  # of training, over all sessions
        self.history: list[Row] = []
        random = getattr(self.content_loss, "is_random", False)
        self.notices = [self.content_loss.label] if random else []
        if not self.team.leads:  # the leader's draws stay those of a single process
            torch.manual_seed(config.seed + self.team.rank)
        self._dropout_state = players.dropout_rng(self.device).get_state()
        if found:
            self._restore(*found)
        # not before: in a team it moves the random numbers
        surround_updates(config, self.optimisers, self.averaged, self.penalty_rng, self.team)
        self.folder.begin(anew=not found)  # last: a wrong call leaves nothing

    def step(self, batches: list[Pair]) -> None:
        """Take one turn of the algorithm and add its losses to the sums, not waiting for them."""
        losses = self.game.turn(batches)
        resting = self.sums.new_zeros(())
        self.sums += torch.stack([losses.get(name, resting).double() for name in LOSSES])

    def fastest_step(self) -> Callable[[list[Pair]], None]:
        """Return the step as the settings want it taken: compiled, captured."""
        if self.config.compile:
            for block in players.repeated_blocks(self.generator):
                block.compile(dynamic=False)
        return CapturedStep(self.step, [self.penalty_rng]) if self.captured else self.step

    # ------------------------------------------------------------------ how far the run is

    @property
    def total_steps(self) -> int:
        """Generator updates of the whole run; by the clock, as many as it seems by now."""
        if self.config.minutes:
            return round(self.steps_done / self.share) if self.share else self.steps_done
        return self.config.epochs * self.steps_per_epoch

    @property
    def share(self) -> float:
        """How much of the run is done, from 0 to 1."""
        return self.config.share_done(self.steps_done / self.steps_per_epoch, self.seconds)

    @property
    def finished(self) -> bool:
        """Whether the run came to the end of its epochs, or its time is up."""
        return self.share >= 1

    def _seconds_left(self) -> float:
        """What the rest takes if it goes on as before; by the clock, at the start, all of it."""
        return self.seconds / self.share - self.seconds if self.share else 60 * self.config.minutes

    # ------------------------------------------------------------------ the run

    def fit(self, on_progress: Progress = lambda *_: None) -> list[Row]:
        """Train to the end, or until SIGINT or SIGTERM.

        Parameters
        ----------
        on_progress : callable
            Called with each new row of the history: (step, total steps, row, seconds left).

        Returns
        -------
        list of dict
            The history.

        Raises
        ------
        TrainingError
            A loss is not finite, or the critic runs away; the last good checkpoint is kept.
        KeyboardInterrupt
            The run was stopped; its state is saved where there is a run folder.
        """
        players.dropout_rng(self.device).set_state(self._dropout_state)
        self.generator.train()
        with stop_requested() as stop:
            self.folder.go_on(self.steps_done, self.history)
            if not self.history:
                self._add_row(on_progress)
            self._run(on_progress, stop)
        return self.history

    def _run(self, on_progress: Progress, stop: threading.Event) -> None:
        saved = time.monotonic()
        began = saved - self.seconds  # as if it had never been stopped
        take_step = self.fastest_step()
        for batches in self._batches():
            take_step(batches)
            self.steps_done += 1
            self.summed += 1
            (self.seconds,) = self.team.largest(time.monotonic() - began, device=self.device)
            if self.steps_done % self.config.log_every == 0 or self._validation_is_due():
                self._add_row(on_progress)
            overdue = time.monotonic() - saved >= self.config.checkpoint_seconds
            stopped, overdue = self.team.largest(stop.is_set(), overdue, device=self.device)
            if self.finished or stopped or overdue:
                self.save()
                saved = time.monotonic()
            if stopped and not self.finished:
                raise KeyboardInterrupt(f"stopped after step {self.steps_done}")

    def _batches(self) -> Iterator[list[Pair]]:
        """Yield the batches of each step that is left, the rate set for it."""
        while not self.finished:
            epoch, first = divmod(self.steps_done, self.steps_per_epoch)
            for batches in batches_of_epoch(self.data, self.config, epoch, first, self.team):
                for optimiser in self.optimisers.values():
                    optimiser.param_groups[0]["lr"].fill_(self.config.rate(epoch, self.share))
                yield [
                    tuple(images.to(self.device, non_blocking=True) for images in pair)
                    for pair in batches
                ]
                if self.finished:
                    return

    def validate(self) -> Row:
        """PSNR and SSIM of the fixed validation batch, restored and as it came; a picture of it."""
        blurred, sharp = self.validation
        found, restored = measure(self.averaged, blurred, sharp)
        self.generator.train()
        self.folder.write_samples(self.steps_done, blurred, restored, sharp)
        return found

    def _validation_is_due(self) -> bool:
        return self.steps_done % self.config.validate_every == 0 or self.finished

    def _add_row(self, on_progress: Progress) -> None:
        row: Row = {
            "step": self.steps_done,
            "epoch": self.steps_done / self.steps_per_epoch,
            "learning_rate": float(self.optimisers["generator"].param_groups[0]["lr"]),
        }
        if self.summed:
            sums = self._checked_sums()
            row |= {name: value / self.summed for name, value in sums.items()}
            self.sums.zero_()
            self.summed = 0
        if self._validation_is_due():
            diagnosis.refuse_broken_weights({"generator": self.generator}, self.steps_done)
            row |= self.validate()
        self.history.append(row)
        self.folder.watch(row)
        try:
            diagnosis.refuse_runaway_critic(row, self.config)
        except TrainingError:
            self.folder.write_history(self.history)  # for who reads what happened
            raise
        if self.team.leads:
            on_progress(self.steps_done, self.total_steps, row, self._seconds_left())

    def _checked_sums(self) -> dict[str, float]:
        """The sums of the losses, as means over the team, if they are finite."""
        self.team.average([self.sums])
        sums = dict(zip(LOSSES, self.sums.tolist(), strict=True))
        diagnosis.refuse_broken_losses(sums, self.steps_done)
        return sums

    # ------------------------------------------------------------------ keeping

    def save(self) -> None:
        """Write history and checkpoint; without a run folder do nothing."""
        if self.run_dir is None:
            return
        self._checked_sums()
        diagnosis.refuse_broken_weights(self.networks, self.steps_done)
        dropout_state = players.dropout_rng(self.device).get_state()
        tensors = {
            "penalty_rng": self.penalty_rng.get_state(),
            "dropout_rng": self.team.gather(dropout_state, self.device),
            "sums": self.sums,
        }
        facts = {"summed": self.summed, "seconds": self.seconds, "history": self.history}
        state = RunState(self.networks, self.optimisers, tensors, facts)
        self.folder.save(self.steps_done, state)

    def _restore(self, checkpoint: Path, facts: dict[str, Any]) -> None:
        state = load_checkpoint(checkpoint, self.networks, self.optimisers)
        try:
            self.penalty_rng.set_state(state["penalty_rng"])
        except RuntimeError as error:
            raise CheckpointError(
                f"{checkpoint} was written on another kind of device: continue it there"
            ) from error
        processes = len(state["dropout_rng"])
        if processes != self.team.size:
            raise CheckpointError(
                f"{checkpoint} was written by {processes} processes: continue it with as many, "
                f"not with {self.team.size}"
            )
        self._dropout_state = state["dropout_rng"][self.team.rank].clone()
        self.sums.copy_(state["sums"])
        self.steps_done, self.summed, self.seconds = map(facts.get, ("step", "summed", "seconds"))
        self.history = facts["history"]
