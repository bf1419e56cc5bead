"""What lessons 03 to 07 play with: worlds so small that the best answer can be computed.

Points on the line and in the plane, with exact distances between them, and many small networks
trained side by side; letters and edges whose blurred pictures have known answers.
"""

from sharingan_lab.lab.toys.best_critic import optimal_critic
from sharingan_lab.lab.toys.distances import (
    earth_movers_distance,
    jensen_shannon,
    transport_plan,
)
from sharingan_lab.lab.toys.distributions import (
    Normal,
    gaussian_mixture,
    grid_centres,
    mode_coverage,
    ring_centres,
    swiss_roll,
)
from sharingan_lab.lab.toys.edges import edge_rows, shifted_edges, steepest_step
from sharingan_lab.lab.toys.glyphs import LETTERS, mirrored_letters, pan
from sharingan_lab.lab.toys.mlp import BatchedMLP, clip_weights, descend, layer_gradient_norms
from sharingan_lab.lab.toys.slopes import input_gradients, square_mesh, steepest_slope
from sharingan_lab.lab.toys.surfaces import draw_surface, peaks, surface

__all__ = [
    "LETTERS",
    "BatchedMLP",
    "Normal",
    "clip_weights",
    "descend",
    "draw_surface",
    "earth_movers_distance",
    "edge_rows",
    "gaussian_mixture",
    "grid_centres",
    "input_gradients",
    "jensen_shannon",
    "layer_gradient_norms",
    "mirrored_letters",
    "mode_coverage",
    "optimal_critic",
    "pan",
    "peaks",
    "ring_centres",
    "shifted_edges",
    "square_mesh",
    "steepest_slope",
    "steepest_step",
    "surface",
    "swiss_roll",
    "transport_plan",
]
