"""The networks: DeblurGAN's generator and critic, a small restorer, the DeepDeblur baseline."""

from sharingan_lab.networks.critic import Critic
from sharingan_lab.networks.deepdeblur import DeepDeblur
from sharingan_lab.networks.dropout import monte_carlo_dropout
from sharingan_lab.networks.generator import Generator, ResidualBlock
from sharingan_lab.networks.lite import LiteGenerator
from sharingan_lab.networks.published import load_deblurgan_weights

__all__ = [
    "Critic",
    "DeepDeblur",
    "Generator",
    "LiteGenerator",
    "ResidualBlock",
    "load_deblurgan_weights",
    "monte_carlo_dropout",
]
