"""What every test shares: one thread, so that results do not depend on the machine's cores."""

import torch

from . import patience

torch.set_num_threads(1)


def pytest_configure(config):
    config.pluginmanager.register(patience)
