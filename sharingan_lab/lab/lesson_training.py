"""The run that lesson 08 trains: which settings, and how it is watched."""

import math

from sharingan_lab.lab.key_figures import notice
from sharingan_lab.lab.lesson import Run
from sharingan_lab.lab.progress_bar import progress
from sharingan_lab.training.config import TrainConfig
from sharingan_lab.training.recipes import recipe
from sharingan_lab.training.trainer import Trainer

# of the recipe `quick`: half a minute, and rows enough for a curve
SHORT = {"epochs": 3, "constant_epochs": 1, "log_every": 4, "validate_every": 16}


def chosen_settings(run: Run, name: str = "", epochs: int = 0, changes: str = "") -> TrainConfig:
    """Return the settings that the parameters of the lesson ask for.

    Parameters
    ----------
    name : str
        A recipe; empty: `quick`, shortened, in quick mode and `report` in full mode.
    epochs : int
        Half of them with the constant learning rate; 0: as the recipe says.
    changes : str
        Texts ``field=value`` with spaces between them.

    Raises
    ------
    ConfigError
        A setting is unknown or out of range.

    Examples
    --------
    >>> from sharingan_lab.lab import setup
    >>> run = setup("08", device="cpu")
    >>> settings = chosen_settings(run, changes="precision=bfloat16 lambda_gp=5")
    >>> settings.recipe, settings.epochs, settings.precision, settings.lambda_gp
    ('quick', 3, 'bfloat16', 5.0)
    """
    name = name or run.choose(quick="quick", full="report")
    config = recipe(name).with_settings(seed=run.seed, device=run.device.type)
    if run.mode == "quick" and name == "quick":
        config = config.with_settings(**SHORT)
    if epochs:
        config = config.with_settings(epochs=epochs, constant_epochs=epochs // 2, minutes=0.0)
    if run.data_root and config.data == "gopro":
        config = config.with_settings(data_root=str(run.data_root))
    return config.with_assignments(changes.split())


def watch(trainer: Trainer) -> None:
    """Train to the end behind a progress bar, and put what the trainer has to say on the page.

    Raises
    ------
    KeyboardInterrupt
        The reader stopped it; says after which step, and how to go on.

    Examples
    --------
    >>> config = recipe("quick").with_settings(epochs=1, constant_epochs=1, items=4, width=4)
    >>> watch(Trainer(config.with_settings(vgg="random")))  # doctest: +ELLIPSIS
    training, recipe quick: 0 of 1...
    Notice: Content loss: VGG-19 conv3_3 with RANDOM weights (as asked). Every...
    """
    seconds = math.ceil(60 * trainer.config.minutes)  # of a run by the clock
    label = f"training, recipe {trainer.config.recipe}{', in seconds' if seconds else ''}"

    def done() -> int:
        return round(seconds * trainer.share) if seconds else trainer.steps_done

    with progress(seconds or trainer.total_steps, label) as bar:
        bar.update(steps=done())  # those of a run that goes on

        def show(step: int, total: int, row: dict[str, float], left: float) -> None:
            words = f"content loss {row['content']:.3f}" if "content" in row else ""
            bar.update(words, steps=done() - bar.done)

        try:
            trainer.fit(show)
        except KeyboardInterrupt:
            bar.update(steps=done() - bar.done)
            raise KeyboardInterrupt(_stopped(trainer)) from None
    for text in trainer.notices:
        notice(f"Content loss: {text}. Every loss and picture of this run was made with it.")


def _stopped(trainer: Trainer) -> str:
    """Say how far a stopped training came and how it goes on."""
    came = f"you stopped the training after step {trainer.steps_done} of {trainer.total_steps}"
    if trainer.run_dir is None:
        return f"{came}; nothing was saved, the cell starts it anew."
    return f"{came}; its state is saved. Run the cell again and it goes on from there."
