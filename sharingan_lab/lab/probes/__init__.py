"""What lesson 06 holds up to a network: its layers, what a score sees, the grid it leaves."""

from sharingan_lab.lab.probes.checkerboard import (
    grid_share,
    overlap_counts,
    with_resize_convolutions,
)
from sharingan_lab.lab.probes.layers import Layer, layer_table
from sharingan_lab.lab.probes.normalisation import fold_normalisation, without_normalisation
from sharingan_lab.lab.probes.receptive import (
    Field,
    gradient_map,
    receptive_fields,
    seen_rectangle,
    share_outside,
)

__all__ = [
    "Field",
    "Layer",
    "fold_normalisation",
    "gradient_map",
    "grid_share",
    "layer_table",
    "overlap_counts",
    "receptive_fields",
    "seen_rectangle",
    "share_outside",
    "with_resize_convolutions",
    "without_normalisation",
]
