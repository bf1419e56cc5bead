"""Settings are checked before any work, and recipes differ where they should."""

import dataclasses

import pytest

from sharingan_lab.errors import ConfigError
from sharingan_lab.training import RECIPES, TrainConfig, recipe


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_survives_the_way_through_json(name):
    assert TrainConfig.from_json(recipe(name).to_json()) == recipe(name)
    assert recipe(name).recipe == name


def test_report_is_what_the_report_says():
    report = recipe("report")
    assert (report.batch_size, report.lambda_gp, report.lambda_content) == (1, 100.0, 100.0)
    assert (report.subset, report.epochs, report.critic_steps, report.crop) == (1000, 300, 5, 256)


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
        ("constant_epochs=9999", "must not exceed epochs"),
        ("epochs=ten", "must be of type int"),
        ("fresh_critic_batches=1", "must be true or false"),
        ("leraning_rate=1", "did you mean 'learning_rate'"),
        ("seed", "write FIELD=VALUE"),
    ],
)
def test_a_wrong_setting_is_named(assignment, message):
    with pytest.raises(ConfigError, match=message):
        recipe("quick").with_assignments([assignment])


def test_nothing_to_train_is_refused():
    with pytest.raises(ConfigError, match="nothing to train"):
        TrainConfig(lambda_adversarial=0, lambda_content=0)


def test_an_unknown_recipe_names_the_known_ones():
    with pytest.raises(ConfigError, match="quick"):
        recipe("slow")
