"""What a run trains on: the settings reach the data, and small or missing data are dealt with."""

import pytest
import torch

from sharingan_lab.datasets import Camera, PathCamera, RealPairs, load_folder, photo
from sharingan_lab.errors import ConfigError, DataError
from sharingan_lab.images import write_image
from sharingan_lab.training import Trainer, data, recipe
from sharingan_lab.training.data import VALIDATION_PAIRS, training_data
from sharingan_lab.training.team import join_team


@pytest.fixture
def folder(tmp_path):
    for name in ("coffee", "rocket", "chelsea", "astronaut"):
        write_image(photo(name, 96), tmp_path / f"{name}.png")
    return str(tmp_path)


def gopro(root, pairs):
    """Noise in GoPro's layout, as many pairs in the one training and the one test sequence."""
    rng = torch.Generator().manual_seed(0)
    for split in ("train", "test"):
        for kind in ("blur", "sharp"):
            for i in range(pairs):
                frame = torch.rand(3, 48, 48, generator=rng)
                write_image(frame, root / split / "GOPR0001" / kind / f"{i:06d}.png")
    return str(root)


PATH = {
    "camera": "path", "kernel_size": 47, "path_length": (2.0, 60.0), "noise_std": (0.0, 0.02),
    "gamma": 2.2, "crop": 80, "items": 0,
}  # fmt: skip


def test_the_blur_settings_reach_the_training_and_the_validation_pairs(folder):
    lite = recipe("lite").with_settings(data_root=folder, **PATH)
    train, (blurred, sharp) = training_data(lite)
    assert train.camera == PathCamera(47, (2.0, 60.0), (0.0, 0.02), 2.2)
    assert (train.transpose, len(train)) == (True, 3)
    still = lite.with_settings(path_length=1e-6, noise_std=0.0)
    _, (same, as_sharp) = training_data(still)
    assert not torch.allclose(blurred, sharp, atol=0.02)
    torch.testing.assert_close(same, as_sharp, atol=2e-3, rtol=0)  # black is steep


def test_a_length_of_zero_stands_for_that_of_the_algorithm(folder):
    settings = {**PATH, "path_length": 0.0, "kernel_size": 32}
    config = recipe("lite").with_settings(data_root=folder, **settings)
    assert training_data(config)[0].camera.path_length == (30.0, 30.0)


def test_lite_meets_every_kind_of_blur(folder):
    lite = recipe("lite").with_settings(data_root=folder, crop=48)
    train, (blurred, sharp) = training_data(lite)
    assert train.camera == Camera() and len(train) == 8000
    assert blurred.shape == sharp.shape == (VALIDATION_PAIRS, 3, 48, 48)


def test_real_pairs_are_mixed_in_by_their_share(folder, tmp_path):
    for kind in ("blur", "sharp"):
        write_image(photo("coffee", 64), tmp_path / "real" / kind / "0.png")
    lite = recipe("lite").with_settings(
        data_root=folder, real_root=str(tmp_path / "real"), crop=48, items=30, real_share=0.4
    )
    train, _ = training_data(lite)
    assert [len(part) for part in train.datasets] == [30, 20]
    assert isinstance(train.datasets[1], RealPairs)
    assert len({part.seed for part in train.datasets}) == 2


def test_lite_trains_a_network_without_a_critic(folder):
    config = recipe("lite").with_settings(
        data_root=folder,
        items=16,
        epochs=4,
        constant_epochs=4,
        minutes=0.0,
        width=4,
        blocks=1,
        crop=48,
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


@pytest.fixture
def mixed(tmp_path, monkeypatch):
    """Settings for two pairs of GoPro, beside their own sharp frames."""
    monkeypatch.setenv("SHARINGAN_DATA", str(tmp_path / "data"))
    settings = {"data": "mixed", "crop": 16, "kernel_size": 9, "path_length": 12.0}
    root = gopro(tmp_path / "gopro", 2)
    return recipe("corrected").with_settings(data_root=root, **settings)


def is_cut_from(crop, pictures):
    """Whether one of the pictures holds the crop, as it is or mirrored."""
    return any(
        (windows == way[:, None, None]).all(dim=(0, 3, 4)).any()
        for windows in (p.unfold(1, 16, 1).unfold(2, 16, 1) for p in pictures)
        for way in (crop, crop.flip(-1))
    )


def test_mixed_data_hold_two_synthetic_pairs_to_one_of_gopro(mixed, folder):
    train, validation = training_data(mixed.with_settings(sharp_root=folder))
    real, as_real = training_data(mixed.with_settings(data="gopro"))
    assert (len(real), len(train)) == (2, 6)
    photos = load_folder(folder)
    for epoch in (0, 1):
        train.set_epoch(epoch), real.set_epoch(epoch)
        for i in range(6):
            assert (i < 2 and torch.equal(train[i][0], real[i][0])) or is_cut_from(
                train[i][1], photos
            )
    assert all(torch.equal(a, b) for a, b in zip(validation, as_real, strict=True))


def test_mixed_data_blur_the_sharp_frames_of_gopro_where_no_folder_is_named(mixed):
    train, _ = training_data(mixed)
    real, synthetic = train.datasets
    frames = [sharp / 255 for _, sharp in real.frames]
    assert len(synthetic) == 4 and all(is_cut_from(sharp, frames) for _, sharp in synthetic)
    windows = {tuple(sharp.sort().values.flatten().tolist()) for _, sharp in train}
    assert len(windows) == 6  # none repeats that of the real pair with its index
    place = real.frames[0].untyped_storage().data_ptr()
    assert synthetic.album.pixels.data_ptr() == place


def test_the_blur_settings_reach_the_synthetic_part_of_mixed_data(mixed):
    changes = {"noise_std": 0.0, "path_length": 1e-6, "gamma": 2.2, "transpose": True}
    _, synthetic = training_data(mixed.with_settings(**changes))[0].datasets
    assert synthetic.transpose and synthetic.camera == PathCamera(9, 1e-6, 0.0, 2.2)
    for blurred, sharp in synthetic:
        torch.testing.assert_close(blurred, sharp, atol=2e-3, rtol=0)  # black is steep


def test_a_subset_of_mixed_data_is_one_of_gopros_pairs(mixed, folder):
    train, _ = training_data(mixed.with_settings(sharp_root=folder, subset=1))
    assert len(train) == 3 and len(train.datasets[1].album.starts) == 4


def test_a_network_trains_on_mixed_data_and_goes_on(mixed, tmp_path):
    lite = {"architecture": "lite", "width": 4, "blocks": 1, "content": "l1"}
    config = mixed.with_settings(
        **lite, lambda_adversarial=0.0, batch_size=3, epochs=2, constant_epochs=1, workers=2
    )
    history = Trainer(config, tmp_path / "run").fit()
    assert history[-1]["step"] == 4 and history[-1]["content"] > 0
    longer = Trainer(config, tmp_path / "run", resume=True)
    assert longer.steps_done == 4


@pytest.mark.parametrize("critic", [{}, {"fresh_critic_batches": True, "critic_steps": 2}])
def test_what_a_gpu_makes_together_are_the_same_batches(monkeypatch, critic):
    config = recipe("quick").with_settings(items=40, batch_size=4, crop=32, **critic)
    pairs, _ = training_data(config)
    team = join_team(torch.device("cpu"))
    one_by_one = [*data.batches_of_epoch(pairs, config, 3, 2, team)]
    monkeypatch.setattr(data, "choose_device", lambda name: torch.device("cuda"))
    monkeypatch.setattr(data, "AT_ONCE", 14)  # three batches
    together = [*data.batches_of_epoch(pairs, config, 3, 2, team)]
    assert len(together) == len(one_by_one) == 8
    for batches, others in zip(together, one_by_one, strict=True):
        assert len(batches) == len(others) == (3 if critic else 1)
        for pair, other in zip(batches, others, strict=True):
            for images, those in zip(pair, other, strict=True):
                torch.testing.assert_close(images, those)


@pytest.mark.parametrize("kind", ["folder", "gopro", "mixed"])
def test_data_lie_on_the_device_that_trains_unless_processes_load_them(
    mixed, folder, monkeypatch, kind
):
    monkeypatch.setattr(data, "choose_device", lambda _: torch.device("meta"))
    root = folder if kind == "folder" else mixed.data_root
    config = mixed.with_settings(data=kind, data_root=root)

    def places(config):
        train, (blurred, sharp) = training_data(config)
        assert blurred.device.type == sharp.device.type == "cpu"
        parts = getattr(train, "datasets", [train])
        return {
            pictures.device.type
            for part in parts
            for pictures in [part.album.pixels if hasattr(part, "album") else part.frames[0]]
        }

    assert places(config) == {"meta"}
    assert places(config.with_settings(workers=1)) == {"cpu"}


def test_mixed_data_without_a_cache_are_made_where_gopro_is_decoded(mixed, folder, monkeypatch):
    monkeypatch.setattr(data, "choose_device", lambda _: torch.device("meta"))
    train, _ = training_data(mixed.with_settings(sharp_root=folder, frame_cache=False))
    assert {train[i][0].device.type for i in range(6)} == {"cpu"}


def test_a_missing_folder_of_mixed_data_is_named(mixed, tmp_path):
    with pytest.raises(DataError, match=r"no such folder: .*nowhere"):
        training_data(mixed.with_settings(sharp_root=str(tmp_path / "nowhere")))


def test_a_subset_larger_than_the_folder_is_refused(folder):
    config = recipe("lite").with_settings(data_root=folder, crop=48, items=0)
    assert len(training_data(config.with_settings(subset=3))[0]) == 3
    with pytest.raises(ConfigError, match=r"subset=4: .* has 3 pictures to train on, 1 are held"):
        training_data(config.with_settings(subset=4))


def test_pictures_smaller_than_the_crop_are_named(folder):
    config = recipe("lite").with_settings(data_root=folder, crop=80)
    for name in ("a", "b", "c", "d"):
        write_image(photo("coffee", 79), f"{folder}/{name}.png")
    with pytest.raises(
        DataError, match=r"4 of 8 pictures .* crops of 80: a.png, b.png, c.png \.\.\.;"
    ):
        training_data(config)


def test_a_folder_of_pictures_must_be_named():
    with pytest.raises(ConfigError, match="data=folder needs data_root"):
        training_data(recipe("lite"))


def test_a_batch_larger_than_the_data_is_refused_by_the_trainer_alone():
    small = recipe("quick").with_settings(items=2)
    assert len(training_data(small)[0]) == 2  # to be looked at
    with pytest.raises(ConfigError, match="batch_size=4 exceeds the 2 training items"):
        Trainer(small)
