"""The blur explorer without a browser: values in, pictures, numbers and files out."""

import base64
import io
import re
import time
from datetime import UTC, datetime
from statistics import median

import ipywidgets
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from scipy import ndimage

from sharingan_lab.blur import degrade, random_kernels
from sharingan_lab.classical import richardson_lucy, wiener
from sharingan_lab.datasets import photo
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import psnr, ssim
from sharingan_lab.images import from_uint8, to_uint8
from sharingan_lab.lab import BlurExplorer, working_copy
from sharingan_lab.lab.explorers.blur import plots, widget
from sharingan_lab.lab.explorers.blur.plots import (
    edge_of,
    kernel_plot,
    path_plot,
    spectrum,
    spectrum_plot,
)
from sharingan_lab.lab.explorers.blur.settings import CONTROLS, GROUPS, STARTS
from sharingan_lab.lab.explorers.blur.shot import changed_kernel
from sharingan_lab.lab.explorers.blur.takeaway import python_lines

IMAGE = torch.rand(1, 3, 70, 80, generator=torch.Generator().manual_seed(0))
BLUR, RESTORE, FILES = range(3)


@pytest.fixture
def explorer():
    return BlurExplorer(IMAGE)


def family(parent):
    yield parent
    for child in getattr(parent, "children", ()):
        yield from family(child)


def markup(explorer):
    """All that is shown, as one text."""
    return "\n".join(w.value for w in family(explorer) if isinstance(w, ipywidgets.HTML))


def panel(explorer, title):
    """The pixels of the photograph with this title."""
    encoded = re.search(rf"<h3>{title}</h3><img[^>]*base64,([^\"]+)", markup(explorer))[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))))


# -- what is shown ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [("seed", 3), ("path_length", 10.0), ("exposure", 0.2), ("noise_std", 0.08), ("inertia", 9.0),
     ("gaussian", 40.0), ("impulse", 0.9), ("anxiety", 0.09), ("photons", 50), ("gamma", 2.2),
     ("highlights", 8.0), ("boundary", "zero")],
)  # fmt: skip
def test_every_control_changes_the_blurred_picture_and_can_be_turned_back(explorer, name, value):
    before, facts = panel(explorer, "blurred"), explorer.description
    explorer.controls[name].value = value
    assert np.abs(panel(explorer, "blurred").astype(float) - before).mean() > 0.05
    assert explorer.description != facts
    explorer.controls[name].value = STARTS[name]
    assert np.array_equal(panel(explorer, "blurred"), before)
    assert explorer.description == facts


def test_the_pictures_and_numbers_are_the_librarys(explorer):
    explorer.controls["exposure"].value = 0.5
    rng = torch.Generator().manual_seed(0)
    walk = {name: STARTS[name] for name in ("inertia", "gaussian", "impulse", "anxiety")}
    kernel = random_kernels(1, 64, path_length=40.0, exposure=0.5, rng=rng, **walk)
    blurred = degrade(IMAGE, kernel, noise_std=0.01, rng=rng)
    assert np.array_equal(panel(explorer, "blurred"), to_uint8(blurred))
    assert np.array_equal(panel(explorer, "sharp"), to_uint8(IMAGE))
    for fact in (f"{psnr(blurred, IMAGE).item():.2f} dB", f"{ssim(blurred, IMAGE).item():.3f}"):
        assert f"<strong>{fact}</strong>" in markup(explorer)
        assert fact in explorer.description


def test_the_noise_is_shown_amplified_and_measured():
    explorer = BlurExplorer(torch.full((1, 3, 70, 80), 0.5), noise_std=0.02, exposure=0.5)
    noise = panel(explorer, "noise × 5").astype(float) / 255 - 0.5
    assert abs(noise.mean()) < 0.01
    assert noise.std() / 5 == pytest.approx(0.04, rel=0.05)  # half the light, twice the gain
    assert explorer.shot.noise_std == pytest.approx(0.04, rel=0.03)
    assert re.search(r"noise std <strong>0.0[34]\d\d \(1?\d.\d of 255 levels\)", markup(explorer))


def test_the_path_is_coloured_as_far_as_the_shutter_is_open(explorer):
    explorer.controls["exposure"].value = 0.25
    ax, path = Figure().subplots(), explorer.shot.path
    lines, _, words = path_plot(ax, path, 0.25, edge_of(path, 0.25))
    assert words == "Path of 40 px, coloured by time up to 25 % of it"
    assert f'alt="{words}"' in explorer.page.panels["path"].value
    assert lines.get_clim() == (0, 100) and lines.get_array()[[0, -1]].tolist() == [0, 25]
    exposed, rest = lines.get_segments(), ax.lines[0].get_xydata()
    assert len(rest) == 1501  # three quarters, from where the colours end
    assert np.array_equal(exposed[-1][-1], rest[0])
    drawn = np.concatenate([exposed[0][:1], *(piece[1:] for piece in exposed), rest[1:]])
    assert np.allclose(drawn - drawn[0], path[0] - path[0, 0], atol=1e-4)


def test_the_kernel_lies_on_the_pixels_it_moves_light_to(explorer):
    kernel = explorer.shot.kernel
    image, _, words = kernel_plot(Figure().subplots(), kernel, 8)
    assert image.get_extent() == [-32.5, 31.5, 31.5, -32.5]  # the middle pixel is around 0
    assert torch.allclose(torch.from_numpy(np.asarray(image.get_array())), 100 * kernel[0])
    assert words.startswith("kernel, sum 1.00: ") and words in markup(explorer)


def test_the_spectrum_is_that_of_a_slow_transform(explorer):
    kernel = explorer.shot.kernel[0].double().numpy()
    rows, columns = np.mgrid[:64, :64]
    for u, v in ((0.0, 0.25), (-0.5, 0.125), (0.3125, -0.4375)):  # cycles/px in y and x
        passed = abs((kernel * np.exp(-2j * np.pi * (u * rows + v * columns))).sum())
        expected = max(-60.0, 20 * np.log10(passed / kernel.sum()))
        shown = spectrum(explorer.shot.kernel)[round(64 + 128 * u), round(64 + 128 * v)]
        assert shown == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("plot", [path_plot, kernel_plot, spectrum_plot])
def test_a_colour_bar_has_short_numbers_and_its_name_lies_on_the_picture(explorer, plot):
    explorer._redraw()
    sheet = plots._sheet(plot)
    numbers = [label.get_text() for label in sheet.bar.get_yticklabels()]
    assert len(numbers) == 3 and all(re.fullmatch(r"−?\d{1,3}(\.\d)?", n) for n in numbers)
    assert sheet.bar.yaxis.label.get_window_extent().x1 <= sheet.figure.bbox.x1


def test_an_enlargement_repeats_pixels_of_the_part_in_view(explorer):
    for name, value in (("zoom", 4), ("across", 100), ("down", 0)):
        explorer.controls[name].value = value
    assert np.array_equal(panel(explorer, "sharp"), to_uint8(IMAGE)[:17, 60:])
    tags = re.findall(r"<figure>.*?(<img[^>]*>)", markup(explorer))
    assert len(tags) == 3 and all('class="pixelated"' in tag for tag in tags)
    assert ".pixelated { image-rendering: pixelated; }" in markup(explorer)


def test_every_picture_and_plot_says_what_is_to_be_seen(explorer):
    explorer.page.tabs.selected_index = RESTORE
    tags = re.findall(r"<img[^>]*>", markup(explorer))
    assert len(tags) == 3 + 2 + 3 + 3  # of both pages
    assert all(re.search(r'alt="[^"]{12,}"', tag) for tag in tags)


# -- how it is turned ---------------------------------------------------------------------------


def test_every_slider_has_a_labelled_box_that_moves_with_it(explorer):
    rows = [w for w in family(explorer) if "slider-row" in getattr(w, "_dom_classes", ())]
    assert len(rows) == len(CONTROLS) == sum(len(group) for group in GROUPS.values())
    for row, (name, control) in zip(rows, CONTROLS.items(), strict=True):
        box, slider = row.children
        assert box is explorer.controls[name]
        assert box.description == control.label
        box.value = box.min
        assert slider.value == control.low
        slider.value = control.start
        assert box.value == control.start


def test_starts_are_those_of_the_api_and_checked():
    explorer = BlurExplorer("coffee", path_length=20, photons=None, boundary="circular", turn=-5)
    assert explorer.values["path_length"] == 20.0 and explorer.values["photons"] == 0
    assert explorer.values["boundary"] == "circular" and explorer.page.photo.value == "coffee"
    for wrong, message in (
        ({"lenght": 3}, "no control 'lenght'; choose from seed, path_length"),
        ({"exposure": 0.0}, "exposure must lie between 0.01 and 1, got 0.0"),
        ({"boundary": "wrap"}, "boundary must be one of reflect, replicate, zero, circular"),
    ):
        with pytest.raises(InputError, match=message):
            BlurExplorer(IMAGE, **wrong)


def test_a_new_path_is_the_next_seed_and_start_again_goes_back():
    explorer = BlurExplorer(IMAGE, seed=99, path_length=12.0)
    first = explorer.shot.kernel
    explorer.page.new_path.click()
    assert explorer.controls["seed"].value == 0
    assert not torch.equal(explorer.shot.kernel, first)
    explorer.controls["noise_std"].value = 0.05
    explorer.page.reset.click()
    assert explorer.values["seed"] == 99 and explorer.values["noise_std"] == 0.01
    assert torch.equal(explorer.shot.kernel, first)


def test_start_again_goes_back_to_the_first_photograph_and_page(explorer):
    bring(explorer, "mine.png", file(to_uint8(torch.rand(1, 3, 90, 100))))
    explorer.page.tabs.selected_index = RESTORE
    explorer.page.reset.click()
    assert (explorer.page.photo.value, explorer.page.tabs.selected_index) == ("your image", 0)
    assert np.array_equal(panel(explorer, "sharp"), to_uint8(IMAGE))


def test_what_does_not_change_is_not_computed_anew(explorer):
    before = explorer.shot
    explorer.controls["zoom"].value = 2
    assert explorer.shot.blurred is before.blurred
    explorer.controls["noise_std"].value = 0.03
    assert explorer.shot.kernel is before.kernel and explorer.shot.blurred is not before.blurred
    explorer.controls["exposure"].value = 0.3
    assert explorer.shot.path is before.path and explorer.shot.kernel is not before.kernel


def test_only_the_open_page_is_drawn(explorer, monkeypatch):
    monkeypatch.setattr(widget, "restorations", None)
    explorer.controls["turn"].value = 40
    monkeypatch.undo()
    assert "restored:" not in markup(explorer)
    explorer.page.tabs.selected_index = RESTORE
    assert "restored: true kernel" in markup(explorer)


def test_a_redraw_takes_no_longer_than_200_plain_blurs():
    explorer, rng = BlurExplorer(noise_std=0.02), torch.Generator().manual_seed(0)
    picture, kernel = photo("coffee", 256), random_kernels(1, 64, rng=rng)

    def seconds(work):
        start = time.process_time()  # other tests may run beside this one
        work()
        return time.process_time() - start

    drawn, blurred = [], []
    for seed in range(1, 10):
        drawn.append(seconds(lambda seed=seed: setattr(explorer.controls["seed"], "value", seed)))
        blurred.append(seconds(lambda: degrade(picture, kernel, rng=rng)))
    assert median(drawn) <= 200 * median(blurred)  # about 75


# -- photographs --------------------------------------------------------------------------------


def file(pixels, kind="png", **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format=kind, **options)
    return buffer.getvalue()


def bring(explorer, name, content):
    """What the browser does when a file is chosen."""
    explorer.page.upload.value = (
        {"name": name, "type": "image", "size": len(content), "content": memoryview(content),
         "last_modified": datetime.now(UTC)},
    )  # fmt: skip


def test_another_bundled_photograph_can_be_chosen(explorer):
    explorer.page.photo.value = "coffee"
    assert panel(explorer, "sharp").shape == (256, 256, 3)
    assert "(coffee)" in explorer.description
    explorer.page.photo.value = "your image"
    assert np.array_equal(panel(explorer, "sharp"), to_uint8(IMAGE))


def test_a_photograph_can_be_brought(explorer):
    pixels = to_uint8(torch.rand(1, 3, 90, 100))
    bring(explorer, "mine.png", file(pixels))
    assert explorer.page.photo.value == "mine.png"
    assert np.array_equal(panel(explorer, "sharp"), pixels)
    assert "(mine.png)" in explorer.description


def test_a_brought_photograph_is_turned_upright(explorer):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by 90 degrees clockwise
    pixels = to_uint8(torch.rand(1, 3, 90, 120))
    bring(explorer, "upright.png", file(pixels, exif=exif))
    assert np.array_equal(panel(explorer, "sharp"), np.rot90(pixels, -1))


def test_what_becomes_of_transparency_is_said_while_the_photograph_is_shown(explorer):
    pixels = np.concatenate([to_uint8(IMAGE), np.full((*IMAGE.shape[-2:], 1), 255, np.uint8)], -1)
    bring(explorer, "opaque.png", file(pixels))
    assert "transparent" not in markup(explorer)
    pixels[:30, :, 3] = 90
    bring(explorer, "seen<through>.png", file(pixels))
    said = '<p role="status">seen&lt;through&gt;.png is transparent in places: what the file stores'
    assert said in markup(explorer)
    assert np.array_equal(panel(explorer, "sharp"), pixels[..., :3])
    explorer.controls["noise_std"].value = 0.03
    assert said in markup(explorer)
    explorer.page.photo.value = "coffee"
    assert "transparent" not in markup(explorer)


def test_a_large_photograph_is_reduced_in_its_own_proportions():
    large = torch.rand(1, 3, 1080, 1920, generator=torch.Generator().manual_seed(0))
    small = working_copy(large)
    assert small.shape == (1, 3, 192, 341)
    assert torch.allclose(small.mean(), large.mean(), atol=1e-3)
    assert working_copy(IMAGE) is IMAGE


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a<b>.png", b"no image", "cannot read a&lt;b&gt;.png as an image: bring a PNG or JPEG"),
        ("cut.jpg", file(to_uint8(IMAGE), "jpeg")[:900], "cannot read cut.jpg as an image"),
        ("tiny.png", file(np.zeros((40, 90, 3), np.uint8)), "90 × 40 pixels are too few"),
        ("strip.png", file(np.zeros((70, 9000, 3), np.uint8)), "at working size 2902 × 22"),
    ],
    ids=["text", "cut", "small", "narrow"],
)
def test_a_bad_file_gives_a_message_and_the_old_picture_stays(explorer, name, content, message):
    before = markup(explorer)
    bring(explorer, name, content)
    shown = re.search(r'<p role="alert">(.*)</p>', markup(explorer))[1]
    assert message in shown
    assert markup(explorer).replace(f'<p role="alert">{shown}</p>', "") == before
    explorer.controls["path_length"].value = 30.0
    assert 'role="alert"' not in markup(explorer)


def test_a_picture_smaller_than_the_kernel_is_refused_at_once():
    with pytest.raises(InputError, match="larger than the image"):
        BlurExplorer(torch.rand(1, 3, 40, 40))
    with pytest.raises(InputError, match="no photograph named 'cat'"):
        BlurExplorer("cat")


# -- restoring ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["Wiener", "Richardson-Lucy"])
def test_it_restores_with_the_true_and_with_a_wrong_kernel(method):
    explorer = BlurExplorer("coffee", method=method, turn=45, iterations=15, noise_std=0.002)
    explorer.page.tabs.selected_index = RESTORE
    shot = explorer.shot
    wrong_kernel = changed_kernel(shot.path, 1.0, 45, 1.0)
    pictures = [
        wiener(shot.blurred, kernel, noise_to_signal=0.01)
        if method == "Wiener"
        else richardson_lucy(shot.blurred, kernel, iterations=15)
        for kernel in (shot.kernel, wrong_kernel)
    ]
    true, wrong = (psnr(picture, shot.sharp).item() for picture in pictures)
    blurred = psnr(shot.blurred, shot.sharp).item()
    assert true > blurred > wrong
    shown = re.findall(r"kernel: <strong>([+-][\d.]+) dB", markup(explorer).replace("−", "-"))
    gains = [true - blurred, wrong - blurred]
    assert [float(gain) for gain in shown] == pytest.approx(gains, abs=0.15)


def test_a_picture_without_blur_is_called_equal_and_not_restored():
    explorer = BlurExplorer("coffee", path_length=0.0, noise_std=0.0)
    explorer.page.tabs.selected_index = RESTORE
    assert "without end: equal pictures" in markup(explorer)
    assert "nothing to restore" in markup(explorer) and "inf" not in explorer.description


def test_the_wrong_kernel_is_turned_anticlockwise_and_stretched(explorer):
    path, kernel = explorer.shot.path, explorer.shot.kernel[0].numpy()
    quarter = changed_kernel(path, 1.0, 90, 1.0)[0].numpy()
    assert np.allclose(quarter[1:, 1:], np.rot90(kernel[1:, 1:]), atol=1e-5)
    wide = changed_kernel(path, 1.0, 0, 1.5)[0].numpy()

    def spread(k):
        return sum(ndimage.variance(np.indices(k.shape)[i], k > 1e-9) for i in (0, 1))

    assert spread(wide) == pytest.approx(1.5**2 * spread(kernel), rel=0.25)


def test_the_strength_of_the_other_method_cannot_be_turned(explorer):
    for method, usable in (("Richardson-Lucy", "iterations"), ("Wiener", "noise_to_signal")):
        explorer.controls["method"].value = method
        enabled = [
            n for n in ("iterations", "noise_to_signal") if not explorer.controls[n].disabled
        ]
        assert enabled == [usable]


# -- taking it along ----------------------------------------------------------------------------

TURNED = {"seed": 7, "path_length": 23.0, "exposure": 0.37, "noise_std": 0.013, "photons": 300,
          "gamma": 2.2, "highlights": 4.0, "boundary": "replicate", "anxiety": 0.07}  # fmt: skip


def test_the_python_lines_make_the_same_bit_for_bit():
    explorer = BlurExplorer("chelsea", **TURNED)
    made = {}
    exec(python_lines(explorer.picture, explorer.values), made)
    assert torch.equal(made["kernel"], explorer.shot.kernel)
    assert torch.equal(made["blurred"], explorer.shot.blurred)


def test_they_do_so_for_a_brought_photograph_and_a_given_one(explorer, tmp_path, monkeypatch):
    made = {"image": IMAGE}
    exec(python_lines(explorer.picture, explorer.values), made)
    assert torch.equal(made["blurred"], explorer.shot.blurred)
    content = file(to_uint8(torch.rand(1, 3, 300, 400)))
    (tmp_path / "my cat's.png").write_bytes(content)
    bring(explorer, "my cat's.png", content)
    monkeypatch.chdir(tmp_path)
    exec(python_lines(explorer.picture, explorer.values), made)
    assert torch.equal(made["blurred"], explorer.shot.blurred)


def test_the_files_hold_the_kernel_and_the_line_opens_the_same_explorer():
    explorer = BlurExplorer("chelsea", **TURNED, zoom=3, method="Richardson-Lucy")
    explorer.page.tabs.selected_index = FILES
    links = dict(re.findall(r'download="([\w.]+)" href="data:[\w/-]+;base64,([^"]+)"', markup(
        explorer)))  # fmt: skip
    contents = {name: io.BytesIO(base64.b64decode(text)) for name, text in links.items()}
    kernel = explorer.shot.kernel[0].numpy()
    assert np.array_equal(np.load(contents["kernel.npy"]), kernel)
    grey = np.asarray(Image.open(contents["kernel.png"]), float) / 255
    assert np.abs(grey - kernel / kernel.max()).max() <= 0.5 / 255 + 1e-6
    blurred = np.asarray(Image.open(contents["blurred.png"]))
    assert torch.equal(from_uint8(blurred), from_uint8(to_uint8(explorer.shot.blurred)))
    program = re.findall(r"<pre[^>]*>(.*?)</pre>", markup(explorer), re.S)[-1]
    made = {}
    exec(program.replace("&#x27;", "'").replace("BlurExplorer(", "again = BlurExplorer("), made)
    assert made["again"].values == explorer.values
    assert torch.equal(made["again"].shot.blurred, explorer.shot.blurred)


# -- as a widget --------------------------------------------------------------------------------


def test_a_saved_notebook_has_a_still_picture_and_its_description(explorer):
    explorer.controls["exposure"].value = 0.5
    drawn, page = explorer.drawn(), explorer.still()
    assert Image.open(io.BytesIO(base64.b64decode(drawn.content))).width > 1000
    assert drawn.uri in page["text/html"] and explorer.description in page["text/html"]
    assert page["text/plain"] == explorer.description
    assert "exposed for 50 % of its time" in page["text/plain"]


def test_it_uses_neither_output_nor_interact(explorer):
    assert not any(isinstance(w, ipywidgets.Output) for w in family(explorer))


def test_an_error_is_shown_in_the_widget_and_raised(explorer, monkeypatch):
    def broken(*args, **kwargs):
        raise InputError("the shutter <jams>")

    monkeypatch.setattr(widget, "expose", broken)
    with pytest.raises(InputError):
        explorer.controls["path_length"].value = 12.0
    assert '<p role="alert">the shutter &lt;jams&gt;</p>' in markup(explorer)
    monkeypatch.undo()
    explorer.controls["path_length"].value = 40.0
    assert 'role="alert"' not in markup(explorer)
