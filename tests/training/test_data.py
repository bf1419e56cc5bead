"""What a run trains on: the settings reach the data, and small or missing data are dealt with."""

import pytest
import torch

from sharingan_lab.datasets import photo
from sharingan_lab.errors import ConfigError
from sharingan_lab.images import write_image
from sharingan_lab.training import Trainer, recipe
from sharingan_lab.training.data import VALIDATION_PAIRS, training_data


@pytest.fixture
def folder(tmp_path):
    for name in ("coffee", "rocket", "chelsea", "astronaut"):
        write_image(photo(name, 96), tmp_path / f"{name}.png")
    return str(tmp_path)


def gopro(root, pairs):
    """Noise in GoPro's layout, as many pairs in the one training and the one test sequence."""
    generator = torch.Generator().manual_seed(0)
    for split in ("train", "test"):
        for kind in ("blur", "sharp"):
            for i in range(pairs):
                frame = torch.rand(3, 48, 48, generator=generator)
                write_image(frame, root / split / "GOPR0001" / kind / f"{i:06d}.png")
    return str(root)


def test_the_blur_settings_reach_the_training_and_the_validation_pairs(folder):
    lite = recipe("lite").with_settings(data_root=folder)
    train, (blurred, sharp) = training_data(lite)
    assert (train.length, train.noise_std, train.gamma) == ((2.0, 60.0), (0.0, 0.02), (2.2, 2.2))
    assert (train.kernel_size, train.transpose, len(train)) == (47, True, 3)
    still = lite.with_settings(path_length=1e-6, noise_std=0.0)
    _, (same, as_sharp) = training_data(still)
    assert not torch.allclose(blurred, sharp, atol=0.02)
    torch.testing.assert_close(same, as_sharp, atol=2e-3, rtol=0)  # black is steep


def test_a_length_of_zero_stands_for_that_of_the_algorithm(folder):
    config = recipe("lite").with_settings(data_root=folder, path_length=0.0, kernel_size=32)
    assert training_data(config)[0].length == (30.0, 30.0)


def test_lite_trains_a_network_without_a_critic(folder):
    config = recipe("lite").with_settings(
        data_root=folder, items=16, epochs=4, constant_epochs=4, width=4, blocks=1, crop=48
    )
    trainer = Trainer(config)
    history = trainer.fit()
    assert type(trainer.generator).__name__ == "LiteGenerator"
    assert history[-1]["step"] == 8 and history[-1]["adversarial"] == 0
    assert history[-1]["content"] > 0 and history[0]["psnr"] == history[0]["input_psnr"]


@pytest.mark.parametrize("pairs", [2, VALIDATION_PAIRS + 3])
def test_validation_takes_the_test_pairs_that_there_are(tmp_path, monkeypatch, pairs):
    monkeypatch.setenv("SHARINGAN_DATA", str(tmp_path))
    config = recipe("corrected").with_settings(data_root=gopro(tmp_path, pairs), crop=16)
    train, (blurred, sharp) = training_data(config)
    assert len(train) == pairs
    assert blurred.shape == sharp.shape == (min(pairs, VALIDATION_PAIRS), 3, 16, 16)
    assert len(list((tmp_path / "cache").glob("*.u8"))) == 1
    uncached, _ = training_data(config.with_settings(frame_cache=False))
    assert torch.equal(train[1][0], uncached[1][0])


def test_a_folder_of_pictures_must_be_named():
    with pytest.raises(ConfigError, match="data=folder needs data_root"):
        training_data(recipe("lite"))
