"""What every test shares: one thread, so that results do not depend on the machine's cores."""

import torch

torch.set_num_threads(1)
