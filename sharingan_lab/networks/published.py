"""Weights of the published DeblurGAN in our generator."""

import re
from collections.abc import Mapping

from torch import Tensor

from sharingan_lab.errors import CheckpointError
from sharingan_lab.networks.generator import Generator

# Buffers that old releases of PyTorch stored with instance normalisation and never used.
_UNUSED = re.compile(r"\.(running_mean|running_var|num_batches_tracked)$")


def load_deblurgan_weights(generator: Generator, state_dict: Mapping[str, Tensor]) -> Generator:
    """Copy weights that have the key layout of the DeblurGAN authors' code into a generator.

    Parameters
    ----------
    generator : Generator
        Of the published size, or of the size of the weights; changed in place.
    state_dict : mapping
        Name to tensor: ``model.1.weight``, ``model.10.conv_block.1.weight`` and so on, with or
        without a leading ``module.``. From a foreign file read it with
        ``torch.load(path, map_location="cpu", weights_only=True)``.

    Returns
    -------
    Generator
        The one that was given, with the weights' number type left as the generator has it.

    Raises
    ------
    CheckpointError
        A name is missing or unknown, or a shape differs; the generator is not changed.

    Notes
    -----
    The layers stand in the same order in both; a residual block is called ``conv_block`` there and
    ``body`` here. Training began for both in [-1, 1] with RGB, which :class:`Generator` takes care
    of. The authors tested in training mode, so that two runs of theirs differ; ``eval()`` does not.

    Examples
    --------
    >>> ours = Generator(width=4, blocks=1)
    >>> theirs = {n.replace("body", "conv_block"): t for n, t in ours.state_dict().items()}
    >>> load_deblurgan_weights(Generator(width=4, blocks=1), theirs).training
    True
    """
    renamed = {
        name.removeprefix("module.").replace(".conv_block.", ".body."): tensor
        for name, tensor in state_dict.items()
        if not _UNUSED.search(name)
    }
    wanted = generator.state_dict()
    missing, unknown = sorted(wanted.keys() - renamed), sorted(renamed.keys() - wanted)
    if missing or unknown:
        raise CheckpointError(
            f"these are no weights of a DeblurGAN generator with {generator.settings}: "
            f"{len(missing)} missing {missing[:2]}, {len(unknown)} unknown {unknown[:2]}"
        )
    for name, tensor in renamed.items():
        if tensor.shape != wanted[name].shape:
            raise CheckpointError(
                f"{name} has shape {tuple(tensor.shape)}, this generator has "
                f"{tuple(wanted[name].shape)}: build it with the width of the weights"
            )
    generator.load_state_dict(renamed)
    return generator
