"""What every test shares: one thread, so that results do not depend on the machine's cores, and a
Ctrl-C that is heard, as in a terminal: a shell starts what runs in its background deaf to it.
"""

import signal

from . import patience


def pytest_collection_finish():
    import torch  # not where tests are only handed out to others

    torch.set_num_threads(1)


def pytest_configure(config):
    config.pluginmanager.register(patience)
    signal.signal(signal.SIGINT, signal.default_int_handler)
