"""What a reader takes along: the kernel as a file, and Python that makes the same again."""

import html
import io

import numpy as np

from sharingan_lab.images import to_uint8
from sharingan_lab.lab.explorers.blur.pictures import Picture
from sharingan_lab.lab.explorers.blur.plots import data_uri, png
from sharingan_lab.lab.explorers.blur.settings import KERNEL_SIZE, STARTS, sensor, walk
from sharingan_lab.lab.explorers.blur.shot import Shot


def python_lines(picture: Picture, values: dict[str, float | str]) -> str:
    """Return a program whose ``kernel`` and ``blurred`` equal the explorer's bit for bit."""
    motion, camera = (
        ", ".join(f"{name}={value!r}" for name, value in chosen.items())
        for chosen in (walk(values), sensor(values))
    )
    imports = [
        "import torch",
        "from sharingan_lab.blur import degrade, rasterize, sample_trajectories",
        picture.imports,
    ]
    work = [
        f"rng = torch.Generator().manual_seed({values['seed']})",
        f"path = sample_trajectories(\n    1,\n    {motion},\n    rng=rng,\n)",
        f"kernel = rasterize(path, {KERNEL_SIZE}, {values['exposure']!r})",
        f"sharp = {picture.python}",
        f"blurred = degrade(\n    sharp,\n    kernel,\n    {camera},\n    rng=rng,\n)",
    ]
    return "\n".join([*filter(None, imports), "", *work])


def explorer_line(picture: Picture, values: dict[str, float | str]) -> str:
    """Return the line that opens an explorer in this state."""
    changed = [f"{name}={value!r}" for name, value in values.items() if value != STARTS[name]]
    source = picture.python.partition("  #")[0]
    return f"BlurExplorer({', '.join([source, *changed])})"


def downloads(shot: Shot, name: str) -> str:
    """Return links that save the kernel and the blurred photograph; nothing leaves the page."""
    values = shot.kernel[0].numpy()
    array = io.BytesIO()
    np.save(array, values)
    grey = (255 * values / values.max()).round().astype(np.uint8)
    size = " × ".join(str(side) for side in values.shape)
    links = (
        _link("kernel.npy", array.getvalue(), "application/octet-stream", f"float32, {size}"),
        _link("kernel.png", png(grey), "image/png", "the brightest pixel is white"),
        _link("blurred.png", png(to_uint8(shot.blurred)), "image/png", f"{name}, blurred"),
    )
    return f"<ul>{''.join(links)}</ul>"


def _link(file: str, content: bytes, kind: str, what: str) -> str:
    source = data_uri(content, kind)
    return f'<li><a download="{file}" href="{source}">{file}</a>: {html.escape(what)}</li>'


def page(shot: Shot, picture: Picture, values: dict[str, float | str]) -> str:
    """Return the downloads and the Python as HTML."""
    explorer = "from sharingan_lab.lab import BlurExplorer"
    again = [*filter(None, [picture.imports, explorer]), "", explorer_line(picture, values)]
    return (
        f"<h3>Files</h3>{downloads(shot, picture.name)}"
        "<h3>Python that makes the same kernel and the same picture</h3>"
        f"{_code(python_lines(picture, values))}"
        "<h3>Python that opens an explorer in this state</h3>" + _code("\n".join(again))
    )


def _code(program: str) -> str:
    return (
        f'<div class="code"><pre tabindex="0">{html.escape(program)}</pre>'
        '<button type="button" onclick="navigator.clipboard.writeText('
        "this.previousElementSibling.textContent).then(() => this.textContent = 'Copied')\">"
        "Copy</button></div>"
    )
