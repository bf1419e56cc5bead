"""The course's own rooms, opened when a name is first used.

On this floor lies the page of a lesson: its start, figures, tables, notices. `toys` is what
lessons play with, `probes` looks into networks, `explorers` are what a reader turns, `checks`
answers exercises, `report` executes the lessons. Lessons write ``from sharingan_lab import lab`` or
``from sharingan_lab.lab import`` with the names below. All of it needs the extra ``course``.
Arguments that do not fit, a missing description among them, are an
:class:`~sharingan_lab.errors.InputError` that names them.

>>> from sharingan_lab import lab
>>> lab.key_figure("PSNR of the blurred picture", 24.31234, unit="dB")
PSNR of the blurred picture: 24.31 dB
"""

import importlib

from sharingan_lab.extras import require_course

require_course()

_HOMES = {
    "animation": "animate",
    "boxes": "draw_detections",
    "checks.verdict": "check",
    "figures": "image_grid show",
    "key_figures": "key_figure notice",
    "lesson": "Run setup",
    "lesson_training": "chosen_settings watch",
    "paths": "path_grid",
    "progress_bar": "progress",
    "run_figures": "compare_runs crop_gains run_curves run_ends sample_frames settings_and_cost",
    "style": "COLOURS use_style",
    "tables": "table",
    "explorers.blur.pictures": "working_copy",
    "explorers.blur.widget": "BlurExplorer",
    "explorers.cost": "cost_explorer in_hours measure_turn",
    "explorers.critic": "critic_explorer",
    "explorers.detective": "detective_explorer hints",
    "explorers.explorer": "SliderFigure",
    "explorers.loss": "MARGIN charge damage loss_explorer scene",
    "explorers.patch": "patch_explorer",
    "explorers.playground": "Playground",
    "explorers.quality": "quality_explorer",
    "explorers.run": "run_explorer",
    "explorers.threshold": "threshold_explorer",
    "explorers.transport": "transport_explorer",
    "explorers.wiener": "wiener_explorer",
    "probes.checkerboard": "grid_share overlap_counts with_resize_convolutions",
    "probes.layers": "layer_table",
    "probes.normalisation": "fold_normalisation without_normalisation",
    "probes.receptive": "Field gradient_map receptive_fields seen_rectangle share_outside",
    "toys.distances": "earth_movers_distance jensen_shannon optimal_critic transport_plan",
    "toys.distributions": "Normal gaussian_mixture grid_centres "
    "mode_coverage ring_centres swiss_roll",
    "toys.edges": "edge_rows shifted_edges steepest_step",
    "toys.glyphs": "LETTERS draw_rows mirrored_letters pan",
    "toys.mlp": "BatchedMLP clip_weights descend layer_gradient_norms",
    "toys.surfaces": "draw_surface input_gradients peaks square_mesh steepest_slope surface",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
