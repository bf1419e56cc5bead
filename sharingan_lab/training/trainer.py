"""The trainer: turns of the algorithm in :mod:`.step`, and all that a run needs around them."""

import copy
import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.utils.data import DataLoader

from sharingan_lab.device import choose_device
from sharingan_lab.errors import CheckpointError, ConfigError, TrainingError
from sharingan_lab.evaluation.quality import psnr, ssim
from sharingan_lab.locations import named_path
from sharingan_lab.losses import DecibelLoss, PerceptualLoss
from sharingan_lab.networks import Critic, Generator, LiteGenerator
from sharingan_lab.storage import write_atomically
from sharingan_lab.training.capture import CapturedStep
from sharingan_lab.training.checkpoints import (
    find_weights,
    load_optimiser,
    newest_checkpoint,
    optimiser_tensors,
    read_network,
    save_checkpoint,
)
from sharingan_lab.training.config import TrainConfig
from sharingan_lab.training.data import training_data
from sharingan_lab.training.guards import (
    refuse_broken_losses,
    refuse_broken_weights,
    refuse_runaway_critic,
)
from sharingan_lab.training.history import Row, read_history, write_history
from sharingan_lab.training.interrupts import stop_requested
from sharingan_lab.training.precision import warn_of_slow_bfloat16, with_precision
from sharingan_lab.training.samples import write_samples
from sharingan_lab.training.step import Game, Pair
from sharingan_lab.training.team import join_team
from sharingan_lab.training.tensorboard import EventLog, require_tensorboard
from sharingan_lab.training.updates import (
    average_gradients,
    clip_weights,
    follow,
    share_draws,
    shorten_gradient,
)

MEASURED = ("wasserstein", "penalty", "critic_loss", "adversarial", "content", "generator_loss")
Progress = Callable[[int, int, Row, float], None]
# Settings that a continued run may change: they decide where and how often, not what.
_FREE_ON_RESUME = {
    "device", "workers", "checkpoint_seconds", "data_root", "sharp_root", "real_root",
    "frame_cache", "critic_limit", "tensorboard", "cuda_graph", "precision",
}  # fmt: skip


def build_generator(config: TrainConfig) -> nn.Module:
    """Build the generator that the settings name."""
    if config.architecture == "lite":
        return LiteGenerator(config.width, config.blocks)
    return Generator(config.width, config.blocks, config.dropout)


def load_start(generator: nn.Module, start: str) -> None:
    """Give a new generator the weights of an old one of the same kind and size.

    Raises
    ------
    ConfigError
        The weights are those of another network.
    CheckpointError
        There are no such weights.
    """
    path = find_weights(start)
    name, settings, state = read_network(path)
    try:
        generator.load_state_dict(state)
    except RuntimeError as error:
        raise ConfigError(
            f"start={start!r} holds a {name} of {settings}, this run trains a "
            f"{type(generator).__name__} of {generator.settings}"
        ) from error


def build_content_loss(config: TrainConfig) -> nn.Module:
    """Build the content loss that the settings name."""
    if config.content == "vgg19":
        return PerceptualLoss(config.vgg, statistics=config.vgg_statistics)
    return {"l1": nn.L1Loss, "l2": nn.MSELoss, "decibels": DecibelLoss}[config.content]()


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
        if config.tensorboard:
            require_tensorboard()
        self.config = config
        self.run_dir = named_path(run_dir) if run_dir is not None else None
        self.device = choose_device(config.device)
        warn_of_slow_bfloat16(config.precision, self.device)
        self.team = join_team(self.device)
        self.data, validation = training_data(config)
        if len(self.data) < config.batch_size:
            raise ConfigError(
                f"batch_size={config.batch_size} exceeds the {len(self.data)} training items"
            )
        if config.batch_size % self.team.size:
            raise ConfigError(
                f"batch_size={config.batch_size} cannot be shared by {self.team.size} processes: "
                "choose a multiple of their number"
            )
        found = self._find_run(resume)  # not before: a run without its data leaves nothing
        self.team.wait()  # nobody writes before all have looked
        self.validation = tuple(images.to(self.device) for images in validation)
        torch.manual_seed(config.seed)  # initial weights, and dropout ever after
        self.generator = build_generator(config).to(self.device)
        if config.start and not found:  # a run that goes on has its own
            load_start(self.generator, config.start)
        self.averaged = self._average()
        self.critic = Critic(config.critic_width, config.conditional_critic).to(self.device)
        self.content_loss = build_content_loss(config).to(self.device)
        self.generator_optimiser = self._adam(self.generator)
        self.critic_optimiser = self._adam(self.critic)
        self.penalty_rng = torch.Generator(self.device).manual_seed(config.seed)
        self.game = self._game()
        self.steps_done = 0
        self.sums = torch.zeros(len(MEASURED), dtype=torch.float64, device=self.device)
        self.summed = 0  # steps in self.sums
        self.seconds = 0.0  # of training, over all sessions
        self.history: list[Row] = []
        self.events: EventLog | None = None
        self.sheet: Path | None = None  # the last picture of the validation batch
        self.notices = [self.content_loss.label] if self._random_features() else []
        if not self.team.leads:  # the leader's draws stay those of a single process
            torch.manual_seed(config.seed + self.team.rank)
        self._dropout_rng = self._read_dropout_rng()
        if found:
            self._restore(*found)
        self._surround_updates()  # after that: each process goes on to its own part of the draws
        if self._writes and not (found and (self.run_dir / "config.json").exists()):
            # last: a wrong call leaves nothing
            write_atomically(self.run_dir / "config.json", config.to_json())

    # ------------------------------------------------------------------ the algorithm

    def _game(self) -> Game:
        networks = (self.generator, self.critic, self.content_loss)
        return Game(
            *(with_precision(network, self.config.precision) for network in networks),
            self.generator_optimiser, self.critic_optimiser, self.penalty_rng, self.config,
        )  # fmt: skip

    def _surround_updates(self) -> None:
        """Hang on the optimisers what the settings and the other processes ask for."""
        config = self.config
        for optimiser in (self.generator_optimiser, self.critic_optimiser):
            average_gradients(optimiser, self.team)
        shorten_gradient(self.generator_optimiser, config.clip_gradient)
        if self.averaged is not self.generator:
            follow(self.generator_optimiser, self.averaged, config.average)
        clip_weights(self.critic_optimiser, config.weight_clip)
        draws = config.batch_size // self.team.size if config.alpha_per == "sample" else 0
        share_draws(self.critic_optimiser, self.penalty_rng, self.team, draws)

    def step(self, batches: list[Pair]) -> None:
        """Take one turn of the algorithm and add its losses to the sums, without a wait for them.

        Parameters
        ----------
        batches : list of (Tensor, Tensor)
            See :meth:`sharingan_lab.training.step.Game.turn`.
        """
        losses = self.game.turn(batches)
        resting = self.sums.new_zeros(())
        self.sums += torch.stack([losses.get(name, resting).double() for name in MEASURED])

    @property
    def _networks(self) -> dict[str, nn.Module]:
        """What a checkpoint holds: the generator that restores, and what the run goes on with."""
        trained = {} if self.averaged is self.generator else {"trained": self.generator}
        return {"generator": self.averaged, "critic": self.critic, **trained}

    def _average(self) -> nn.Module:
        """Return the network that keeps the average of the generator's weights."""
        if not self.config.average:
            return self.generator
        return copy.deepcopy(self.generator).requires_grad_(False).eval()

    def _adam(self, network: nn.Module) -> torch.optim.Adam:
        """Adam that a CUDA graph can hold: its rate is a tensor that the schedule refills."""
        return torch.optim.Adam(
            network.parameters(),
            lr=torch.tensor(self.config.learning_rate, device=self.device),
            betas=(self.config.beta1, self.config.beta2),
            fused=True,
            capturable=self._records,
        )

    # ------------------------------------------------------------------ the run

    @property
    def steps_per_epoch(self) -> int:
        """Generator updates an epoch; an incomplete last batch is left out."""
        return len(self.data) // self.config.batch_size

    @property
    def total_steps(self) -> int:
        """Generator updates of the whole run; by the clock, as many as it seems by now."""
        if self.config.minutes:
            return round(self.steps_done / self.share) if self.share else self.steps_done
        return self.config.epochs * self.steps_per_epoch

    @property
    def share(self) -> float:
        """How much of the run is done, from 0 to 1."""
        if self.config.minutes:
            return min(1.0, self.seconds / (60 * self.config.minutes))
        return self.steps_done / self.total_steps

    @property
    def finished(self) -> bool:
        """Whether the run came to the end of its epochs, or its time is up."""
        return self.share >= 1

    @property
    def rate(self) -> float:
        """Adam's rate for the next step."""
        if self.config.minutes:
            return self.config.rate_by_clock(self.share)
        return self.config.rate_in_epoch(self.steps_done // self.steps_per_epoch)

    def fit(self, progress: Progress | None = None) -> list[Row]:
        """Train to the end, or until SIGINT or SIGTERM.

        Parameters
        ----------
        progress : callable, optional
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
        progress = progress or (lambda *_: None)
        self._write_dropout_rng(self._dropout_rng)
        self.generator.train()
        with stop_requested() as stop:
            self.events = self._event_log()
            if not self.history:
                self._add_row(progress, began=time.monotonic(), first_step=0)
            elif self._writes:
                write_history(self.history, self.run_dir)  # as it was at the checkpoint
            self._run(progress, stop)
        return self.history

    def _run(self, progress: Progress, stop: threading.Event) -> None:
        began = saved = time.monotonic()
        first_step = self.steps_done
        seconds_before = self.seconds
        take_step = self.fastest_step()
        for batches in self._batches():
            take_step(batches)
            self.steps_done += 1
            self.summed += 1
            self.seconds = self.team.latest(
                seconds_before + time.monotonic() - began, device=self.device
            )
            finished = self.finished
            if self._row_is_due():
                self._add_row(progress, began, first_step)
            overdue = time.monotonic() - saved >= self.config.checkpoint_seconds
            stopped, overdue = self.team.any(stop.is_set(), overdue, device=self.device)
            if finished or stopped or overdue:
                self.save()
                saved = time.monotonic()
            if stopped and not finished:
                raise KeyboardInterrupt(f"stopped after step {self.steps_done}")

    @property
    def _records(self) -> bool:
        """Whether the step becomes a CUDA graph; processes that meet within it take it as it is."""
        return self.config.cuda_graph and self.device.type == "cuda" and self.team.size == 1

    def fastest_step(self) -> Callable[[list[Pair]], None]:
        """Return the step as the settings want it taken: compiled, recorded."""
        if self.config.compile:
            self.generator.compile()
        if self._records:
            return CapturedStep(self.step, [self.penalty_rng])
        return self.step

    def _batches(self) -> Iterator[list[Pair]]:
        """Yield the batches of each step that is left: those of the critic, then the generator's.

        The order follows from (seed, epoch) alone, so a continued run sees what it would have seen.
        """
        config, size = self.config, self.config.batch_size
        per_step = config.critic_steps + 1 if config.fresh_critic_batches else 1
        while not self.finished:
            epoch, first = divmod(self.steps_done, self.steps_per_epoch)
            self.data.set_epoch(epoch)
            rng = torch.Generator().manual_seed((config.seed * 1_000_003 + epoch) % 2**64)
            orders = [
                torch.randperm(len(self.data), generator=rng).tolist() for _ in range(per_step)
            ]
            indices = [
                self.team.part(order[step * size : (step + 1) * size])
                for step in range(first, self.steps_per_epoch)
                for order in orders
            ]
            # with its own generator: a loader draws from torch's default one, which is dropout's
            loader = DataLoader(
                self.data, batch_sampler=indices, num_workers=config.workers, generator=rng
            )
            loaded = iter(loader)
            for _ in range(first, self.steps_per_epoch):
                if self.finished:
                    return
                for optimiser in (self.generator_optimiser, self.critic_optimiser):
                    optimiser.param_groups[0]["lr"].fill_(self.rate)
                batches = [next(loaded) for _ in range(per_step)]
                yield [(b.to(self.device), s.to(self.device)) for b, s in batches]

    # ------------------------------------------------------------------ measuring

    def validate(self) -> Row:
        """PSNR and SSIM of the fixed validation batch, restored and as it came; a picture of it."""
        blurred, sharp = self.validation
        self.averaged.eval()
        with torch.inference_mode():
            restored = torch.cat([self.averaged(image[None]) for image in blurred])
        self.generator.train()
        if self._writes:
            self.sheet = write_samples(self.run_dir, self.steps_done, blurred, restored, sharp)
        return {
            "psnr": psnr(restored, sharp).mean().item(),
            "ssim": ssim(restored, sharp).mean().item(),
            "input_psnr": psnr(blurred, sharp).mean().item(),
            "input_ssim": ssim(blurred, sharp).mean().item(),
        }

    def _validation_is_due(self) -> bool:
        every = self.config.validate_every
        return self.steps_done % every == 0 or self.finished

    def _row_is_due(self) -> bool:
        return self.steps_done % self.config.log_every == 0 or self._validation_is_due()

    def _add_row(self, progress: Progress, began: float, first_step: int) -> None:
        row: Row = {
            "step": self.steps_done,
            "epoch": self.steps_done / self.steps_per_epoch,
            "learning_rate": float(self.generator_optimiser.param_groups[0]["lr"]),
        }
        if self.summed:
            self.team.average([self.sums])
            refuse_broken_losses(self._sums_by_name(), self.steps_done)
            means = (self.sums / self.summed).tolist()
            row |= dict(zip(MEASURED, means, strict=True))
            self.sums.zero_()
            self.summed = 0
        if self._validation_is_due():
            refuse_broken_weights({"generator": self.generator}, self.steps_done)
            row |= self.validate()
        self.history.append(row)
        if self.events:
            self.events.add(row, self.sheet if "psnr" in row else None)
        self._watch_critic(row)
        left = self._seconds_left(began, first_step)
        if self.team.leads:
            progress(self.steps_done, self.total_steps, row, left)

    def _seconds_left(self, began: float, first_step: int) -> float:
        if self.config.minutes:
            return max(0.0, 60 * self.config.minutes - self.seconds)
        a_step = (time.monotonic() - began) / max(1, self.steps_done - first_step)
        return a_step * (self.total_steps - self.steps_done)

    def _sums_by_name(self) -> dict[str, float]:
        return dict(zip(MEASURED, self.sums.tolist(), strict=True))

    def _watch_critic(self, row: Row) -> None:
        try:
            refuse_runaway_critic(row, self.config)
        except TrainingError:
            if self._writes:
                write_history(self.history, self.run_dir)  # for who reads what happened
            raise

    def _random_features(self) -> bool:
        return isinstance(self.content_loss, PerceptualLoss) and self.content_loss.is_random

    # ------------------------------------------------------------------ keeping

    @property
    def _writes(self) -> bool:
        """Whether this process keeps the run on disk."""
        return self.run_dir is not None and self.team.leads

    def _event_log(self) -> EventLog | None:
        watched = self.config.tensorboard and self._writes
        return EventLog(self.run_dir, self.steps_done) if watched else None

    def save(self) -> None:
        """Write history and checkpoint; without a run folder do nothing."""
        if self.run_dir is None:
            return
        self.team.average([self.sums])
        networks = self._networks
        refuse_broken_losses(self._sums_by_name(), self.steps_done)
        refuse_broken_weights(networks, self.steps_done)
        tensors = {
            "penalty_rng": self.penalty_rng.get_state(),
            "dropout_rng": self.team.gather(self._read_dropout_rng(), self.device),
            "sums": self.sums,
        }
        if not self.team.leads:
            return
        write_history(self.history, self.run_dir)
        tensors |= optimiser_tensors("generator", self.generator_optimiser)
        tensors |= optimiser_tensors("critic", self.critic_optimiser)
        facts = {
            "summed": self.summed, "seconds": self.seconds, "history": self.history,
            "settings": dataclasses.asdict(self.config),
        }  # fmt: skip
        save_checkpoint(self.run_dir, self.steps_done, networks, tensors, facts)

    def _find_run(self, resume: bool) -> tuple[Path, dict] | None:
        """Find what to continue from; None where a run begins."""
        if self.run_dir is None:
            return None
        settings = self.run_dir / "config.json"
        if not settings.exists() and not any(self.run_dir.glob("checkpoints/step-*")):
            return None
        if not resume:
            raise ConfigError(f"{self.run_dir} holds a run already: resume it or choose another")
        if settings.exists():
            self._check_same_settings(TrainConfig.read(settings), settings)
        found = newest_checkpoint(self.run_dir)
        if found and "settings" in found[1]:
            self._check_same_settings(TrainConfig().with_settings(**found[1]["settings"]), found[0])
        return found

    def _check_same_settings(self, before: TrainConfig, place: Path) -> None:
        old, new = dataclasses.asdict(before), dataclasses.asdict(self.config)
        differ = [k for k in new if new[k] != old[k] and k not in _FREE_ON_RESUME]
        if differ:
            changes = ", ".join(f"{k} {old[k]!r} -> {new[k]!r}" for k in differ)
            raise ConfigError(
                f"{self.run_dir} was started with other settings, says {place.name}: {changes}"
            )

    def _restore(self, folder: Path, manifest: dict) -> None:
        step = manifest["step"]
        for name, network in self._networks.items():
            network.load_state_dict(load_file(folder / f"{name}-{step:08d}.safetensors"))
        state = load_file(folder / "state.safetensors")
        load_optimiser("generator", self.generator_optimiser, state)
        load_optimiser("critic", self.critic_optimiser, state)
        try:
            self.penalty_rng.set_state(state["penalty_rng"])
        except RuntimeError as error:
            raise CheckpointError(
                f"{folder} was written on another kind of device: continue it there"
            ) from error
        if len(state["dropout_rng"]) != self.team.size:
            raise CheckpointError(
                f"{folder} was written by {len(state['dropout_rng'])} processes: continue it with "
                f"as many, not with {self.team.size}"
            )
        self._dropout_rng = state["dropout_rng"][self.team.rank].clone()
        self.sums.copy_(state["sums"])
        self.summed, self.seconds = manifest["summed"], manifest["seconds"]
        self.steps_done = step
        rows = manifest["history"] if "history" in manifest else read_history(self.run_dir)
        self.history = [row for row in rows if row["step"] <= step]

    def _read_dropout_rng(self) -> Tensor:
        on_gpu = self.device.type == "cuda"
        return torch.cuda.get_rng_state(self.device) if on_gpu else torch.get_rng_state()

    def _write_dropout_rng(self, state: Tensor) -> None:
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state, self.device)
        else:
            torch.set_rng_state(state)
