"""The settings of a training run: one frozen dataclass, checked before any work; its recipes."""

import dataclasses
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sharingan_lab.datasets.ranges import Range, check_range
from sharingan_lab.errors import ConfigError, InputError
from sharingan_lab.losses import OBJECTIVES
from sharingan_lab.seeds import check_seed

_CHOICES = {
    "data": ("gopro", "folder", "mixed", "photos"),
    "blur": ("blur", "blur_gamma"),
    "camera": ("path", "every"),
    "architecture": ("deblurgan", "lite"),
    "objective": OBJECTIVES,
    "alpha_per": ("sample", "batch"),
    "norm_over": ("sample", "channels"),
    "patches": ("mean", "sum"),
    "content": ("vgg19", "l1", "l2", "decibels"),
    "vgg_statistics": ("imagenet", "none"),
    "precision": ("float32", "bfloat16"),
    "device": ("auto", "cpu", "cuda"),
}
_AT_LEAST = {
    "subset": 0, "items": 0, "crop": 16, "batch_size": 1, "epochs": 1, "constant_epochs": 0,
    "critic_steps": 1, "width": 1, "blocks": 0, "critic_width": 1, "lambda_gp": 0.0,
    "lambda_content": 0.0, "lambda_adversarial": 0.0, "kernel_size": 3,
    "log_every": 1, "validate_every": 1, "checkpoint_seconds": 0.0, "workers": 0,
    "critic_limit": 0.0, "weight_clip": 0.0, "minutes": 0.0, "clip_gradient": 0.0,
}  # fmt: skip
# Settings that say nothing about other data, and the data they are for.
_ONLY_FOR = {
    "data_root": ("gopro", "folder", "mixed"),
    "sharp_root": ("mixed",),
    "real_root": ("folder",),
    "items": ("folder", "photos"),
}
# What only the camera of one path has.
_OF_THE_PATH = ("kernel_size", "path_length", "noise_std", "gamma")
_RANGES = {"path_length": (0.0, math.inf), "noise_std": (0.0, 1.0), "gamma": (1.0, 4.0)}


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
        Compile the generator by :func:`torch.compile`: minutes at the start, and other rounding.
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

    Raises
    ------
    ConfigError
        A setting is out of range; the message names it.

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
        check_seed(self.seed)
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ConfigError(
                    f"{name}={getattr(self, name)!r}: choose from {', '.join(choices)}"
                )
        for name, least in _AT_LEAST.items():
            if not getattr(self, name) >= least:
                raise ConfigError(f"{name}={getattr(self, name)}: must be at least {least}")
        self._check_data()
        for name, bounds in _RANGES.items():
            self._check_range(name, *bounds)
        for name in ("beta1", "beta2", "dropout", "average", "warm_up", "real_share"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name}={getattr(self, name)}: must lie in [0, 1)")
        if not 0 < self.learning_rate < 1:
            raise ConfigError(f"learning_rate={self.learning_rate}: must lie in (0, 1)")
        if self.constant_epochs > self.epochs:
            raise ConfigError(
                f"constant_epochs={self.constant_epochs}: must not exceed epochs={self.epochs}"
            )
        if self.lambda_adversarial == 0 and self.lambda_content == 0:
            raise ConfigError("lambda_adversarial and lambda_content are both 0: nothing to train")

    def _check_data(self) -> None:
        for name, kinds in _ONLY_FOR.items():
            if getattr(self, name) and self.data not in kinds:
                raise ConfigError(
                    f"{name}={getattr(self, name)!r} says nothing about data={self.data!r}: leave "
                    f"it out, or choose data={' or '.join(kinds)}"
                )
        if self.camera == "every":
            plain = type(self).__dataclass_fields__
            for name in _OF_THE_PATH:
                if getattr(self, name) != plain[name].default:
                    raise ConfigError(
                        f"{name}={getattr(self, name)!r} says nothing about camera='every', which "
                        "has its own numbers: leave it out, or choose camera=path"
                    )
        if self.data == "mixed" and not (self.sharp_root or self.frame_cache):
            raise ConfigError(
                "data='mixed' needs a folder of sharp pictures as sharp_root, or frame_cache=true, "
                "to take GoPro's own sharp frames"
            )

    def _check_range(self, name: str, low: float, high: float) -> None:
        value = getattr(self, name)
        value = tuple(value) if isinstance(value, list) else value  # as JSON has it
        object.__setattr__(self, name, value)
        try:
            check_range(name, value, low, high)
        except InputError as error:
            raise ConfigError(str(error)) from None

    def with_settings(self, **changes: Any) -> "TrainConfig":
        """Return a checked copy with some settings changed.

        Raises
        ------
        ConfigError
            A setting is unknown or out of range.

        Examples
        --------
        >>> recipe("quick").with_settings(sead=1)
        Traceback (most recent call last):
        ...
        sharingan_lab.errors.ConfigError: unknown setting 'sead': did you mean 'seed'?
        """
        for name in changes:
            _check_known(name)
        return dataclasses.replace(self, **changes)

    def with_assignments(self, assignments: list[str]) -> "TrainConfig":
        """Return a checked copy changed by texts ``field=value`` or, a range, ``field=low,high``.

        Raises
        ------
        ConfigError
            A text has another form, or its value does not fit the field.

        Examples
        --------
        >>> changed = recipe("quick").with_assignments(["learning_rate=2e-4", "noise_std=0,0.02"])
        >>> changed.learning_rate, changed.noise_std
        (0.0002, (0.0, 0.02))
        """
        return self.with_settings(**dict(_parse(text) for text in assignments))

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
    def from_json(cls, text: str) -> "TrainConfig":
        """Read the settings back; unknown ones are refused.

        Examples
        --------
        >>> TrainConfig.from_json(recipe("report").to_json()) == recipe("report")
        True
        """
        try:
            return cls().with_settings(**json.loads(text))
        except (json.JSONDecodeError, TypeError) as error:
            raise ConfigError(f"this is no config.json of a run: {error}") from error

    @classmethod
    def read(cls, path: Path) -> "TrainConfig":
        """Read the settings that a run keeps in its ``config.json``.

        Raises
        ------
        ConfigError
            The file is damaged; the message names it and the remedy.
        """
        try:
            return cls.from_json(path.read_text())
        except (OSError, ValueError) as error:  # ConfigError and UnicodeDecodeError among them
            raise ConfigError(
                f"{path} is damaged: {error}; delete it and resume with the --recipe and --set of "
                "the beginning, which the checkpoints are compared with"
            ) from error


def _check_known(name: str) -> None:
    known = [field.name for field in dataclasses.fields(TrainConfig)]
    if name not in known:
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(known)}"
        raise ConfigError(f"unknown setting {name!r}: {hint}")


def _parse(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"{text!r}: write FIELD=VALUE, such as seed=7")
    _check_known(name)
    kind = type(getattr(TrainConfig(), name))
    if kind is bool:
        if value.lower() not in ("true", "false"):
            raise ConfigError(f"{name}={value!r}: must be true or false")
        return name, value.lower() == "true"
    try:
        if name in _RANGES and "," in value:
            return name, tuple(float(end) for end in value.split(","))
        return name, kind(value)
    except ValueError:
        raise ConfigError(f"{name}={value!r}: must be of type {kind.__name__}") from None


_REFERENCE = {"fresh_critic_batches": False}
RECIPES: dict[str, dict[str, Any]] = {
    "corrected": {},
    "report": {**_REFERENCE, "lambda_gp": 100.0, "subset": 1000},
    "deblurgan": {
        **_REFERENCE, "alpha_per": "batch", "norm_over": "channels", "patches": "sum",
        "vgg_statistics": "none",
    },
    "quick": {
        "data": "photos", "items": 128, "crop": 64, "kernel_size": 31, "batch_size": 4,
        "epochs": 14, "constant_epochs": 7, "learning_rate": 1e-3, "lambda_content": 1000.0,
        "width": 16, "blocks": 3, "critic_width": 16, "dropout": 0.0,
        "fresh_critic_batches": False, "log_every": 8, "validate_every": 32,
        "checkpoint_seconds": 4.0,
    },
    "lite": {
        "data": "folder", "crop": 128, "camera": "every", "transpose": True, "items": 8000,
        "batch_size": 8, "minutes": 600.0, "warm_up": 0.002, "epochs": 100, "constant_epochs": 30,
        "fresh_critic_batches": False, "learning_rate": 1e-3, "beta1": 0.9, "clip_gradient": 0.1,
        "average": 0.999,
        "lambda_adversarial": 0.0, "lambda_content": 0.01, "content": "decibels",
        "architecture": "lite",
        "width": 32, "blocks": 6, "critic_width": 8, "log_every": 100, "validate_every": 1000,
        "checkpoint_seconds": 120.0,
    },
    "sharingan": {
        "data": "folder", "crop": 128, "camera": "every", "transpose": True, "items": 8000,
        "batch_size": 4, "minutes": 60.0, "epochs": 2, "constant_epochs": 1, "average": 0.999,
        "fresh_critic_batches": False, "start": "lite", "architecture": "lite", "width": 32,
        "blocks": 6, "critic_width": 32, "log_every": 20, "validate_every": 200,
        "checkpoint_seconds": 120.0,
    },
}  # fmt: skip


def recipe(name: str) -> TrainConfig:
    """Return a named recipe.

    Parameters
    ----------
    name : {"quick", "report", "deblurgan", "corrected", "lite", "sharingan"}
        "quick": a small network on bundled photographs, a minute or two without a GPU and not the
        full result; "report": as the SharinGAN report says (batch 1, lambda 100 for the penalty,
        1,000 images); "deblurgan": as the reference code does it, deviations included;
        "corrected": the mathematics as published; "lite": the small restorer that ships, without a
        critic, on a folder of sharp photographs; "sharingan": from its weights on, with the losses
        of the report.

    Raises
    ------
    ConfigError
        There is no such recipe.

    Examples
    --------
    >>> recipe("report").lambda_gp
    100.0
    """
    if name not in RECIPES:
        raise ConfigError(f"unknown recipe {name!r}: choose from {', '.join(RECIPES)}")
    return TrainConfig(recipe=name, **RECIPES[name])
