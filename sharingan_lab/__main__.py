"""``python -m sharingan_lab``: the same as the command ``sharingan``."""

import sys

from sharingan_lab.cli import main

sys.exit(main())
