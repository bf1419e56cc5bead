"""The settings of a training run: one frozen dataclass, checked before any work."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sharingan_lab.checks import Range
from sharingan_lab.errors import ConfigError
from sharingan_lab.training.limits import (
    RANGES,
    as_setting,
    check_known,
    check_settings,
    read_assignment,
)


@dataclass(frozen=True)
class TrainConfig:
    r"""Everything that decides a training run.

    The defaults are the recipe ``corrected``: DeblurGAN with the mathematics as published.

    Parameters
    ----------
    recipe : str
        Name that the run reports; the settings below decide what it does.
    data : {"gopro", "folder", "mixed", "photos"}
        "gopro": GoPro's pairs (Wild in the DeblurGAN paper); "folder": a folder of sharp
        pictures, blurred synthetically (Synth); "mixed": both, two synthetic pairs to one of GoPro
        (Comb); "photos": scikit-image's bundled photographs, blurred synthetically.
    data_root : str
        Folder of GoPro (gopro, mixed; empty: its default folder) or of the pictures (folder).
    sharp_root : str
        Folder of sharp pictures for the synthetic part of mixed data; empty: the sharp frames of
        GoPro's training pairs at half size, which takes the `frame_cache`.
    real_root : str
        Sequences of real blur that are mixed with the pictures of a folder (folder): pairs, and
        consecutive frames, see :class:`.RealPairs`.
    real_share : float
        Part of the items that is real then, from 0 to 1.
    blur : {"blur", "blur_gamma"}
        Which blurred frames of GoPro (gopro, mixed).
    frame_cache : bool
        Decode GoPro's frames once (gopro, mixed), into ``cache/`` of the data folder (2.9 GB); on
        a GPU they are kept in its memory. The items are the same either way.
    subset : int
        Number of training images, drawn by the seed; 0 means all. Of pairs (gopro, mixed) or of
        pictures (folder); the bundled photographs are always all used.
    items : int
        Crops an epoch (folder, photos); 0 means one a picture.
    crop : int
        Side of the square crops, in pixels.
    camera : {"path", "every"}
        How sharp pictures are blurred (folder, mixed, photos): "path": one random path for the
        whole crop, as the next settings say; "every": every kind of blur, noise and damage of
        :class:`.Camera`, which has its own numbers.
    kernel_size : int
        Side of the synthetic blur kernels in pixels (folder, mixed, photos, as all that follows
        about blur; GoPro's frames are blurred already).
    path_length, noise_std, gamma : float or (float, float)
        Synthetic blur: length of the camera's path in pixels (0: ``60 * kernel_size / 64``),
        deviation of the added noise in [0, 1], the camera's response; each a number or the range
        from which each item draws, see :class:`sharingan_lab.datasets.PathCamera`.
    transpose : bool
        Also lay half of the synthetic pairs on their side.
    batch_size, epochs, constant_epochs : int
        The learning rate stays constant for `constant_epochs` and then falls linearly to zero.
    minutes : float
        Length of the run by the clock; 0: by `epochs`. The learning rate then follows the time that
        was spent training, over all sessions: constant for the share of it that `constant_epochs`
        is of `epochs`, then falling linearly, so that it is zero when the time is up.
    warm_up : float
        Share of such a run in which the rate first rises from zero, from 0 to 1.
    critic_steps : int
        Critic updates a generator update.
    fresh_critic_batches : bool
        Each critic update sees its own batch, as in the WGAN-GP algorithm; otherwise all share the
        generator's batch and fakes, as in the DeblurGAN code.
    learning_rate, beta1, beta2 : float
        Adam.
    clip_gradient : float
        Shorten the generator's gradient to this norm where it is longer; 0 leaves it.
    objective : str
        Adversarial objective, see :func:`sharingan_lab.losses.critic_loss`.
    lambda_gp, lambda_content, lambda_adversarial : float
        Weights of the gradient penalty (lambda of equation 5), of the content loss (lambda of
        equation 6) and of the adversarial loss; 0 leaves a term out.
    weight_clip : float
        Cut the critic's weights to [-weight_clip, weight_clip] after each of its updates, as the
        first Wasserstein GAN did in place of a penalty; 0 leaves them.
    alpha_per, norm_over, patches : str
        Where the penalty is sampled and of what, see :func:`sharingan_lab.losses.gradient_penalty`.
    content : {"vgg19", "l1", "l2", "decibels"}
        Content loss; the last is :class:`sharingan_lab.losses.DecibelLoss`.
    vgg, vgg_statistics : str
        Features of the perceptual loss, see :class:`sharingan_lab.losses.PerceptualLoss`.
    architecture : {"deblurgan", "lite"}
        Generator; `width`, `blocks` and `dropout` are its settings.
    start : str
        Weights that the generator begins with: a name of :func:`.shipped_generators`, a file or the
        folder of a run; empty: random ones.
    average : float
        Also keep an exponential average of the generator's weights, with this decay a step; it is
        what is validated, kept as the run's generator and restores. 0: the last weights are.
    width, blocks, critic_width : int
        Size of the networks.
    conditional_critic : bool
        Show the critic the blurred image beside the sample; the report does not.
    precision : {"float32", "bfloat16"}
        Arithmetic of the networks. bfloat16 is faster and rounds; weights, optimisers and losses
        stay in float32.
    cuda_graph : bool
        On one CUDA device, record the step once and replay it with a single launch.
    compile : bool
        Compile the generator's blocks by :func:`torch.compile`, one of each size: half a minute or
        more at the start, and other rounding.
    dropout : float
        Dropout inside the residual blocks (deblurgan).
    seed : int
        Every random number follows from it.
    device : {"auto", "cpu", "cuda"}
        Where to train.
    log_every, validate_every : int
        Steps between rows of the history and between validations.
    checkpoint_seconds : float
        Time between checkpoints.
    critic_limit : float
        The run stops when its losses betray a critic steeper than this, which should have slope 1,
        see :func:`sharingan_lab.training.diagnosis.steepness`; 0: it never does.
    tensorboard : bool
        Also write the history and the pictures for TensorBoard, into the folder of the run.
    workers : int
        Processes that load data.

    Examples
    --------
    >>> TrainConfig(critic_steps=0)
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.ConfigError: critic_steps=0: must be at least 1
    """

    recipe: str = "corrected"
    data: str = "gopro"
    data_root: str = ""
    sharp_root: str = ""
    real_root: str = ""
    real_share: float = 0.25
    blur: str = "blur"
    frame_cache: bool = True
    subset: int = 0
    items: int = 0
    crop: int = 256
    camera: str = "path"
    kernel_size: int = 31
    path_length: Range = 0.0
    noise_std: Range = 0.01
    gamma: Range = 1.0
    transpose: bool = False
    batch_size: int = 1
    epochs: int = 300
    constant_epochs: int = 150
    minutes: float = 0.0
    warm_up: float = 0.0
    critic_steps: int = 5
    fresh_critic_batches: bool = True
    learning_rate: float = 1e-4
    beta1: float = 0.5
    beta2: float = 0.999
    clip_gradient: float = 0.0
    objective: str = "wasserstein"
    lambda_gp: float = 10.0
    lambda_content: float = 100.0
    lambda_adversarial: float = 1.0
    weight_clip: float = 0.0
    alpha_per: str = "sample"
    norm_over: str = "sample"
    patches: str = "mean"
    content: str = "vgg19"
    vgg: str = "imagenet"
    vgg_statistics: str = "imagenet"
    architecture: str = "deblurgan"
    start: str = ""
    average: float = 0.0
    width: int = 64
    blocks: int = 9
    critic_width: int = 64
    conditional_critic: bool = False
    precision: str = "float32"
    cuda_graph: bool = True
    compile: bool = False
    dropout: float = 0.5
    seed: int = 0
    device: str = "auto"
    log_every: int = 50
    validate_every: int = 1000
    checkpoint_seconds: float = 600.0
    critic_limit: float = 10.0
    tensorboard: bool = False
    workers: int = 0

    def __post_init__(self) -> None:
        defaults = vars(type(self))
        for name, value in vars(self).items():
            object.__setattr__(self, name, as_setting(name, value, defaults[name]))
        check_settings(vars(self), defaults)

    def with_settings(self, **changes: Any) -> "TrainConfig":
        """Return a checked copy with some settings changed.

        Examples
        --------
        >>> TrainConfig().with_settings(sead=1)
        Traceback (most recent call last):
        ...
        sharingan_lab.errors.ConfigError: unknown setting 'sead': did you mean 'seed'?
        """
        for name in changes:
            check_known(name, vars(self))
        return dataclasses.replace(self, **changes)

    def with_assignments(self, assignments: list[str]) -> "TrainConfig":
        """Return a checked copy changed by texts ``field=value`` or, a range, ``field=low,high``.

        Examples
        --------
        >>> changed = TrainConfig().with_assignments(["learning_rate=2e-4", "noise_std=0,0.02"])
        >>> changed.learning_rate, changed.noise_std
        (0.0002, (0.0, 0.02))
        """
        defaults = vars(type(self)())  # of the type that a value must have
        read = [read_assignment(text, defaults, RANGES) for text in assignments]
        return self.with_settings(**dict(read))

    def share_done(self, epochs: float, seconds: float) -> float:
        """Return how much of the run is done, from 0 to 1: of its minutes, or of its epochs.

        Examples
        --------
        >>> TrainConfig(epochs=10, constant_epochs=5).share_done(epochs=2.5, seconds=60)
        0.25
        """
        part = seconds / (60 * self.minutes) if self.minutes else epochs / self.epochs
        return min(1.0, part)

    def rate(self, epoch: int, share: float) -> float:
        """Return Adam's rate in an epoch, or by the clock when this share of the run is done."""
        return self.rate_by_clock(share) if self.minutes else self.rate_in_epoch(epoch)

    def rate_in_epoch(self, epoch: int) -> float:
        """Return Adam's rate in an epoch: constant, then falling to 0 in the one after the last.

        Examples
        --------
        >>> settings = TrainConfig(learning_rate=0.5, epochs=6, constant_epochs=2)
        >>> [round(settings.rate_in_epoch(epoch), 3) for epoch in range(7)]
        [0.5, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0]
        """
        constant, epochs = self.constant_epochs, self.epochs
        falling = max(0, epoch + 1 - constant) / (epochs - constant + 1)
        return self.learning_rate * (1 - falling)

    def rate_by_clock(self, share: float) -> float:
        """Return Adam's rate when a share of the `minutes` has been spent.

        Examples
        --------
        >>> settings = TrainConfig(
        ...     learning_rate=0.5, minutes=60, warm_up=0.1, epochs=2, constant_epochs=1
        ... )
        >>> [round(settings.rate_by_clock(share), 3) for share in (0.05, 0.1, 0.5, 0.75, 1.0)]
        [0.25, 0.5, 0.5, 0.25, 0.0]
        """
        constant = self.constant_epochs / self.epochs
        rising = min(1.0, share / self.warm_up) if self.warm_up else 1.0
        left = min(1.0, (1 - share) / (1 - constant)) if constant < 1 else 1.0
        return self.learning_rate * rising * left

    def to_json(self) -> str:
        """Return the settings as indented JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    @classmethod
    def read(cls, path: Path) -> "TrainConfig":
        """Read the settings that a run keeps in its ``config.json``."""
        try:
            return cls().with_settings(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError) as error:  # ConfigError is a ValueError
            raise ConfigError(
                f"{path} is damaged: no config.json of a run ({error}); delete it and resume with "
                "the --recipe and --set of the beginning, which the checkpoints are compared with"
            ) from error
