"""The networks, losses and optimisers that the settings name."""

import warnings
from collections import Counter

import torch
from torch import Tensor, nn

from sharingan_lab.errors import ConfigError
from sharingan_lab.losses import DecibelLoss, PerceptualLoss
from sharingan_lab.networks import Generator, LiteGenerator
from sharingan_lab.training.checkpoints import find_weights, read_network
from sharingan_lab.training.config import TrainConfig


def build_generator(config: TrainConfig, *, start: bool = True) -> nn.Module:
    """Build the generator that the settings name, with the weights to start from if asked for.

    Weights of another network are a ConfigError, missing ones a CheckpointError.
    """
    if config.architecture == "lite":
        generator = LiteGenerator(config.width, config.blocks)
    else:
        generator = Generator(config.width, config.blocks, config.dropout)
    if start and config.start:
        name, settings, state = read_network(find_weights(config.start))
        try:
            generator.load_state_dict(state)
        except RuntimeError as error:
            raise ConfigError(
                f"start={config.start!r} holds a {name} of {settings}, this run trains a "
                f"{type(generator).__name__} of {generator.settings}"
            ) from error
    return generator


def build_content_loss(config: TrainConfig) -> nn.Module:
    """Build the content loss that the settings name."""
    if config.content == "vgg19":
        return PerceptualLoss(config.vgg, statistics=config.vgg_statistics)
    return {"l1": nn.L1Loss, "l2": nn.MSELoss, "decibels": DecibelLoss}[config.content]()


def build_adam(config: TrainConfig, network: nn.Module, *, captured: bool) -> torch.optim.Adam:
    """Build Adam so that a CUDA graph can hold it: its rate is a tensor that is refilled."""
    weights = list(network.parameters())
    return torch.optim.Adam(
        weights,
        lr=torch.tensor(config.learning_rate, device=weights[0].device),
        betas=(config.beta1, config.beta2),
        fused=True,
        capturable=captured,
    )


def repeated_blocks(network: nn.Module) -> list[nn.Module]:
    """Return the blocks that a network has many of: to compile one of each size is soon done.

    Examples
    --------
    >>> [len(repeated_blocks(network)) for network in (Generator(), LiteGenerator())]
    [9, 26]
    """
    chains = [part for part in network.modules() if isinstance(part, nn.Sequential)]
    kinds = (type(part) for chain in chains for part in chain if list(part.children()))
    ((kind, _),) = Counter(kinds).most_common(1)
    return [part for part in network.modules() if isinstance(part, kind)]


class InBfloat16(nn.Module):
    """A network that computes in bfloat16 and answers in float32; its weights stay as they are."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, images: Tensor, *others: Tensor, **named: Tensor) -> Tensor:
        """Return what the network returns."""
        with torch.autocast(images.device.type, torch.bfloat16):
            return self.network(images, *others, **named).float()


def warn_of_slow_bfloat16(precision: str, device: torch.device) -> None:
    """Say so where bfloat16 takes longer than float32, about ten times on a CPU without AVX-512."""
    capability = torch.backends.cpu.get_cpu_capability()
    slow = device.type == "cpu" and not capability.startswith("AVX512")
    if slow and precision == "bfloat16":
        warnings.warn(
            f"precision=bfloat16: this CPU ({capability}) has no instructions for it, and may take "
            "ten times as long as with precision=float32",
            stacklevel=3,
        )


def dropout_rng(device: torch.device) -> torch.Generator:
    """Return what dropout draws from, which takes no generator: torch's default one of a device."""
    if device.type == "cpu":
        return torch.default_generator
    torch.cuda.init()
    return torch.cuda.default_generators[torch.cuda.current_device()]
