"""Adversarial objectives: what the critic and the generator minimise.

Scores are what a critic returns: one value a sample (N, ...) or a patch map (N, 1, h, w).

References
----------
.. [1] Goodfellow et al., "Generative adversarial nets", NeurIPS 2014. Equations (2) and (7).
.. [2] Mao et al., "Least squares generative adversarial networks", ICCV 2017.
.. [3] Arjovsky et al., "Wasserstein GAN", ICML 2017. Equation (4).
"""

from torch import Tensor
from torch.nn.functional import softplus

from sharingan_lab.checks import check_choice

OBJECTIVES = ("vanilla", "non-saturating", "least-squares", "wasserstein")


def critic_loss(real_scores: Tensor, fake_scores: Tensor, objective: str = "wasserstein") -> Tensor:
    r"""Loss that the critic (or discriminator) minimises.

    Parameters
    ----------
    real_scores, fake_scores : Tensor
        Scores of real and of generated samples. For "vanilla" and "non-saturating" they are logits:
        :math:`D = \mathrm{sigmoid}(\mathrm{score})`.
    objective : str
        "vanilla" or "non-saturating": minus equation (2); "least-squares" [2]_; "wasserstein":
        minus equation (4), the estimate of the earth mover's distance being minus this loss.

    Examples
    --------
    >>> import torch
    >>> critic_loss(torch.tensor([2.0]), torch.tensor([0.5])).item()
    -1.5
    """
    check_choice("objective", objective, OBJECTIVES)
    if objective == "wasserstein":
        return fake_scores.mean() - real_scores.mean()
    if objective == "least-squares":
        return ((real_scores - 1) ** 2).mean() / 2 + (fake_scores**2).mean() / 2
    # log D = -softplus(-score) and log(1 - D) = -softplus(score), stable for large scores
    return softplus(-real_scores).mean() + softplus(fake_scores).mean()


def generator_loss(fake_scores: Tensor, objective: str = "wasserstein") -> Tensor:
    r"""Adversarial loss that the generator minimises.

    Parameters
    ----------
    fake_scores : Tensor
        Scores of generated samples (logits for "vanilla" and "non-saturating").
    objective : str
        "vanilla": :math:`E[\log(1 - D)]` of equation (2), which saturates; "non-saturating":
        :math:`-E[\log D]`; "least-squares"; "wasserstein": :math:`-E[D]` of equation (4).

    Examples
    --------
    >>> import torch
    >>> generator_loss(torch.tensor([1.0, 3.0])).item()
    -2.0
    """
    check_choice("objective", objective, OBJECTIVES)
    if objective == "wasserstein":
        return -fake_scores.mean()
    if objective == "least-squares":
        return ((fake_scores - 1) ** 2).mean() / 2
    if objective == "non-saturating":
        return softplus(-fake_scores).mean()
    return -softplus(fake_scores).mean()
