"""The API that every lesson uses: run, figures, tables, progress."""

import json
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from sharingan_lab import lab
from sharingan_lab.errors import ConfigError, DataError, InputError
from sharingan_lab.lab import figures, key_figures, tables


def test_progress_says_when_an_error_stopped_it(monkeypatch):
    shown = []
    handle = type("Handle", (), {"update": lambda self, bundle: shown.append(repr(bundle))})()
    monkeypatch.setattr("sharingan_lab.lab.progress_bar.display", lambda data, display_id: handle)
    with pytest.raises(ZeroDivisionError), lab.progress(5, "fit") as bar:
        bar.update()
        1 / 0  # noqa: B018
    assert "1 of 5" in shown[-1]
    assert "stopped by an error" in shown[-1]


def test_show_refuses_an_empty_description_and_closes_the_figure(capsys):
    with pytest.raises(InputError, match="alt"):
        lab.show(Figure(), alt=" ")
    fig, _ = plt.subplots()
    lab.show(fig, alt="nothing")
    assert fig.number not in plt.get_fignums()


def test_grid_pixels_are_the_images_pixels():
    image = torch.rand(3, 20, 30, generator=torch.Generator().manual_seed(0))
    fig = lab.image_grid([image, image], ["a", "b"], zoom=(4, 6, 5, 7), captions=["1 dB", "2 dB"])
    top, detail = fig.axes[0], fig.axes[2]
    expected = image.permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(top.images[0].get_array(), expected)
    np.testing.assert_array_equal(detail.images[0].get_array(), expected[4:9, 6:13])
    assert [ax.get_xlabel() for ax in fig.axes] == ["", "", "1 dB", "2 dB"]


def test_grid_wraps_and_leaves_no_empty_frame():
    fig = lab.image_grid(torch.rand(4, 3, 8, 8), list("abcd"), columns=3)
    assert len(fig.axes) == 4
    assert [ax.get_title() for ax in fig.axes] == list("abcd")


def test_grid_images_are_large_enough_to_judge_blur():
    fig = lab.image_grid(torch.rand(3, 3, 64, 64), list("abc"))
    fig.draw_without_rendering()
    for ax in fig.axes:
        box = ax.get_window_extent().transformed(fig.dpi_scale_trans.inverted())
        assert box.width >= 3


def test_grid_refuses_counts_that_do_not_match():
    with pytest.raises(InputError, match="2 images, 1 titles"):
        lab.image_grid(torch.rand(2, 3, 8, 8), ["only one"])
    with pytest.raises(InputError, match=r"\(2, 8, 8\)"):
        lab.image_grid([torch.rand(2, 8, 8)], ["two channels"])


def test_grey_pictures_are_drawn_up_to_their_own_maximum():
    kernel = torch.tensor([[0.0, 0.25], [0.5, 0.25]])
    shown = figures.image_grid([kernel], ["kernel"]).axes[0].images[0].get_array()
    np.testing.assert_allclose(shown, [[0, 0.5], [1, 0.5]])


def test_importing_the_lab_imports_none_of_its_rooms():
    heavy = {"torch", "matplotlib", "ipywidgets", "papermill"}
    code = f"import sys; from sharingan_lab import lab; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_name_of_the_lab_opens():
    assert all(
        getattr(lab, name) is not None
        for name in [*lab.__all__, "explorers", "probes", "report", "toys"]
    )


def test_table_refuses_ragged_rows():
    with pytest.raises(InputError, match="a row of 1 values under 2 heads"):
        lab.table([["only"]], ["a", "b"])


def test_setup_gives_fresh_generators_and_the_values_of_the_mode(tmp_path):
    run = lab.setup("01", seed=5, out_dir=str(tmp_path / "new" / "folder"), device="cpu")
    draws = [torch.rand(3, generator=run.rng) for _ in range(2)]
    torch.testing.assert_close(draws[0], draws[1])
    assert run.out_dir.is_dir()
    assert run.choose(quick=1, full=2) == 1
    assert run.device == torch.device("cpu")


def test_setup_seeds_the_default_generator(tmp_path):
    draws = []
    for _ in range(2):
        lab.setup("01", seed=5, out_dir=str(tmp_path))
        draws.append(torch.rand(3))
    torch.testing.assert_close(draws[0], draws[1])


@pytest.mark.parametrize(
    "wrong",
    [{"mode": "fast"}, {"seed": -1}, {"seed": 0.5}, {"device": "tpu"}],
)
def test_setup_names_a_wrong_parameter(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ConfigError, match=name) as caught:
        lab.setup("01", **wrong)
    assert repr(value) in str(caught.value)


def test_full_mode_names_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DataError, match="CUDA"):
        lab.setup("01", mode="full")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(DataError, match="sharingan fetch gopro"):
        lab.setup("01", mode="full", data_root=str(tmp_path))


def test_gopro_is_found_below_the_data_root_or_at_it(tmp_path):
    for split in ("train", "test"):
        (tmp_path / "GOPRO_Large" / split).mkdir(parents=True)
    home = tmp_path / "GOPRO_Large"
    assert lab.setup("01", data_root=str(tmp_path)).data_root == home
    assert lab.setup("01", data_root=str(home)).data_root == home


def test_a_table_has_no_empty_heads(monkeypatch):
    """A screen reader would announce a head without a name."""
    shown = []
    monkeypatch.setattr(tables, "emit", shown.append)
    tables.table([["crop 1", 24.1]], ["", "PSNR"])
    assert "<thead><tr><td></td><th" in shown[0]["text/html"]


@pytest.mark.parametrize(
    ("value", "kept"),
    [(np.float32(0.5), 0.5), (np.int64(3), 3), (torch.tensor([1.0, 2.0]), "tensor([1., 2.])")],
)
def test_a_key_figure_keeps_what_json_knows(value, kept, monkeypatch):
    shown = []
    monkeypatch.setattr(key_figures, "emit", lambda data, metadata: shown.append(metadata))
    lab.key_figure("PSNR", value)
    fact = json.loads(json.dumps(shown[0]))[key_figures.METADATA_KEY]["key_figure"]
    assert fact["value"] == kept and type(fact["value"]) is type(kept)
