"""Loading generators by name, file or run, and restoring images of any size."""

import pytest
import torch
from safetensors.torch import save_file

from sharingan_lab.blur import degrade, random_kernels
from sharingan_lab.datasets import photo, photos
from sharingan_lab.errors import CheckpointError, ConfigError, DataError, InputError
from sharingan_lab.evaluation import load_detector, psnr
from sharingan_lab.images import read_image, write_image
from sharingan_lab.locations import shipped_generators
from sharingan_lab.networks import Critic, Generator, LiteGenerator
from sharingan_lab.restore import load_generator, restore, restore_file
from sharingan_lab.training import Trainer, recipe
from sharingan_lab.training.checkpoints import save_network


def images(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("network", [Generator(width=4, blocks=1), LiteGenerator(4, 1)])
def test_a_saved_generator_comes_back_the_same(network, tmp_path):
    save_network(network, tmp_path / "mine.safetensors")
    loaded = load_generator(tmp_path / "mine.safetensors")
    assert type(loaded) is type(network) and not loaded.training
    batch = images(2, 3, 19, 26)
    assert torch.equal(restore(batch, loaded), restore(batch, network))


def test_the_folder_of_a_run_gives_its_newest_generator(tmp_path):
    config = recipe("quick").with_settings(
        items=8, epochs=2, constant_epochs=1, width=4, critic_width=4, content="l1"
    )
    trainer = Trainer(config, tmp_path)
    trainer.fit()
    batch = images(1, 3, 32, 32)
    assert torch.equal(restore(batch, load_generator(tmp_path)), restore(batch, trainer.generator))


@pytest.mark.parametrize("name", shipped_generators())
def test_shipped_generators_improve_on_a_blur_they_never_saw(name):
    rng = torch.Generator().manual_seed(99)
    sharp = photos(192, names=("astronaut", "chelsea", "coffee", "motorcycle", "rocket"))
    blurred = degrade(sharp, random_kernels(5, 31, rng=rng), noise_std=0.01, rng=rng)
    restored = restore(blurred, load_generator(name))
    assert psnr(restored, sharp).mean() > psnr(blurred, sharp).mean()


SIZES = ((125, 131), (126, 129), (127, 130), (131, 127))  # none fits; 128 x 128 does


def added_to(scene, generator, height, width):
    """Change of each pixel of the lower right corner, which shows the same in each size."""
    sharp = scene[..., -height:, -width:]
    return (restore(sharp, generator) - sharp).abs()[0].mean(dim=0)


def test_borders_of_any_size_are_changed_as_those_of_a_size_that_fits():
    torch.manual_seed(0)
    generator, scene = Generator(16, 3).eval(), photo("chelsea", 160)

    def border(height, width):
        change = added_to(scene, generator, height, width)
        return torch.stack([change[-4:].mean(), change[:, -4:].mean()])

    for size in SIZES:
        torch.testing.assert_close(border(*size), border(128, 128), rtol=0.3, atol=0.0)


@pytest.mark.parametrize("kind", ["deblurgan", "lite"])
def test_no_row_or_column_stands_out_from_its_neighbours(kind):
    torch.manual_seed(0)
    generator = load_generator("lite") if kind == "lite" else Generator(16, 3).eval()
    scene = photo("chelsea", 160)
    for size in SIZES:
        change = added_to(scene, generator, *size)
        for line in (change.mean(dim=1), change.mean(dim=0)):
            around = torch.stack([line[:-4], line[1:-3], line[3:-1], line[4:]]).amax(dim=0)
            assert (line[2:-2] < 1.5 * around).all()


def test_the_shipped_generator_is_as_good_at_padded_borders_as_at_those_of_a_size_that_fits():
    rng = torch.Generator().manual_seed(1)
    sharp = photos(160, names=("astronaut", "chelsea", "coffee", "rocket"))
    generator = load_generator("lite")
    blurred = degrade(sharp, random_kernels(len(sharp), 31, rng=rng), rng=rng)

    def errors(height, width):
        """Mean squares of what is wrong in the last eight rows, and in the last eight columns."""
        wrong = restore(blurred[..., -height:, -width:], generator) - sharp[..., -height:, -width:]
        rows, columns = wrong[..., -8:, -112:], wrong[..., -112:, -8:]
        return torch.stack([rows.square().mean(), columns.square().mean()])

    fits = errors(128, 128)
    for size in SIZES:
        assert (errors(*size) < 1.1 * fits).all()


def test_restoring_is_deterministic_and_leaves_the_mode_alone():
    generator = Generator(width=4, blocks=1).train()
    batch = images(1, 3, 32, 32)
    assert torch.equal(restore(batch, generator), restore(batch, generator))
    assert generator.training


def test_a_file_is_restored_whole_or_not_at_all(tmp_path):
    write_image(images(1, 3, 17, 23), tmp_path / "photo.jpg")
    out = restore_file(tmp_path / "photo.jpg", tmp_path / "deep" / "out.png", LiteGenerator(4, 1))
    assert read_image(out).shape == (1, 3, 17, 23)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"broken\.jpg"):
        restore_file(tmp_path / "broken.jpg", tmp_path / "new.png", LiteGenerator(4, 1))
    with pytest.raises(InputError, match=r"end the name in \.png"):
        restore_file(tmp_path / "photo.jpg", tmp_path / "new.xyz", LiteGenerator(4, 1))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["broken.jpg", "deep", "photo.jpg"]


def test_what_cannot_be_loaded_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"no generator 'none\.safetensors'"):
        load_generator("none.safetensors")
    with pytest.raises(CheckpointError, match="holds no checkpoint"):
        load_generator(tmp_path)
    (tmp_path / "damaged.safetensors").write_bytes(b"\x00" * 40)
    with pytest.raises(CheckpointError, match="damaged"):
        load_generator(tmp_path / "damaged.safetensors")
    save_file({"x": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(CheckpointError, match="does not say which network"):
        load_generator(tmp_path / "foreign.safetensors")
    for about in ("[]", "null", "3", "{", '{"network": "LiteGenerator", "settings": 4}'):
        named = {"sharingan-lab": about}
        save_file({"x": torch.zeros(1)}, tmp_path / "foreign.safetensors", metadata=named)
        with pytest.raises(CheckpointError, match="does not say which network"):
            load_generator(tmp_path / "foreign.safetensors")
    save_network(Critic(width=4), tmp_path / "critic.safetensors")
    with pytest.raises(CheckpointError, match="no generator"):
        load_generator(tmp_path / "critic.safetensors")


@pytest.mark.parametrize("device", ["3", "auto", "cuda:99", 1.5])
def test_a_device_that_is_not_there_is_named(device):
    for load in (load_generator, load_detector):
        with pytest.raises(ConfigError, match=f"^device='{device}': torch has none such here: "):
            load(device=device)


def test_weights_that_are_not_finite_or_of_another_shape_are_one_line(tmp_path):
    network, path = LiteGenerator(4, 1), tmp_path / "a.safetensors"
    name, values = next(iter(network.named_parameters()))
    values.data.fill_(torch.nan)
    save_network(network, path)
    with pytest.raises(CheckpointError, match=f"has NaN or infinity in {name}: take weights of"):
        load_generator(path)
    other = LiteGenerator(4, 1)
    other.settings = {"width": 8, "blocks": 1}
    save_network(other, path)
    with pytest.raises(CheckpointError, match=r"does not fit LiteGenerator.* size mismatch") as it:
        load_generator(path)
    assert len(str(it.value)) < 500 and "\n" not in str(it.value)


def test_images_of_another_form_are_refused():
    with pytest.raises(InputError, match=r"got float32 \(32, 32, 3\)"):
        restore(images(32, 32, 3), LiteGenerator(4, 1))
