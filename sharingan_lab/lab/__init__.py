"""What only notebooks need: the start of a lesson, its figures, tables and notices.

Lessons write ``from sharingan_lab import lab`` and use the names below. Importing the module
makes the lab's figure style matplotlib's default.
"""

from sharingan_lab.lab.animation import animate
from sharingan_lab.lab.figures import image_grid, show
from sharingan_lab.lab.lesson import Run, setup
from sharingan_lab.lab.notes import key_figure, notice, table
from sharingan_lab.lab.progress_bar import progress
from sharingan_lab.lab.style import COLOURS, use_style

use_style()

__all__ = [
    "COLOURS",
    "Run",
    "animate",
    "image_grid",
    "key_figure",
    "notice",
    "progress",
    "setup",
    "show",
    "table",
]
