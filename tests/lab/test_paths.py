"""Paths side by side: centred, on one scale, each with its title."""

import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection

from sharingan_lab import lab
from sharingan_lab.blur import sample_trajectories
from sharingan_lab.errors import InputError
from sharingan_lab.lab.paths import path_grid


@pytest.fixture
def paths():
    return sample_trajectories(3, rng=torch.Generator().manual_seed(0)) + 40


def drawn(ax):
    (lines,) = (c for c in ax.collections if isinstance(c, LineCollection))
    return np.concatenate(lines.get_segments())


def test_every_path_is_drawn_whole_around_its_centre(paths):
    fig = path_grid(paths, ["a", "b", "c"])
    for ax, path in zip(fig.axes, paths, strict=False):
        centred = (path - path.mean(dim=0)).numpy()
        extent = np.stack([drawn(ax).min(axis=0), drawn(ax).max(axis=0)])
        expected = np.stack([centred.min(axis=0), centred.max(axis=0)])
        np.testing.assert_allclose(extent, expected, atol=1e-4)


def test_the_scale_is_one_and_holds_the_widest_path(paths):
    fig = path_grid(torch.cat([paths, 5 * paths[:1]]), list("abcd"))
    limits = {(*ax.get_xlim(), *ax.get_ylim()) for ax in fig.axes[:4]}
    assert len(limits) == 1
    _left, right, bottom, top = limits.pop()
    assert bottom > top, "y points downwards, as in an image"
    assert all(np.abs(drawn(ax)).max() < right for ax in fig.axes[:4])


def test_a_row_that_is_not_full_leaves_no_empty_axes(paths):
    fig = path_grid(torch.cat([paths, paths[:1]]), list("abcd"))
    assert [ax.get_title() for ax in fig.axes] == ["a", "b", "c", "d", ""]  # the last: colour bar
    assert fig.axes[-1].get_ylabel() == "time (% of the path)"


def test_a_path_that_rests_is_drawn_too():
    assert path_grid(torch.zeros(1, 9, 2), ["still"]).axes[0].get_xlim() == (-1.0, 1.0)


@pytest.mark.parametrize("titles, shape", [(["a"], (2, 9, 2)), (["a"], (1, 9, 3)), (["a"], (9, 2))])
def test_what_does_not_fit_is_named(titles, shape):
    with pytest.raises(InputError, match=r"path_grid needs paths \(n, steps, 2\)"):
        path_grid(torch.zeros(shape), titles)


def test_the_figure_is_found_after_the_explorer_that_draws_with_it():
    """A module of the figure's own name would stand in its place."""
    assert callable(lab.BlurExplorer) and lab.path_grid is path_grid
