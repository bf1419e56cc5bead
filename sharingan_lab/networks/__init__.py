"""The networks: DeblurGAN's generator and critic, a small restorer, the DeepDeblur baseline.

What is not as a docstring states, the type of the weights included, is an
:class:`~sharingan_lab.errors.InputError` that names it.
"""

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
