"""What the loader's benchmark measures: real pairs, and the time of one beside that of a step."""

import pytest
import torch

from benchmarks import loader
from sharingan_lab.training import recipe

CPU = torch.device("cpu")


def test_every_source_gives_pairs_and_is_compared_by_the_time_of_one(tmp_path, monkeypatch):
    monkeypatch.setattr(loader, "FRAMES", 2)
    monkeypatch.setattr(loader, "PASS", 2)
    sources = loader.sources(tmp_path, CPU, crop=32)
    assert [name for name, _, _ in sources][:2] == [
        "GoPro from its cache", "GoPro decoded each time",
    ]  # fmt: skip
    for name, data, wanted in sources:
        blurred, sharp = data[1]
        assert blurred.shape == sharp.shape == (3, 32, 32) and not torch.equal(blurred, sharp)
        row = loader.beside_a_step(name, data, 2.0, CPU, wanted=wanted)
        assert row.ratio == pytest.approx(2.0 / row.ours) and 0 < row.ours < 1
        assert row.note == f"{1 / row.ours:,.0f} pairs a second"


def test_a_pass_loads_as_many_pairs_as_it_says():
    taken = []

    class Pairs(torch.utils.data.Dataset):
        def __len__(self):
            return 5

        def __getitem__(self, index):
            taken.append(index)
            return torch.zeros(3, 4, 4), torch.zeros(3, 4, 4)

    loader.load(Pairs(), CPU)
    assert len(taken) == loader.PASS and set(taken) == set(range(5))


def test_a_batch_of_every_kind_of_blur_is_made_beside_a_step_of_lite(monkeypatch):
    crops = recipe("lite").with_settings(crop=32, width=4, blocks=1)
    monkeypatch.setattr(loader, "recipe", {"lite": crops}.__getitem__)
    row = loader.beside_lite("float32", CPU, rounds=2)
    assert "make a batch of 8 x 32 x 32" in row.task and row.task.endswith("in float32)")
    assert row.ours > 0 and row.peer > 0
    assert row.wanted == pytest.approx(1 / 0.15)
