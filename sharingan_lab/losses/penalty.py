"""The gradient penalty of WGAN-GP, and the variants that implementations differ in.

References
----------
.. [1] Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017. Equation (5).
.. [2] Kupyn et al., "DeblurGAN", CVPR 2018, and its authors' code.
.. [3] Petzka et al., "On the regularization of Wasserstein GANs", ICLR 2018.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from sharingan_lab.checks import check_choice, check_rng, describe
from sharingan_lab.errors import InputError


def gradient_penalty(
    critic: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    *,
    rng: torch.Generator,
    alpha_per: str = "sample",
    norm_over: str = "sample",
    patches: str = "mean",
    one_sided: bool = False,
) -> Tensor:
    r"""Penalty that keeps the critic 1-Lipschitz, equation (5) without its factor lambda.

    .. math:: E_{\hat x}[(\lVert \nabla_{\hat x} D(\hat x) \rVert_2 - 1)^2], \quad
              \hat x = \alpha x + (1 - \alpha) \tilde x, \quad \alpha \sim U(0, 1)

    A patch map counts as one score a sample, the *mean* of its patches, as in the other losses: the
    slope of their sum is as many times larger as there are patches.

    Parameters
    ----------
    critic : callable
        Maps (N, ...) samples to one score a sample or to a patch map.
    real, fake : Tensor
        Samples (N, ...) of equal shape; images in [-1, 1], where the trainer differentiates.
    rng : torch.Generator
        Source of alpha.
    alpha_per : {"sample", "batch"}
        Draw alpha for each sample, as published, or once for the batch, as the DeblurGAN code does.
    norm_over : {"sample", "channels"}
        Norm over all values of a sample, as published, or over its channels only, pixel by pixel,
        as the DeblurGAN code does.
    patches : {"mean", "sum"}
        What of a patch map is differentiated: its mean, or its sum, as the DeblurGAN code does.
    one_sided : bool
        Penalise only norms above 1, :math:`\max(0, \lVert \cdot \rVert - 1)^2` [3]_, as 1-Lipschitz
        asks; as published, norms below 1 are penalised, too.

    Returns
    -------
    Tensor
        Scalar, differentiable with respect to the critic's weights.

    Examples
    --------
    A linear critic has the penalty (\|w\| - 1)^2 wherever it is sampled:

    >>> w = torch.tensor([3.0, 4.0])
    >>> rng = torch.Generator().manual_seed(0)
    >>> gradient_penalty(lambda x: x @ w, torch.zeros(8, 2), torch.ones(8, 2), rng=rng).item()
    16.0
    """
    _check_samples(real, fake)
    check_choice("alpha_per", alpha_per, ("sample", "batch"))
    check_choice("norm_over", norm_over, ("sample", "channels"))
    check_choice("patches", patches, ("mean", "sum"))
    check_rng(rng)
    n = real.shape[0]
    draws = n if alpha_per == "sample" else 1
    alpha = torch.rand(draws, generator=rng, device=rng.device).to(real)
    alpha = alpha.view(-1, *[1] * (real.ndim - 1))
    x_hat = (alpha * real + (1 - alpha) * fake).detach().requires_grad_()
    scores = critic(x_hat).reshape(n, -1).to(real.dtype)
    scores = scores.mean(dim=1) if patches == "mean" else scores.sum(dim=1)
    (gradient,) = torch.autograd.grad(scores.sum(), x_hat, create_graph=True)
    if norm_over == "sample":
        gradient = gradient.flatten(start_dim=1)
    excess = torch.linalg.vector_norm(gradient, dim=1) - 1
    if one_sided:
        excess = excess.relu()
    return (excess**2).mean()


def _check_samples(real: Tensor, fake: Tensor) -> None:
    for name, samples in (("real", real), ("fake", fake)):
        kind = isinstance(samples, Tensor) and samples.is_floating_point()
        if not kind or samples.numel() == 0:
            raise InputError(f"{name} must be floating-point samples, got {describe(samples)}")
    if real.shape != fake.shape:
        raise InputError(f"real {tuple(real.shape)} and fake {tuple(fake.shape)} differ in shape")
