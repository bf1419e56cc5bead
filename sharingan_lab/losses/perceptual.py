"""The perceptual loss: how far apart images are in the eyes of a network that has learned to see.

References
----------
.. [1] Kupyn et al., "DeblurGAN", CVPR 2018. Equations (6) and (8).
.. [2] Simonyan and Zisserman, "Very deep convolutional networks for large-scale image
   recognition", ICLR 2015.
.. [3] Johnson et al., "Perceptual losses for real-time style transfer", ECCV 2016.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from sharingan_lab.checks import LIGHT, SLACK, check_choice, check_passing
from sharingan_lab.errors import CheckpointError, InputError
from sharingan_lab.locations import named_path, shipped_dir, weights_dir
from sharingan_lab.seeds import check_seed
from sharingan_lab.weights import read_weights, reason_of

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
SHIPPED_FEATURES = "vgg19-conv3_3.safetensors"
_IN_WORDS = {
    "imagenet": "ImageNet weights",
    "torchvision": "torchvision's ImageNet weights",
    "random": "RANDOM weights (as asked)",
}


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


def _state(weights: str) -> dict[str, Tensor]:
    if weights == "torchvision":
        return _torchvision_state()
    if weights == "imagenet":
        return read_weights(shipped_dir() / SHIPPED_FEATURES, "install this package again")
    return read_weights(named_path(weights), "give a .pth or .safetensors file")


def _load(features: nn.Sequential, weights: str) -> None:
    """Copy what the layers need, whether or not the names begin as torchvision's do."""
    try:
        state = {k.removeprefix("features."): v for k, v in _state(weights).items()}
        layers = {str(i) for i in range(len(features))}
        features.load_state_dict({k: v for k, v in state.items() if k.split(".")[0] in layers})
    except (RuntimeError, AttributeError) as error:
        raise CheckpointError(f"VGG-19 weights {weights} do not fit: {reason_of(error)}") from error


class PerceptualLoss(nn.Module):
    r"""Mean squared difference of VGG-19 features, the content term of equation (6).

    The features are those of ``conv3_3`` before its ReLU, ``vgg19().features[14]``: "layer 14" of
    the report.

    Parameters
    ----------
    weights : str
        "imagenet": the filters that ship with this package, as their authors trained them on
        ImageNet [2]_, scaled so that features have a mean square of 1; "torchvision":
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
        check_choice("statistics", statistics, ("imagenet", "none"))
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
        # what a network gives that still learns may lie far beyond black and white
        for name, images, slack in (("restored", restored, LIGHT), ("sharp", sharp, SLACK)):
            check_passing(images, name, self.mean, training=True, slack=slack)
        if restored.shape != sharp.shape:
            shapes = f"{tuple(restored.shape)} and {tuple(sharp.shape)}"
            raise InputError(f"restored and sharp images must have one shape, got {shapes}")
        with torch.no_grad():
            target = self.extract(sharp)
        return mse_loss(self.extract(restored), target)
