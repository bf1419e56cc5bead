"""Classical deblurring against linear algebra, scikit-image, plain formulas and larger scenes."""

from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage import filters, restoration

from sharingan_lab.blur import add_noise, blur, degrade, linear_kernel, random_kernels
from sharingan_lab.classical import (
    blind_richardson_lucy,
    inverse_filter,
    richardson_lucy,
    tikhonov,
    unsharp_mask,
    unsupervised_wiener,
    wiener,
)
from sharingan_lab.classical.borders import make_periodic
from sharingan_lab.datasets import photo, photos
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import psnr


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def unsupervised(blurred, kernels, **settings):
    return unsupervised_wiener(blurred, kernels, rng=seeded(5), **settings)


def blind(blurred, kernels, **settings):
    return blind_richardson_lucy(blurred, kernels.shape[-1], iterations=3, **settings)[0]


NON_BLIND = [inverse_filter, wiener, tikhonov, unsupervised, richardson_lucy]
METHODS = [*NON_BLIND, blind]
CALM = {"anxiety": (0.001, 0.01)}


def lopsided(size, seed=1):
    kernel = torch.rand(1, size, size, generator=seeded(seed)) ** 2
    return kernel / kernel.sum()


def odd(kernel):
    """Kernel (k, k) as an array of odd size: there all conventions agree on the middle."""
    even = 1 - kernel.shape[-1] % 2
    return F.pad(kernel, (0, even, 0, even)).double().numpy()


def circular_matrix(kernel, height, width):
    """The blur as a matrix (H W, H W): one column for each pixel lit alone."""
    lit = torch.eye(height * width).view(-1, 1, height, width)
    return blur(lit, kernel, boundary="circular").reshape(height * width, -1).T.double()


def photograph(size=96):
    return photo("astronaut", 256)[..., 30 : 30 + size, 80 : 80 + size]


def larger_scenes():
    """Scenes sharp and blurred, of which a picture shows the inside: in life blur comes in."""
    scenes = photos(192, ("astronaut", "chelsea", "coffee", "motorcycle", "rocket", "camera"))
    kernels = random_kernels(len(scenes), 31, rng=seeded(1), **CALM)
    return scenes, add_noise(blur(scenes, kernels), 0.01, rng=seeded()).clamp(0, 1), kernels


def inside(scenes, margin=32):
    return scenes[..., margin:-margin, margin:-margin]


@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize("weight", [0.02, 0.5])
def test_wiener_and_tikhonov_solve_their_least_squares_problems(size, weight):
    height, width, kernel = 7, 10, lopsided(size)
    blurred = 0.4 + 0.2 * torch.rand(1, 3, height, width, generator=seeded(2))  # stays in (0, 1)
    laplacian = torch.tensor([[[0.0, 1, 0], [1, 0, 1], [0, 1, 0]]]) / 4
    matrix = circular_matrix(kernel, height, width)
    eye = torch.eye(height * width, dtype=torch.float64)
    rough = 4 * (eye - circular_matrix(laplacian, height, width))
    seen = blurred[0, 0].double().reshape(-1)
    for method, name, penalty, mean in (
        (wiener, "noise_to_signal", eye, seen.mean()),
        (tikhonov, "weight", rough, 0.0),
    ):
        normal = matrix.T @ matrix + weight * penalty.T @ penalty
        expected = (mean + torch.linalg.solve(normal, matrix.T @ (seen - mean))).clamp(0, 1)
        found = method(blurred, kernel, **{name: weight}, boundary="circular")[0, 0]
        torch.testing.assert_close(found.double().reshape(-1), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [5, 8])
@pytest.mark.parametrize("shape", [(1, 32, 47), (3, 33, 40)])
def test_wiener_and_tikhonov_are_scikit_images(size, shape):
    kernel = lopsided(size)
    blurred = degrade(torch.rand(1, *shape, generator=seeded()), kernel, rng=seeded(1))
    found = wiener(blurred, kernel, noise_to_signal=0.1, boundary="circular")
    smooth = tikhonov(blurred, kernel, weight=0.1, boundary="circular")
    flat = np.ones((shape[1], shape[2] // 2 + 1), complex)
    for channel, mine, mine_smooth in zip(
        blurred[0].double().numpy(), found[0], smooth[0], strict=True
    ):
        mean, psf = channel.mean(), odd(kernel[0])
        theirs = mean + restoration.wiener(channel - mean, psf, 0.1, flat, clip=False)
        np.testing.assert_allclose(mine, theirs.clip(0, 1), atol=1e-4)
        theirs = restoration.wiener(channel, psf, 0.1, clip=False)
        np.testing.assert_allclose(mine_smooth, theirs.clip(0, 1), atol=1e-4)


@pytest.mark.parametrize("size", [5, 8])
@pytest.mark.parametrize("channels", [1, 3])
def test_unsupervised_wiener_is_scikit_images(size, channels):
    kernel = lopsided(size)
    sharp = photograph(48)[:, :channels]
    blurred = degrade(sharp, kernel, rng=seeded(), boundary="circular")
    found = unsupervised_wiener(blurred, kernel, boundary="circular", rng=seeded(7))
    seed = int(torch.randint(2**62, (1,), generator=seeded(7)))
    for channel, mine in zip(blurred[0].double().numpy(), found[0], strict=True):
        theirs, _ = restoration.unsupervised_wiener(channel, odd(kernel[0]), rng=seed, clip=False)
        np.testing.assert_allclose(mine, theirs.clip(0, 1), atol=1e-4)


def test_unsupervised_wiener_comes_close_to_the_best_weight_of_a_row():
    sharp, kernel = photograph(), random_kernels(1, 15, rng=seeded(2), **CALM)
    for noise in (0.003, 0.03):
        blurred = degrade(sharp, kernel, noise_std=noise, rng=seeded(), boundary="circular")
        row = [
            float(psnr(tikhonov(blurred, kernel, weight=w, boundary="circular"), sharp))
            for w in torch.logspace(-4, 1, 21).tolist()
        ]
        found = float(psnr(unsupervised(blurred, kernel, boundary="circular"), sharp))
        assert found > max(row) - 1.5 and found > min(row) + 3


@pytest.mark.parametrize("size", [4, 7])
@pytest.mark.parametrize(("height", "width"), [(32, 47), (33, 40)])
def test_inverse_is_exact_without_noise(size, height, width):
    sharp, kernel = torch.rand(2, 3, height, width, generator=seeded()), lopsided(size)
    blurred = blur(sharp.double(), kernel.double(), boundary="circular")
    restored = inverse_filter(blurred, kernel, cutoff=1e-6, boundary="circular")
    torch.testing.assert_close(restored, sharp.double(), atol=1e-4, rtol=0)


def test_inverse_is_worse_than_nothing_with_noise_and_wiener_better():
    sharp, kernel = photograph(), linear_kernel(7.5, 30, 15)
    blurred = degrade(sharp, kernel, noise_std=0.01, rng=seeded())
    scores = [psnr(picture, sharp) for picture in
              (inverse_filter(blurred, kernel), blurred, wiener(blurred, kernel))]  # fmt: skip
    assert scores[0] + 3 < scores[1] < scores[2] - 1


def test_cutoff_leaves_weak_frequencies_out():
    flat = torch.ones(1, 4, 4) / 16  # passes nothing at several frequencies of a 32 x 32 image
    sharp = torch.rand(1, 3, 32, 32, generator=seeded())
    seen = blur(sharp, flat, boundary="circular")
    restored = inverse_filter(seen, flat, cutoff=0.0, boundary="circular")
    assert torch.isfinite(restored).all()
    grey = inverse_filter(seen, flat, cutoff=0.999, boundary="circular")  # only the mean is left
    assert grey.std(dim=(2, 3)).max() < 1e-3


@pytest.mark.parametrize("method", [wiener, tikhonov])
def test_no_penalty_and_a_kernel_that_passes_nothing_stay_finite(method):
    flat = torch.ones(1, 4, 4)
    blurred = torch.rand(1, 1, 8, 8, generator=seeded())
    setting = {wiener: "noise_to_signal", tikhonov: "weight"}[method]
    assert torch.isfinite(method(blurred, flat, **{setting: 0.0}, boundary="circular")).all()


@pytest.mark.parametrize("size", [5, 6])
def test_richardson_lucy_is_scikit_images_on_a_periodic_world(size):
    kernel = lopsided(size)
    blurred = degrade(photograph(64), kernel, rng=seeded(), boundary="circular")
    found = richardson_lucy(blurred, kernel, iterations=10, boundary="circular")
    # Three by three copies: no pixel of the middle one notices the black beyond in ten rounds.
    tiled = blurred[0].repeat(1, 3, 3).double().numpy()
    for channel, mine in zip(tiled, found[0], strict=True):
        theirs = restoration.richardson_lucy(channel, odd(kernel[0]), 10, clip=False)
        np.testing.assert_allclose(mine, theirs[64:128, 64:128].clip(0, 1), atol=1e-4)


def test_richardson_lucy_is_scikit_images_inside_a_photograph():
    sharp, kernel = photo("chelsea", 160), random_kernels(1, 15, rng=seeded(), **CALM)
    blurred = degrade(sharp, kernel, rng=seeded())
    found = richardson_lucy(blurred, kernel)[0, :, 48:-48, 48:-48]
    for channel, mine in zip(blurred[0].double().numpy(), found, strict=True):
        theirs = restoration.richardson_lucy(channel, kernel[0].double().numpy(), 20, clip=False)
        np.testing.assert_allclose(mine, theirs[48:-48, 48:-48].clip(0, 1), atol=1e-4)


def test_richardson_lucy_equals_its_formula():
    kernel = lopsided(6)
    seen = degrade(photograph(40), kernel, rng=seeded(), boundary="circular").double()
    mirrored = F.pad(kernel, (0, 1, 0, 1)).flip(1, 2).double()  # odd: its middle stays the middle
    guess = torch.full_like(seen, 0.5)
    for _ in range(5):
        ratio = seen / blur(guess, kernel.double(), boundary="circular")
        guess = guess * blur(ratio, mirrored, boundary="circular")
    found = richardson_lucy(seen, kernel, iterations=5, boundary="circular")
    torch.testing.assert_close(found, guess.clamp(0, 1), atol=1e-6, rtol=0)


def test_richardson_lucy_bears_black_and_rounding():
    stars = photo("hubble")[..., 340:440, 430:530] * (photo("hubble")[..., 340:440, 430:530] > 0.2)
    kernel = random_kernels(1, 15, rng=seeded(), **CALM)
    blurred = degrade(stars, kernel, noise_std=0.002, rng=seeded())
    single, double = (
        richardson_lucy(x, kernel, iterations=60) for x in (blurred, blurred.double())
    )
    torch.testing.assert_close(single.double(), double, atol=1e-2, rtol=0)
    assert richardson_lucy(torch.zeros(1, 1, 20, 20), kernel).max() == 0


def band_psnr(restored, sharp, band=12):
    """PSNR of the frame's outermost pixels and of the rest, dB."""
    error = (restored - sharp).square().mean(dim=1)
    inner = torch.zeros(error.shape[-2:], dtype=torch.bool)
    inner[band:-band, band:-band] = True
    return [-10 * error[:, part].mean(dim=1).log10() for part in (~inner, inner)]


@pytest.mark.parametrize("method", NON_BLIND)
def test_the_border_rings_little(method):
    scenes, seen, kernels = larger_scenes()
    method = partial(method, cutoff=0.1) if method is inverse_filter else method
    restored = method(inside(seen), kernels)
    border, inner = band_psnr(restored, inside(scenes))
    assert (inner - border).mean() < (1.5 if method is unsupervised else 0.6)
    for other, worse in (("reflect", 0.2), ("circular", 2.0)):
        rival, _ = band_psnr(method(inside(seen), kernels, boundary=other), inside(scenes))
        assert rival.mean() + worse < border.mean()


@pytest.mark.parametrize("method", [wiener, tikhonov, unsupervised, richardson_lucy])
def test_they_improve_real_photographs_up_to_their_border(method):
    scenes, seen, kernels = larger_scenes()
    sharp, blurred = inside(scenes), inside(seen)
    restored = method(blurred, kernels)
    assert (psnr(restored, sharp) - psnr(blurred, sharp)).mean() > 1
    before, after = (band_psnr(x, sharp)[0] for x in (blurred, restored))
    assert after.mean() > before.mean() + 0.5


@pytest.mark.parametrize("boundary", ["taper", "reflect"])
def test_a_continued_image_fits_together(boundary):
    image = torch.linspace(0, 1, 37).expand(1, 2, 29, 37).contiguous()
    image[..., 10:, :] *= 0.3
    periodic = make_periodic(image, 8, boundary)
    assert torch.equal(periodic[..., :29, :37], image)
    assert min(periodic.shape[-2] - 29, periodic.shape[-1] - 37) >= 8
    for dim in (-2, -1):
        inside = image.diff(dim=dim).abs().max()
        steps = (periodic - periodic.roll(1, dims=dim)).abs()
        if boundary == "taper":  # a ramp of nine steps at least, or a step of the image itself
            assert steps.max() <= max(inside, 1 / 9) + 1e-6
        else:  # the mirrored sides meet far from the image
            near = steps[..., :30, :38] if dim == -1 else steps[..., :30, :37]
            assert near.max() <= inside + 1e-6


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("boundary", ["taper", "reflect", "circular"])
@pytest.mark.parametrize(("channels", "size"), [(3, 12), (1, 7)])
def test_batches_any_size_type_and_exposure(method, boundary, channels, size):
    sharp = torch.rand(2, channels, 31, 44, generator=seeded())
    kernels = random_kernels(2, size, rng=seeded(3))
    blurred = degrade(sharp, kernels, rng=seeded(4))
    together = method(blurred, kernels, boundary=boundary)
    assert together.shape == blurred.shape and together.dtype == torch.float32
    assert together.min() >= 0 and together.max() <= 1
    one = method(blurred[:1], kernels[:1], boundary=boundary)
    torch.testing.assert_close(one, together[:1], atol=1e-5, rtol=0)
    weak = method(blurred, 0.1 * kernels, boundary=boundary)
    torch.testing.assert_close(weak, together, atol=1e-4, rtol=0)
    assert method(blurred.double(), kernels, boundary=boundary).dtype == torch.float64


@pytest.mark.parametrize("method", METHODS)
def test_one_kernel_serves_all_images(method):
    blurred = torch.rand(2, 3, 20, 24, generator=seeded())
    once, twice = lopsided(5), lopsided(5).expand(2, -1, -1)
    torch.testing.assert_close(method(blurred, once), method(blurred, twice))


def test_unsupervised_wiener_draws_alike_whatever_the_batch_split():
    blurred, kernel = torch.rand(3, 1, 20, 24, generator=seeded()), lopsided(5)
    whole = unsupervised_wiener(blurred, kernel, rng=seeded(1))
    source = seeded(1)
    parts = [unsupervised_wiener(b, kernel, rng=source) for b in blurred.split([1, 2])]
    torch.testing.assert_close(torch.cat(parts), whole, atol=0, rtol=0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("boundary", ["taper", "reflect", "circular"])
@pytest.mark.parametrize("side", [7, 8])
def test_a_kernel_as_large_as_the_image(method, boundary, side):
    # 8 x 15: half the spectrum is as wide as the kernel, which scikit-image would mix up.
    blurred = torch.rand(1, 3, side, 2 * side - 2, generator=seeded())
    restored = method(blurred, lopsided(side), boundary=boundary)
    assert torch.isfinite(restored).all() and restored.std() > 0


def kernel_likeness(found, true):
    return torch.cosine_similarity(found.flatten(1), true.flatten(1), dim=1)


def test_blind_finds_the_kernel_of_a_starry_sky():
    stars = 0.1 + 0.9 * (torch.rand(3, 1, 96, 96, generator=seeded()) > 0.99).float()
    true = random_kernels(3, 11, rng=seeded(1))
    blurred = degrade(stars, true, noise_std=0.002, rng=seeded(2))
    restored, found = blind_richardson_lucy(blurred, 11)
    assert kernel_likeness(found, true).median() > 0.9
    gain = psnr(restored, stars) - psnr(blurred, stars)
    assert gain.mean() > 3 and gain.min() > 0


def test_blind_kernels_are_light_and_centred():
    sharp = photos(96, ("astronaut", "coffee"))
    blurred = degrade(sharp, random_kernels(2, 14, rng=seeded(), **CALM), rng=seeded())
    lopsided_start = torch.rand(1, 14, 14, generator=seeded())
    for start in (None, lopsided_start, 7 * lopsided_start):
        restored, kernels = blind_richardson_lucy(blurred, 14, start=start, iterations=5)
        assert restored.shape == sharp.shape and kernels.shape == (2, 14, 14)
        assert (kernels >= 0).all()
        torch.testing.assert_close(kernels.sum(dim=(1, 2)), torch.ones(2))
        index = torch.arange(14.0) - 7
        for dim in (1, 2):
            assert (kernels.sum(dim=dim) @ index).abs().max() < 0.1
        torch.testing.assert_close(restored, richardson_lucy(blurred, kernels))


def test_blind_equals_its_formula():
    """One round on a periodic world, by sums over pixels instead of Fourier transforms."""
    size, side = 3, 8
    seen = 0.2 + 0.6 * torch.rand(1, 1, side, side, generator=seeded(), dtype=torch.float64)
    start = torch.tensor([[[0.0, 1, 0], [1, 4, 1], [0, 1, 0]]], dtype=torch.float64) / 8
    ratio = seen / blur(seen, start, boundary="circular")
    image = seen * blur(ratio, start, boundary="circular")  # a symmetric kernel: its own mirror
    ratio = seen / blur(image, start, boundary="circular")
    offsets = range(-(size // 2), size // 2 + 1)
    spread = [[(image.roll((u, v), (2, 3)) * ratio).sum() for v in offsets] for u in offsets]
    expected = start[0] * torch.tensor(spread)
    expected = expected / expected.sum()
    _, found = blind_richardson_lucy(
        seen, size, start=start, iterations=1, kernel_steps=1, boundary="circular"
    )
    index = torch.arange(3.0, dtype=torch.float64) - 1  # undo the centring, a bilinear shift
    dx, dy = expected.sum(0) @ index, expected.sum(1) @ index
    assert max(dx.abs(), dy.abs()) < 0.05
    torch.testing.assert_close(found[0], expected, atol=0.01, rtol=0)


def test_the_point_kernel_is_where_blind_stays():
    """Trivial solution: the blurred image, "blurred" by a point, explains the data perfectly."""
    blurred = degrade(photograph(64), linear_kernel(7, 0, 9), rng=seeded())
    point = torch.zeros(1, 9, 9)
    point[0, 4, 4] = 1
    restored, kernel = blind_richardson_lucy(blurred, 9, start=point)
    torch.testing.assert_close(kernel, point, atol=1e-4, rtol=0)
    assert (restored - blurred).abs().mean() < 0.01


@pytest.mark.parametrize("method", METHODS)
def test_bad_input_is_named(method):
    with pytest.raises(InputError, match="channels last"):
        method(torch.zeros(1, 8, 8, 3), lopsided(3))
    with pytest.raises(InputError, match="uint8"):
        method(torch.zeros(1, 3, 8, 8, dtype=torch.uint8), lopsided(3))
    with pytest.raises(InputError, match=r"\(3, 8, 8\)"):
        method(torch.zeros(3, 8, 8), lopsided(3))
    with pytest.raises(InputError, match="NaN"):
        method(torch.full((1, 3, 8, 8), float("nan")), lopsided(3))
    with pytest.raises(InputError, match="larger than the image"):
        method(torch.zeros(1, 3, 8, 8), lopsided(9))
    with pytest.raises(InputError, match=r"boundary must be one of .* got 'zero'"):
        method(torch.zeros(1, 3, 8, 8), lopsided(3), boundary="zero")


@pytest.mark.parametrize("method", [*NON_BLIND, lambda b, k: blind(b, k, start=k)])
def test_bad_kernels_are_named(method):
    images = torch.zeros(2, 3, 8, 8)
    for kernels, problem in (
        (lopsided(3) - 0.5, "negative"),
        (lopsided(3) * float("nan"), "NaN"),
        (torch.zeros(1, 3, 3), "sums to zero"),
        (lopsided(3).expand(3, -1, -1), r"got \(3, 3, 3\)"),
        (lopsided(4)[:, :3], r"got \(1, 3, 4\)"),
    ):
        with pytest.raises(InputError, match=problem):
            method(images, kernels)


@pytest.mark.parametrize(
    ("method", "setting"),
    [
        (inverse_filter, {"cutoff": -1.0}),
        (wiener, {"noise_to_signal": float("nan")}),
        (tikhonov, {"weight": -0.1}),
        (richardson_lucy, {"iterations": 0}),
        (richardson_lucy, {"iterations": 2.5}),
        (blind, {"kernel_steps": 0}),
        (blind, {"start": lopsided(5)}),
    ],
)
def test_bad_settings_are_named(method, setting):
    with pytest.raises(InputError, match=next(iter(setting))):
        method(torch.zeros(1, 3, 8, 8), lopsided(3), **setting)


def test_blind_wants_a_size_and_unsupervised_room():
    with pytest.raises(InputError, match="size must be a whole number"):
        blind_richardson_lucy(torch.zeros(1, 3, 8, 8), 0)
    with pytest.raises(InputError, match="3 x 3 pixels"):
        unsupervised(torch.zeros(1, 3, 2, 9), lopsided(1))


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("settings", [{}, {"amount": 0.3, "radius": 4.0}, {"amount": 5.0}])
def test_unsharp_mask_is_scikit_images_on_batches(settings, channels, kind):
    images = torch.rand(2, channels, 9, 14, generator=seeded(), dtype=kind)
    expected = [
        filters.unsharp_mask(image.numpy(), channel_axis=0, **{"radius": 1.5, **settings})
        for image in images
    ]
    result = unsharp_mask(images, **settings)
    torch.testing.assert_close(result, torch.from_numpy(np.stack(expected)), atol=1e-6, rtol=0)


def test_unsharp_mask_without_amount_or_radius_changes_nothing():
    image = photograph()
    for settings in ({"amount": 0}, {"radius": 0}):
        assert torch.equal(unsharp_mask(image, **settings), image)


@pytest.mark.parametrize("settings", [{"amount": -1}, {"radius": float("nan")}])
def test_unsharp_mask_names_a_bad_setting(settings):
    with pytest.raises(InputError, match=next(iter(settings))):
        unsharp_mask(photograph(), **settings)
