"""The losses of the report: adversarial objectives, the gradient penalty, the perceptual loss.

Scores are what a critic returns: one value a sample (N, ...) or a patch map (N, 1, h, w). Every
loss averages over the batch and returns a scalar.

References
----------
.. [1] Goodfellow et al., "Generative adversarial nets", NeurIPS 2014. Equations (2) and (7).
.. [2] Mao et al., "Least squares generative adversarial networks", ICCV 2017.
.. [3] Arjovsky et al., "Wasserstein GAN", ICML 2017. Equation (4).
.. [4] Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017. Equation (5).
.. [5] Johnson et al., "Perceptual losses for real-time style transfer", ECCV 2016.
.. [6] Kupyn et al., "DeblurGAN", CVPR 2018. Equations (6) and (8).
.. [7] Petzka et al., "On the regularization of Wasserstein GANs", ICLR 2018.
.. [8] Simonyan and Zisserman, "Very deep convolutional networks for large-scale image
   recognition", ICLR 2015.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from sharingan_lab.checks import check_passing, describe
from sharingan_lab.errors import CheckpointError, ConfigError, InputError
from sharingan_lab.locations import named_path, shipped_dir, weights_dir
from sharingan_lab.seeds import check_seed

OBJECTIVES = ("vanilla", "non-saturating", "least-squares", "wasserstein")
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
SHIPPED_FEATURES = "vgg19-conv3_3.safetensors"
_IN_WORDS = {
    "imagenet": "ImageNet weights",
    "torchvision": "torchvision's ImageNet weights",
    "random": "RANDOM weights (as asked)",
}


def _check_objective(objective: str) -> None:
    if objective not in OBJECTIVES:
        raise ConfigError(f"unknown objective {objective!r}: choose from {', '.join(OBJECTIVES)}")


def _check_choice(name: str, value: str, *known: str) -> None:
    if value not in known:
        raise ConfigError(f"{name}={value!r}: choose from {', '.join(known)}")


def critic_loss(real_scores: Tensor, fake_scores: Tensor, objective: str = "wasserstein") -> Tensor:
    r"""Loss that the critic (or discriminator) minimises.

    Parameters
    ----------
    real_scores, fake_scores : Tensor
        Scores of real and of generated samples. For "vanilla" and "non-saturating" they are logits:
        :math:`D = \mathrm{sigmoid}(\mathrm{score})`.
    objective : str
        "vanilla" or "non-saturating": minus equation (2); "least-squares" [2]_; "wasserstein":
        minus equation (4), the estimate of the earth mover's distance being minus this loss.

    Returns
    -------
    Tensor
        Scalar.

    Raises
    ------
    ConfigError
        The objective is unknown.

    Examples
    --------
    >>> critic_loss(torch.tensor([2.0]), torch.tensor([0.5])).item()
    -1.5
    """
    _check_objective(objective)
    if objective == "wasserstein":
        return fake_scores.mean() - real_scores.mean()
    if objective == "least-squares":
        return ((real_scores - 1) ** 2).mean() / 2 + (fake_scores**2).mean() / 2
    # log D = -softplus(-score) and log(1 - D) = -softplus(score), stable for large scores
    return F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()


def generator_loss(fake_scores: Tensor, objective: str = "wasserstein") -> Tensor:
    r"""Adversarial loss that the generator minimises.

    Parameters
    ----------
    fake_scores : Tensor
        Scores of generated samples (logits for "vanilla" and "non-saturating").
    objective : str
        "vanilla": :math:`E[\log(1 - D)]` of equation (2), which saturates; "non-saturating":
        :math:`-E[\log D]`; "least-squares"; "wasserstein": :math:`-E[D]` of equation (4).

    Returns
    -------
    Tensor
        Scalar.

    Raises
    ------
    ConfigError
        The objective is unknown.

    Examples
    --------
    >>> generator_loss(torch.tensor([1.0, 3.0])).item()
    -2.0
    """
    _check_objective(objective)
    if objective == "wasserstein":
        return -fake_scores.mean()
    if objective == "least-squares":
        return ((fake_scores - 1) ** 2).mean() / 2
    if objective == "non-saturating":
        return F.softplus(-fake_scores).mean()
    return -F.softplus(fake_scores).mean()


def gradient_penalty(
    critic: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    *,
    rng: torch.Generator,
    alpha_per: str = "sample",
    norm_over: str = "sample",
    patches: str = "mean",
    one_sided: bool = False,
) -> Tensor:
    r"""Penalty that keeps the critic 1-Lipschitz, equation (5) without its factor lambda.

    .. math:: E_{\hat x}[(\lVert \nabla_{\hat x} D(\hat x) \rVert_2 - 1)^2], \quad
              \hat x = \alpha x + (1 - \alpha) \tilde x, \quad \alpha \sim U(0, 1)

    A patch map counts as one score a sample, the *mean* of its patches, as in the other losses: the
    slope of their sum is as many times larger as there are patches.

    Parameters
    ----------
    critic : callable
        Maps (N, ...) samples to one score a sample or to a patch map.
    real, fake : Tensor
        Samples (N, ...) of equal shape; images in [-1, 1], where the trainer differentiates.
    rng : torch.Generator
        Source of alpha.
    alpha_per : {"sample", "batch"}
        Draw alpha for each sample, as published, or once for the batch, as the DeblurGAN code does.
    norm_over : {"sample", "channels"}
        Norm over all values of a sample, as published, or over its channels only, pixel by pixel,
        as the DeblurGAN code does.
    patches : {"mean", "sum"}
        What of a patch map is differentiated: its mean, or its sum, as the DeblurGAN code does.
    one_sided : bool
        Penalise only norms above 1, :math:`\max(0, \lVert \cdot \rVert - 1)^2` [7]_, as 1-Lipschitz
        asks; as published, norms below 1 are penalised, too.

    Returns
    -------
    Tensor
        Scalar, differentiable with respect to the critic's weights.

    Raises
    ------
    InputError
        Shapes differ.
    ConfigError
        An option is unknown.

    Examples
    --------
    A linear critic has the penalty (\|w\| - 1)^2 wherever it is sampled:

    >>> w = torch.tensor([3.0, 4.0])
    >>> rng = torch.Generator().manual_seed(0)
    >>> gradient_penalty(lambda x: x @ w, torch.zeros(8, 2), torch.ones(8, 2), rng=rng).item()
    16.0
    """
    for name, samples in (("real", real), ("fake", fake)):
        kind = isinstance(samples, Tensor) and samples.is_floating_point()
        if not kind or samples.numel() == 0:
            raise InputError(f"{name} must be floating-point samples, got {describe(samples)}")
    if real.shape != fake.shape:
        raise InputError(f"real {tuple(real.shape)} and fake {tuple(fake.shape)} differ in shape")
    _check_choice("alpha_per", alpha_per, "sample", "batch")
    _check_choice("norm_over", norm_over, "sample", "channels")
    _check_choice("patches", patches, "mean", "sum")
    n = real.shape[0]
    draws = n if alpha_per == "sample" else 1
    alpha = torch.rand(draws, generator=rng, device=rng.device).to(real)
    alpha = alpha.view(-1, *[1] * (real.ndim - 1))
    x_hat = (alpha * real + (1 - alpha) * fake).detach().requires_grad_()
    scores = critic(x_hat).reshape(n, -1).to(real.dtype)
    scores = scores.mean(dim=1) if patches == "mean" else scores.sum(dim=1)
    (gradient,) = torch.autograd.grad(scores.sum(), x_hat, create_graph=True)
    if norm_over == "sample":
        gradient = gradient.flatten(start_dim=1)
    excess = torch.linalg.vector_norm(gradient, dim=1) - 1
    if one_sided:
        excess = excess.relu()
    return (excess**2).mean()


class DecibelLoss(nn.Module):
    r"""Decibels of PSNR that restored images lack to nearly perfect ones, their mean.

    A tenth of the squared error costs 10 dB less, however large the error was. So a nearly sharp
    picture that is spoilt a little counts as much as one whose strong blur is reduced; in L1 and L2
    it is lost among the large errors of the others.

    Parameters
    ----------
    floor : float
        Squared error of a nearly perfect image: 1e-5 is a PSNR of 50 dB.

    Examples
    --------
    >>> sharp, loss = torch.zeros(2, 3, 8, 8), DecibelLoss()
    >>> [round(loss(sharp + error, sharp).item(), 1) for error in (0.1, 0.01, 0.0)]
    [30.0, 10.4, 0.0]
    """

    def __init__(self, floor: float = 1e-5):
        super().__init__()
        self.floor = floor

    def forward(self, restored: Tensor, sharp: Tensor) -> Tensor:
        """Loss of two batches (N, 3, H, W) in [0, 1], a scalar."""
        squared = (restored.float() - sharp).square().flatten(start_dim=1).mean(dim=1)
        return 10 * torch.log10(1 + squared / self.floor).mean()


def _first_layers() -> nn.Sequential:
    """VGG-19 up to conv3_3, numbered as in torchvision, whose import takes as long as torch's."""
    layers, channels = [], 3
    with torch.device("meta"):  # no weights are drawn
        for block in ((64, 64), (128, 128), (256, 256, 256)):
            for width in block:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers[:-2]).to_empty(device="cpu")


def _draw_filters(features: nn.Sequential, seed: int) -> None:
    rng = torch.Generator().manual_seed(check_seed(seed))
    for module in features:
        if isinstance(module, nn.Conv2d):  # He: signal keeps its size through the ReLUs
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=rng)
            nn.init.zeros_(module.bias)


def _torchvision_state() -> dict[str, Tensor]:
    from torchvision.models import VGG19_Weights

    weights_dir()  # without a home, torch would make a folder named ~
    try:
        return VGG19_Weights.IMAGENET1K_V1.get_state_dict(
            progress=False, check_hash=True, weights_only=True
        )
    except OSError as error:
        raise CheckpointError(
            f"torchvision's weights of VGG-19 cannot be had ({error}): get them with `sharingan "
            'fetch vgg19`, or take "imagenet", which ships with this package'
        ) from error


def _file_state(path: Path, remedy: str = "give a .pth or .safetensors file") -> dict[str, Tensor]:
    if not path.is_file():
        raise CheckpointError(f"no VGG-19 weights at {path}: {remedy}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch, pickle and safetensors each raise their own kinds
        raise CheckpointError(f"cannot read VGG-19 weights from {path}: {error}") from error


def _state(weights: str) -> dict[str, Tensor]:
    if weights == "torchvision":
        return _torchvision_state()
    if weights == "imagenet":
        return _file_state(shipped_dir() / SHIPPED_FEATURES, "install this package again")
    return _file_state(named_path(weights))


def _load(features: nn.Sequential, weights: str) -> None:
    """Copy what the layers need, whether or not the names begin as torchvision's do."""
    try:
        state = {k.removeprefix("features."): v for k, v in _state(weights).items()}
        layers = {str(i) for i in range(len(features))}
        features.load_state_dict({k: v for k, v in state.items() if k.split(".")[0] in layers})
    except (RuntimeError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"VGG-19 weights {weights} do not fit: {reason}") from error


class PerceptualLoss(nn.Module):
    r"""Mean squared difference of VGG-19 features, the content term of equation (6).

    The features are those of ``conv3_3`` before its ReLU, ``vgg19().features[14]``: "layer 14" of
    the report.

    Parameters
    ----------
    weights : str
        "imagenet": the filters that ship with this package, as their authors trained them on
        ImageNet [8]_, scaled so that features have a mean square of 1; "torchvision":
        torchvision's, on their own scale, downloaded once and verified; "random": fixed filters
        drawn from `seed`, which have learned nothing; else the path of a file with torchvision's
        key layout.
    statistics : {"imagenet", "none"}
        Normalise images by ImageNet's mean and deviation, as VGG expects, or feed [-1, 1] as the
        DeblurGAN code does.
    seed : int
        Seed of the random filters.

    Attributes
    ----------
    label : str
        What the features are, in words.
    is_random : bool
        Whether the features are random.

    Raises
    ------
    CheckpointError
        The weights are missing, cannot be had, or do not fit.
    ConfigError
        `statistics` is unknown, or `seed` none.

    Examples
    --------
    >>> loss = PerceptualLoss()
    >>> image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    >>> loss(image, image).item()
    0.0
    >>> loss.label
    'VGG-19 conv3_3 with ImageNet weights'
    """

    def __init__(self, weights: str = "imagenet", *, statistics: str = "imagenet", seed: int = 0):
        super().__init__()
        if statistics not in ("imagenet", "none"):
            raise ConfigError(f"unknown statistics {statistics!r}: choose imagenet or none")
        self.features = _first_layers()
        self.is_random = weights == "random"
        if self.is_random:
            _draw_filters(self.features, seed)
        else:
            _load(self.features, weights)
        source = _IN_WORDS.get(weights) or f"weights from {Path(weights).name}"
        self.label = f"VGG-19 conv3_3 with {source}"
        normalised = statistics == "imagenet"
        mean, std = (IMAGENET_MEAN, IMAGENET_STD) if normalised else ((0.5,) * 3, (0.5,) * 3)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)
        self.eval().requires_grad_(False)

    def extract(self, images: Tensor) -> Tensor:
        """Features (N, 256, H // 4, W // 4) of images (N, 3, H, W) in [0, 1]."""
        return self.features((images - self.mean) / self.std)

    def forward(self, restored: Tensor, sharp: Tensor) -> Tensor:
        """Mean squared difference of the features of two batches (N, 3, H, W) in [0, 1]."""
        for name, images in (("restored", restored), ("sharp", sharp)):
            check_passing(images, name, self.mean, training=True)
        if restored.shape != sharp.shape:
            shapes = f"{tuple(restored.shape)} and {tuple(sharp.shape)}"
            raise InputError(f"restored and sharp images must have one shape, got {shapes}")
        with torch.no_grad():
            target = self.extract(sharp)
        return F.mse_loss(self.extract(restored), target)
