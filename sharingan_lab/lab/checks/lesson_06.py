"""Checks of lesson 06: what the networks are made of."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from sharingan_lab.lab.checks.answers import dice, near, number, numbers, scalar, shown, tensor
from sharingan_lab.lab.checks.verdict import Open, expect
from sharingan_lab.lab.probes.checkerboard import overlap_counts


def conv_size(function: Callable[[int, int, int, int], int]) -> str:
    """Check the size that a convolution makes: small cases, then torch's own."""
    looks = {
        (4, 2, 2, 0): "the kernel moves by s pixels: divide, then add 1",
        (5, 3, 1, 1): "padding on both sides: 2 * p",
        (7, 4, 2, 1): "rounded down: // divides whole numbers so",
    }
    cases = [*looks, (256, 3, 2, 1), (33, 4, 1, 2), (9, 5, 3, 0)]
    for size, k, s, p in cases:
        seen = scalar(function(size, k, s, p), "conv_size").item()
        wanted = nn.Conv2d(1, 1, k, stride=s, padding=p)(torch.zeros(1, 1, size, size)).shape[-1]
        look = looks.get((size, k, s, p), "the formula, term by term")
        what = f"{seen:g} for size {size}, kernel {k}, stride {s}, padding {p}"
        expect(seen == wanted, what, f"{wanted}", look)
    return "the sizes of six convolutions, as torch makes them."


def resout(function: Callable) -> str:
    """Check ResOut: a network that adds nothing, one that adds a little, one that adds too much."""
    blurred = torch.tensor([0.0, 0.25, 0.5, 1.0]).expand(1, 3, 2, 4)
    seen = tensor(function(blurred, torch.zeros_like), (1, 3, 2, 4), "resout's answer")
    look = "back to [0, 1] at the end: (restored + 1) / 2"
    look = "the addition: the network returns what has to be added" if seen.std() < 1e-6 else look
    row = [round(v, 2) for v in seen[0, 0, 0].tolist()]
    expect(near(seen, blurred), f"a network of zeros makes {row}", "the input itself", look)
    seen = tensor(function(blurred, lambda x: x / 2), (1, 3, 2, 4), "resout's answer")
    wanted = ((3 * blurred - 1.5).clamp(-1, 1) + 1) / 2
    row, right = ([round(v, 3) for v in x[0, 0, 0].tolist()] for x in (seen, wanted))
    look = "the network must be given 2 * blurred - 1, in [-1, 1]"
    look = "the clamp: to [-1, 1] before going back" if seen.max() > 1 or seen.min() < 0 else look
    expect(near(seen, wanted), f"adding half of the input makes {row}", f"{right}", look)
    return "input plus correction, clamped: as the library's Generator."


def receptive_field(function: Callable) -> str:
    """Check the recurrence of size, step and start, on layers one can count on the fingers."""
    cases = {
        ((3, 1, 1),): (3, 1, -1),
        ((3, 1, 0), (3, 1, 0)): (5, 1, 0),
        ((4, 2, 1), (4, 2, 1)): (10, 4, -3),
        ((4, 2, 2), (4, 2, 2), (4, 2, 2), (4, 1, 2), (4, 1, 2)): (70, 8, -46),
    }
    grows = {
        "field": "field grows by (k - 1) * step",
        "step": "step is multiplied by s",
        "start": "start falls by p * step",
    }
    for layers, wanted in cases.items():
        seen = function(list(layers))
        if seen is None:
            raise Open("receptive_field returns None: write the loop over the layers.")
        seen = numbers(seen, "receptive_field's answer")
        text, look = ", ".join(f"{n:g}" for n in seen), "return field, step, start"
        expect(len(seen) == 3, f"receptive_field returns {text}", "three numbers", look)
        wrong = [n for n, a, b in zip(grows, seen, wanted, strict=True) if a != b]
        look = " and ".join(grows[name] for name in wrong)
        look += ", with the old step: before it is multiplied" if len(layers) > 1 else ""
        expect(not wrong, f"({text}) for {list(layers)}", f"{wanted}", look)
    return "size, step and start agree, down to the critic's 70 pixels."


def exercise_1(my_parameters: object) -> str:
    """Check the parameters of a first convolution of six channels."""
    n = number(my_parameters, "my_parameters")
    looks = {
        6 * 64 * 16: "one bias for each output channel is missing",
        6 * 64 * 16 + 6: "the biases belong to the output channels, not to those of the input",
        6 * 64 * 4 + 64: "a 4x4 kernel has 16 weights for each pair of channels, not 4",
        6 * 64 * 9 + 64: "that is a 3x3 kernel, as in the generator; the critic has 4x4",
        3 * 64 * 16 + 64: "that is the critic of the table, with 3 channels in",
    }
    look = looks.get(n, "multiply channels in, channels out and weights, add biases")
    expect(n == 6 * 64 * 16 + 64, f"{n:,.10g} parameters", "weights and biases", look)
    return "6 x 64 kernels of 16 weights, and 64 biases."


def exercise_2(my_useless_parameters: object, *, generator: nn.Module) -> str:
    """Check how many of the generator's parameters an InstanceNorm makes idle."""
    n = number(my_useless_parameters, "my_useless_parameters")
    biases = [p.numel() for name, p in generator.named_parameters() if name.endswith("bias")]
    looks = {
        sum(biases): "close: is every convolution followed by an InstanceNorm?",
        9 * 2 * 256: "those in the blocks, yes. Which layers outside the blocks are alike?",
        len(biases) - 1: "so many layers; how many numbers do they hold?",
    }
    look = looks.get(n, "look for what adds a constant to a whole channel")
    right = sum(biases[:-1])  # the last convolution alone has no InstanceNorm after it
    expect(
        n == right, f"{n:,.10g} parameters", "all those that a normalisation subtracts again", look
    )
    return "every bias that an InstanceNorm follows."


def exercise_3(my_layers: object) -> str:
    """Check the layers of a small critic: kernels, strides, and what a score sees."""
    is_list = isinstance(my_layers, list | tuple)
    pairs = is_list and all(isinstance(x, list | tuple) and len(x) == 2 for x in my_layers)
    whole = pairs and all(type(n) is int and n > 0 for pair in my_layers for n in pair)
    seen, expected = f"my_layers is {shown(my_layers)}", "pairs of whole numbers"
    expect(whole, seen, f"{expected}, [(kernel, stride), ...]", "such as [(4, 2), (3, 1)]")
    strides = sum(s == 2 for _, s in my_layers)
    seen = f"{len(my_layers)} layers, {strides} of stride 2"
    limits = "at most four layers, at least two strides of 2"
    expect(len(my_layers) <= 4 and strides >= 2, seen, limits, "the two limits of the text")
    skipped = [pair for pair in my_layers if pair[1] > pair[0]]
    look = "a kernel smaller than its stride leaves pixels that nobody sees"
    expect(not skipped, f"{skipped}", "no stride larger than its kernel", look)
    large = [pair for pair in my_layers if pair[0] > 7]
    look = "depth, not one huge kernel: count the parameters of a kernel of 35"
    expect(not large, f"{large}", "kernels of at most 7", look)
    side, step = 1, 1
    for kernel, stride in my_layers:
        side, step = side + (kernel - 1) * step, step * stride
    look = "fewer strides early on" if side > 40 else "a larger kernel, or a stride before it"
    expect(30 <= side <= 40, f"each score sees {side} pixels", "30 to 40", look)
    return f"each score sees {side} pixels."


def exercise_4(my_up: object) -> str:
    """Check a transposed convolution that doubles, and whose kernels overlap evenly."""
    kind = type(my_up).__name__
    look = "a Conv2d makes pictures smaller; its transpose goes the other way"
    look = look if isinstance(my_up, nn.Conv2d) else "such as nn.ConvTranspose2d(1, 1, 3, stride=2)"
    known = isinstance(my_up, nn.ConvTranspose2d)
    expect(known, f"my_up is of type {kind}", "an nn.ConvTranspose2d", look)
    one = (my_up.in_channels, my_up.out_channels)
    expect(one == (1, 1), f"channels {one}", "1 in, 1 out", "nn.ConvTranspose2d(1, 1, ...)")
    counts = overlap_counts(my_up, 8)
    look = "the paddings: (8 - 1) stride - 2 padding + kernel + output padding"
    seen = f"a side of 8 becomes {tuple(counts.shape)}"
    expect(counts.shape == (16, 16), seen, "(16, 16)", look)
    inside = counts[4:-4, 4:-4].unique()
    seen = f"pixels are sums of {inside.tolist()} products"
    expect(inside.numel() == 1, seen, "of equally many", "which kernel sides does 2 divide?")
    if my_up.kernel_size == (2, 2):
        return "evenly. But its squares do not overlap at all. Does a larger kernel do it, too?"
    return f"every pixel inside is the sum of {inside.item():g} products."


def normalise(function: Callable[[Tensor], Tensor]) -> str:
    """Check an instance normalisation against torch's."""
    h = 3 + 2 * torch.randn(2, 4, 6, 6, generator=dice())
    h[1] *= 10
    seen = tensor(function(h), (2, 4, 6, 6), "normalise's answer").float()
    mean, spread = seen.mean((2, 3)).abs().max(), seen.std((2, 3), unbiased=False)
    look = "the mean over the pixels of each channel: dim=(2, 3), keepdim=True"
    expect(mean < 1e-3, f"channels with a mean of up to {mean:.2f}", "0", look)
    look = "the root: divide by the standard deviation, (variance + 1e-5).sqrt()"
    text = f"spreads from {spread.min():.2f} to {spread.max():.2f}"
    expect((spread - 1).abs().max() < 0.05, text, "1", look)
    same = near(seen, nn.functional.instance_norm(h), 1e-3)
    expect(same, "not quite torch's", "nn.InstanceNorm2d's", "unbiased=False, and 1e-5")
    faint = function(1e-3 * h)
    look = "1e-5 is added to the variance, under the root"
    wanted = nn.functional.instance_norm(1e-3 * h)
    text = f"a faint picture's spread becomes {faint[0].std():.2f}"
    expect(near(faint, wanted, 1e-3), text, f"{wanted[0].std():.2f}", look)
    return "every channel has mean 0 and spread 1; equal to nn.InstanceNorm2d."
