"""Settings are checked before any work, and recipes differ where they should."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from sharingan_lab.errors import ConfigError
from sharingan_lab.training import RECIPES, TrainConfig, recipe


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_survives_the_way_through_json(name, tmp_path):
    (tmp_path / "config.json").write_text(recipe(name).to_json())
    assert TrainConfig.read(tmp_path / "config.json") == recipe(name)
    assert recipe(name).recipe == name


def test_report_is_what_the_report_says():
    report = recipe("report")
    assert (report.batch_size, report.lambda_gp, report.lambda_content) == (1, 100.0, 100.0)
    assert (report.subset, report.epochs, report.critic_steps, report.crop) == (1000, 300, 5, 256)


def test_lite_has_no_critic_and_sees_every_kind_of_blur():
    lite = recipe("lite")
    assert (lite.data, lite.architecture, lite.content) == ("folder", "lite", "decibels")
    assert lite.lambda_adversarial == 0 and lite.lambda_content > 0
    assert lite.camera == "every" and lite.minutes > 0 and lite.average > 0


def test_sharingan_goes_on_from_lite_with_the_losses_of_corrected():
    lite, sharingan, plain = recipe("lite"), recipe("sharingan"), recipe("corrected")
    assert sharingan.start == "lite"
    same_as_lite = ("data", "camera", "architecture", "width", "blocks")
    same_as_plain = (
        "objective", "lambda_gp", "lambda_content", "lambda_adversarial", "content", "vgg",
        "alpha_per", "norm_over", "patches", "critic_steps", "learning_rate",
    )  # fmt: skip
    assert all(getattr(sharingan, name) == getattr(lite, name) for name in same_as_lite)
    assert all(getattr(sharingan, name) == getattr(plain, name) for name in same_as_plain)


def test_a_range_is_a_tuple_from_a_text_and_from_json(tmp_path):
    config = recipe("quick").with_assignments(["path_length=2,60", "gamma=1,2.2", "noise_std=0.1"])
    assert (config.path_length, config.gamma) == ((2.0, 60.0), (1.0, 2.2))
    assert config.noise_std == 0.1
    (tmp_path / "config.json").write_text(config.to_json())
    assert TrainConfig.read(tmp_path / "config.json") == config
    assert TrainConfig(**json.loads(config.to_json())) == config


def test_the_default_is_corrected():
    assert TrainConfig() == recipe("corrected")


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe("quick").seed = 1


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("crop=3", "crop=3: must be at least 16"),
        ("batch_size=0", "batch_size=0"),
        ("learning_rate=0", "learning_rate=0.0: must lie in"),
        ("learning_rate=nan", "learning_rate=nan"),
        ("lambda_gp=nan", "lambda_gp=nan"),
        ("dropout=1", "dropout=1.0"),
        ("objective=hinge", "choose from vanilla"),
        ("data=imagenet", "choose from gopro"),
        ("epochs=2", "must not exceed epochs=2: set constant_epochs as well"),
        ("epochs=ten", "must be of type int"),
        ("noise_std=0,2", r"noise_std=\(0.0, 2.0\): must be a number or a range .* from 0 to 1"),
        ("noise_std=0,", "noise_std='0,': must be of type float"),
        ("path_length=60,2", "path_length="),
        ("path_length=nan", "path_length=nan"),
        ("gamma=0.5", "gamma=0.5: .* from 1 to 4"),
        ("gamma=1,2,3", "gamma="),
        ("fresh_critic_batches=1", "must be true or false"),
        ("leraning_rate=1", "did you mean 'learning_rate'"),
        ("critic_limit=-1", "critic_limit=-1.0: must be at least 0"),
        ("minutes=-1", "minutes=-1.0: must be at least 0"),
        ("average=1", "average=1.0: must lie in"),
        ("warm_up=-0.1", "warm_up=-0.1: must lie in"),
        ("real_share=1", "real_share=1.0: must lie in"),
        ("camera=all", "camera='all': choose from path, every"),
        ("tensorboard=yes", "must be true or false"),
        ("seed", "write FIELD=VALUE"),
    ],
)
def test_a_wrong_setting_is_named(assignment, message):
    with pytest.raises(ConfigError, match=message):
        recipe("quick").with_assignments([assignment])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sharp_root": "photos"}, "sharp_root='photos' .* data='gopro': leave .* data=mixed$"),
        ({"items": 9}, "items=9 says nothing .* choose data=folder or photos$"),
        ({"data": "mixed", "items": 9}, "items=9 says nothing about data='mixed'"),
        ({"data": "photos", "data_root": "x"}, "data_root='x' says nothing about data='photos'"),
        ({"real_root": "films"}, "real_root='films' says nothing .* choose data=folder$"),
        ({"camera": "every", "gamma": 2.2}, "gamma=2.2 says nothing about camera='every'"),
        ({"camera": "every", "kernel_size": 9}, "kernel_size=9 says nothing .* camera=path$"),
        ({"data": "mixed", "frame_cache": False}, "needs a folder of sharp .* or frame_cache=true"),
    ],
)
def test_a_setting_that_says_nothing_about_the_data_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        TrainConfig(**settings)
    TrainConfig(data="mixed", sharp_root="photos", data_root="x", frame_cache=False)


def test_nothing_to_train_is_refused():
    with pytest.raises(ConfigError, match="nothing to train"):
        TrainConfig(lambda_adversarial=0, lambda_content=0)


WRONG = {
    "int": ("3", None, 1.0, math.nan, True, [1], {}),
    "float": ("3", None, math.nan, math.inf, -math.inf, 10**400, True, {}, 1j),
    "str": (None, 1, b"x", [], {}, True),
    "bool": ("true", None, 1, 0.0, []),
}


@pytest.mark.parametrize("field", dataclasses.fields(TrainConfig), ids=lambda field: field.name)
def test_a_value_of_another_type_is_one_line_whatever_the_setting(field):
    kind = type(field.default).__name__
    for value in WRONG[kind]:
        with pytest.raises(ConfigError, match=f"^{field.name}=.*: must be [^\n]+$"):
            TrainConfig(**{field.name: value})


def test_a_value_is_kept_as_files_have_it():
    config = TrainConfig(
        data_root=Path("a", "b"), epochs=np.int64(200), minutes=5, dropout=np.float32(0.25)
    )
    read = json.loads(config.to_json())
    assert (read["data_root"], read["epochs"]) == (str(Path("a", "b")), 200)
    assert (read["minutes"], read["dropout"]) == (5.0, 0.25)


@pytest.mark.parametrize("name", ["workers", "width", "blocks", "critic_width", "critic_steps"])
def test_a_slip_that_would_take_the_machine_is_refused(name):
    with pytest.raises(ConfigError, match=f"{name}=9999999: must be at most"):
        TrainConfig(**{name: 9_999_999})


def test_an_unknown_recipe_names_the_known_ones():
    with pytest.raises(ConfigError, match="quick"):
        recipe("slow")


# What each recipe changes of `corrected`, as its docstring and lesson 08 say; and nothing else.
CHANGES = {
    "corrected": {},
    "report": {"fresh_critic_batches": False, "lambda_gp": 100.0, "subset": 1000},
    "deblurgan": {
        "fresh_critic_batches": False, "alpha_per": "batch", "norm_over": "channels",
        "patches": "sum", "vgg_statistics": "none",
    },
    "quick": {
        "data": "photos", "items": 128, "crop": 64, "batch_size": 4, "epochs": 14,
        "constant_epochs": 7, "fresh_critic_batches": False, "learning_rate": 1e-3,
        "lambda_content": 1000.0, "width": 16, "blocks": 3, "critic_width": 16, "dropout": 0.0,
        "log_every": 8, "validate_every": 32, "checkpoint_seconds": 4.0,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_a_recipe_changes_what_it_says_and_nothing_else(name):
    plain, changed = (dataclasses.asdict(recipe(n)) for n in ("corrected", name))
    differ = {k: changed[k] for k in plain if changed[k] != plain[k] and k != "recipe"}
    assert differ == CHANGES[name]
