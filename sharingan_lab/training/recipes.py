"""Named recipes: which settings each takes, and from whom."""

from typing import Any

from sharingan_lab.errors import ConfigError
from sharingan_lab.training.config import TrainConfig

_REFERENCE = {"fresh_critic_batches": False}
RECIPES: dict[str, dict[str, Any]] = {
    "corrected": {},
    "report": {**_REFERENCE, "lambda_gp": 100.0, "subset": 1000},
    "deblurgan": {
        **_REFERENCE, "alpha_per": "batch", "norm_over": "channels", "patches": "sum",
        "vgg_statistics": "none",
    },
    "quick": {
        "data": "photos", "items": 128, "crop": 64, "kernel_size": 31, "batch_size": 4,
        "epochs": 14, "constant_epochs": 7, "learning_rate": 1e-3, "lambda_content": 1000.0,
        "width": 16, "blocks": 3, "critic_width": 16, "dropout": 0.0,
        "fresh_critic_batches": False, "log_every": 8, "validate_every": 32,
        "checkpoint_seconds": 4.0,
    },
    "lite": {
        "data": "folder", "crop": 128, "camera": "every", "transpose": True, "items": 8000,
        "batch_size": 8, "minutes": 600.0, "warm_up": 0.002, "epochs": 100, "constant_epochs": 30,
        "fresh_critic_batches": False, "learning_rate": 1e-3, "beta1": 0.9, "clip_gradient": 0.1,
        "average": 0.999,
        "lambda_adversarial": 0.0, "lambda_content": 0.01, "content": "decibels",
        "architecture": "lite",
        "width": 32, "blocks": 8, "critic_width": 8, "log_every": 100, "validate_every": 1000,
        "checkpoint_seconds": 120.0,
    },
    "sharingan": {  # short: after 20 minutes it was further from the sharp pictures, not sharper
        "data": "folder", "crop": 128, "camera": "every", "transpose": True, "items": 8000,
        "batch_size": 4, "minutes": 6.0, "epochs": 2, "constant_epochs": 1, "average": 0.999,
        "fresh_critic_batches": False, "start": "lite", "architecture": "lite", "width": 32,
        "blocks": 8, "critic_width": 32, "log_every": 20, "validate_every": 200,
        "checkpoint_seconds": 120.0,
    },
}  # fmt: skip


def recipe(name: str) -> TrainConfig:
    """Return a named recipe.

    Parameters
    ----------
    name : {"quick", "report", "deblurgan", "corrected", "lite", "sharingan"}
        "quick": a small network on bundled photographs, a minute or two without a GPU and not the
        full result; "report": as the SharinGAN report says (batch 1, lambda 100 for the penalty,
        1,000 images); "deblurgan": as the reference code does it, deviations included;
        "corrected": the mathematics as published; "lite": the small restorer that ships, without a
        critic, on a folder of sharp photographs; "sharingan": from its weights on, with the losses
        of the report.

    Examples
    --------
    >>> recipe("report").lambda_gp
    100.0
    """
    if name not in RECIPES:
        raise ConfigError(f"unknown recipe {name!r}: choose from {', '.join(RECIPES)}")
    return TrainConfig(recipe=name, **RECIPES[name])
