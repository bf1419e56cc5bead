"""The page of sharingan evaluate images: one file that needs no other."""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from html import escape
from string import Template

from sharingan_lab.commands.evaluate.scatter import scatter

Scores = Mapping[str, Mapping[str, float]]  # of each file, by the measure
_SHOWN = 3  # pictures of the best and of the worst
_SIDE = 512  # pixels of the longer side, to which larger pictures are reduced
_MEASURES = {"psnr": ("PSNR (dB)", ".2f"), "ssim": ("SSIM", ".4f")}
_ROWS = {"_input": "blurred input", "": "restored", "_gain": "gain"}  # by the end of the measure

_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Image quality</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
:root { --dot: #0b6bb8; --line: #767676; }
@media (prefers-color-scheme: dark) { :root { --dot: #6db8f2; --line: #9a9a9a; } }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; font: 1rem/1.5 system-ui, sans-serif; }
table { border-collapse: collapse; } caption { text-align: left; }
th, td { padding: .2rem .6rem; text-align: right; } th:first-child { text-align: left; }
tr { border-bottom: 1px solid var(--line); } dd { margin: 0 0 .5rem; }
.wide { overflow-x: auto; } figure { margin: 1rem 0; } svg, img { max-width: 100%; height: auto; }
.row { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .5rem; }
.row figure { margin: 0; } circle { fill: var(--dot); fill-opacity: .6; }
svg line { stroke: var(--line); } svg text { fill: currentColor; font-size: 13px; }
h3, p, figcaption { overflow-wrap: anywhere; }
</style></head><body><main>
<h1>Image quality</h1>
<p>$intro</p>
<div class="wide" tabindex="0" role="region" aria-label="Means">
<table><caption>Means over the pictures, with their 95 % intervals</caption>
<thead><tr><th scope="col">pictures</th><th scope="col">PSNR (dB)</th><th scope="col">SSIM</th>
</tr></thead><tbody>$means</tbody></table></div>
<h2>Each picture a dot</h2>
$figures
$pictures
<h2>How it is measured</h2>
<dl>$definitions</dl>
<details><summary>All pictures</summary>
<div class="wide" tabindex="0" role="region" aria-label="All pictures">
<table><thead><tr><th scope="col">file</th>$heads</tr></thead><tbody>$rows</tbody></table>
</div></details>
</main></body></html>
""")


def as_page(
    scores: Scores,
    means: Mapping,
    failed: Sequence[str],
    partners: Mapping,
    definitions: Mapping[str, str],
) -> str:
    """Means, scatter, best and worst pictures, definitions and every value."""
    return _PAGE.substitute(
        intro=_intro(scores, failed),
        means="".join(
            _line(label, [_number(means[key + end], key + end) for key in _MEASURES])
            for end, label in _ROWS.items()
            if f"psnr{end}" in means
        ),
        figures=_figures(scores),
        pictures=_pictures(scores, partners),
        definitions="".join(f"<dt>{k}</dt><dd>{escape(v)}</dd>" for k, v in definitions.items()),
        heads="".join(f'<th scope="col">{key.replace("_", " ")}</th>' for key in means),
        rows="".join(
            _line(name, [_number(score[key], key) for key in means])
            for name, score in scores.items()
        ),
    )


def _intro(scores: Scores, failed: Sequence[str]) -> str:
    same = sum(score["psnr"] == math.inf for score in scores.values())
    parts = [f"{len(scores)} pictures, each compared with the sharp one of its name."]
    if same:
        parts.append(f"{same} are identical to it: their PSNR has no end, and is in no mean.")
    if failed:
        parts.append(f"{len(failed)} could not be measured: {', '.join(failed)}.")
    return escape(" ".join(parts))


def _line(name: str, cells: Sequence[str]) -> str:
    values = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{escape(name)}</th>{values}</tr>'


def _number(value, key: str) -> str:
    """A value, or a mean with its interval, in the digits of its measure."""
    if not isinstance(value, float) and not value.pictures:
        value = value.mean
    if isinstance(value, float) and not math.isfinite(value):
        return "identical" if value == math.inf else "–"
    return format(value, ("+" if key.endswith("gain") else "") + _MEASURES[key[:4]][1])


def _figures(scores: Scores) -> str:
    """Before against after, for both measures; without a before, one measure against the other."""
    (psnr, _), _ = _MEASURES.values()
    axes = [("psnr", psnr, "ssim", "SSIM", "")]
    if "psnr_input" in next(iter(scores.values())):
        better = "above the line: better than the input"
        axes = [
            (f"{key}_input", f"{head}, blurred input", key, f"{head}, restored", better)
            for key, (head, _) in _MEASURES.items()
        ]
    figures = []
    for x, across, y, up, diagonal in axes:
        points = {name: (score[x], score[y]) for name, score in scores.items()}
        points = {name: place for name, place in points.items() if all(map(math.isfinite, place))}
        if points:
            figures.append(f"<figure>{scatter(points, across, up, diagonal)}</figure>")
    return "".join(figures)


def _pictures(scores: Scores, partners: Mapping) -> str:
    key = "psnr_gain" if "psnr_gain" in next(iter(scores.values())) else "psnr"
    finite = [name for name, score in scores.items() if math.isfinite(score[key])]
    order = sorted(finite, key=lambda name: scores[name][key])
    worst = order[: min(_SHOWN, (len(order) + 1) // 2)]
    best = [name for name in order[::-1][:_SHOWN] if name not in worst]
    what = "gain in PSNR" if key == "psnr_gain" else "PSNR"
    return "".join(
        f"<h2>{title} {what}</h2>" + "".join(_row(partners[n], scores[n]) for n in names)
        for title, names in (("Lowest", worst), ("Highest", best))
        if names
    )


def _row(files, scores: Mapping[str, float]) -> str:
    """The pictures of one scene side by side."""

    def values(end: str) -> str:
        psnr, ssim = (_number(scores[key + end], key) for key in _MEASURES)
        return f"PSNR {psnr} dB, SSIM {ssim}"

    shown = [("restored", files.restored, values("")), ("sharp", files.sharp, "the reference")]
    if files.blurred is not None:
        shown.insert(0, ("blurred input", files.blurred, values("_input")))
    figures = "".join(
        f'<figure><img src="{_embedded(path)}" alt="{escape(files.name)}, {kind}: {text}">'
        f"<figcaption>{kind}: {text}</figcaption></figure>"
        for kind, path, text in shown
    )
    return f'<h3>{escape(files.name)}</h3><div class="row">{figures}</div>'


def _embedded(path) -> str:
    """The picture as an address that holds it, no larger than it is shown."""
    from PIL import Image

    from sharingan_lab.picture_files import read_pixels

    picture, file = Image.fromarray(read_pixels(path)), io.BytesIO()
    picture.thumbnail((_SIDE, _SIDE))
    picture.save(file, format="JPEG", quality=90, subsampling=0)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
