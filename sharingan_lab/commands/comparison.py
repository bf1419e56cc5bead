"""A page with a slider between each photo and what became of it, in one file."""

import base64
import html
import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from sharingan_lab.storage import write_atomically

LONGEST = 2000  # pixels of the longest side on the page
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Before and after: {title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }}
body {{ max-width: 75rem; margin: 0 auto; padding: 1rem; }}
h1 {{ font-size: 1.4rem; }}
figure {{ margin: 0 auto 3rem; --at: 50%; }}
.pair {{ position: relative; line-height: 0; }}
.pair img {{ width: 100%; height: auto; image-rendering: auto; }}
.live .before {{ position: absolute; inset: 0; clip-path: inset(0 calc(100% - var(--at)) 0 0); }}
.live .pair::after {{ content: ""; position: absolute; top: 0; bottom: 0; left: var(--at);
  border-left: 2px solid #fff; box-shadow: 0 0 3px #000; }}
input {{ width: 100%; margin: .5rem 0; }}
body:not(.live) input {{ display: none; }}
</style></head><body>
<h1>Before and after</h1>
<p>Restored by <code>{model}</code> of sharingan-lab {version}. Left of the line: the photo as it
was; right of it: restored.</p>
{figures}
<script>
document.body.classList.add("live");
for (const slider of document.querySelectorAll("input"))
  slider.addEventListener("input", () =>
    slider.closest("figure").style.setProperty("--at", slider.value + "%"));
</script></body></html>
"""
_FIGURE = """<figure style="max-width: max(24rem, calc((100vh - 14rem) * {width} / {height}))">
<div class="pair"><img class="after" src="{after}" width="{width}" height="{height}"
 alt="{name}, restored"><img class="before" src="{before}" width="{width}"
height="{height}" alt="{name}, as it was"></div>
<input type="range" min="0" max="100" value="50" aria-label="{name}: how much is shown as it was">
<figcaption>{name}, {size}</figcaption></figure>"""


def page_of(targets: Sequence[Path]) -> Path:
    """The page that belongs to these files: beside one, or in the folder of several."""
    (first, *others) = targets
    return first.with_name("compare.html" if others else f"{first.stem}.compare.html")


def write_comparison(done: Mapping[Path, Path], page: Path, model: str) -> Path:
    """Write a page that shows each source and its target, which need not stay where they are."""
    from sharingan_lab import __version__

    figures = [_figure(source, target) for source, target in done.items()]
    names = ", ".join(source.name for source in list(done)[:3]) + " ..." * (len(done) > 3)
    text = _PAGE.format(
        title=html.escape(names),
        model=html.escape(str(model)),
        version=__version__,
        figures="\n".join(figures),
    )
    return write_atomically(page, text)


def _figure(source: Path, target: Path) -> str:
    (before, size), (after, _) = (_shown(path) for path in (source, target))
    width, height = (round(side * min(1, LONGEST / max(size))) for side in size)
    name = html.escape(source.name)
    said = f"{size[0]} x {size[1]} pixels"
    if max(size) > LONGEST:
        said += f", here {width} x {height}"
    return _FIGURE.format(
        name=name, before=before, after=after, width=width, height=height, size=said
    )


def _shown(path: Path) -> tuple[str, tuple[int, int]]:
    """A picture as text that a page can hold, and its full size."""
    from PIL import Image

    from sharingan_lab.photo import read_photo
    from sharingan_lab.picture_files import to_8_bits

    with warnings.catch_warnings(action="ignore"):  # said when it was restored
        photo = read_photo(path)
    pixels = photo.pixels if photo.pixels.dtype == "uint8" else to_8_bits(photo.pixels)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    size = image.size
    image.thumbnail((LONGEST, LONGEST))
    image = image.convert("RGBA" if image.mode in ("LA", "RGBA") else "RGB")
    profile = {} if photo.inks is not None else {"icc_profile": photo.info.get("icc_profile")}
    file = io.BytesIO()
    image.save(file, "WEBP", quality=90, **profile)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}", size
