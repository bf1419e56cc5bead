"""A short animation that needs no script: frames one can play, or step through by arrow keys."""

import hashlib
import html
from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from sharingan_lab.errors import InputError
from sharingan_lab.lab.display import emit
from sharingan_lab.lab.encoding import Encoded, encode

LARGEST = 2_000_000  # bytes of HTML: a notebook with several animations still opens at once


def animate(
    frames: Sequence[Figure], labels: Sequence[str], alt: str, *, seconds: float = 0.4
) -> None:
    """Put frames on the page that can be played, or chosen one by one.

    The choice of a frame is a group of radio buttons, so arrow keys step through time. In print,
    and where a page shows no HTML, there is the last frame.

    Parameters
    ----------
    frames : list of Figure
        At least 2, all of one size; they are closed afterwards. The page may hold 2 MB of them.
    labels : list of str
        What each frame shows, such as "step 200".
    alt : str
        What is to be seen over all frames.
    seconds : float
        How long each frame stands while playing.

    Examples
    --------
    >>> animate([Figure((1, 1)), Figure((1, 1))], ["before", "after"], alt="An empty sheet.")
    An empty sheet.
    """
    if len(frames) < 2 or len(labels) != len(frames) or not alt.strip():
        raise InputError(
            "an animation needs two frames or more, a label for each and alt='what is to be seen'; "
            f"got {len(frames)} frames, {len(labels)} labels, alt={alt!r}"
        )
    pictures = [encode(frame, tight=False) for frame in frames]
    for frame in frames:
        plt.close(frame)
    page = film(pictures, labels, alt, seconds)
    if len(page) > LARGEST:
        raise InputError(
            f"the animation takes {len(page) / 1e6:.1f} MB, more than 2: fewer or smaller frames"
        )
    kind, last = pictures[-1]
    emit({"text/html": page, kind: last, "text/plain": alt}, {kind: {"alt": alt}})


def film(pictures: Sequence[Encoded], labels: Sequence[str], alt: str, seconds: float) -> str:
    """Return the HTML of a film, without a check of its parts."""
    content = "".join([*(picture.content for picture in pictures), *labels])
    name = "a" + hashlib.sha256(content.encode()).hexdigest()[:12]
    count = len(pictures)
    choices = "".join(
        f'<input type="radio" name="{name}" id="{name}-{i}" aria-label="{html.escape(label)}"'
        f"{' checked' * (i == count - 1)}>"
        for i, label in enumerate(labels)
    )
    images = "".join(
        f'<figure><img src="{picture.uri}" '
        f'alt="{html.escape(f"{alt} Here: {label}.")}"><figcaption>{html.escape(label)}'
        "</figcaption></figure>"
        for picture, label in zip(pictures, labels, strict=True)
    )
    return (
        f"<style>{_style(name, count, seconds)}</style>"
        f'<div class="sharingan-animation" id="{name}" role="group" aria-label="animation">'
        f'<input type="checkbox" id="{name}-play"><label for="{name}-play">play</label>'
        f"{choices}<div>{images}</div></div>"
    )


def _style(name: str, count: int, seconds: float) -> str:
    """Show the chosen frame; while playing, each frame in its turn; in print, the last one."""
    at, playing = f"#{name}", f"#{name}-play:checked"
    rules = [
        f"{at} > div {{display: grid}}",
        f"{at} figure {{grid-area: 1 / 1; margin: 0; visibility: hidden}}",
        f"{at} img {{max-width: 100%}}",
        f"{at} figcaption {{text-align: center}}",
        f"{at} > label {{margin: 0 1.2em 0 .3em}}",
        f"{playing} ~ input {{opacity: .3}}",
        f"@keyframes {name} {{0% {{visibility: visible}} {100 / count:.4f}% {{visibility: hidden}} "
        "100% {visibility: hidden}}",
    ]
    for i in range(count):
        one = f"figure:nth-child({i + 1})"
        rules += [
            f"#{name}-{i}:checked ~ div > {one} {{visibility: visible}}",
            f"{playing} ~ div > {one} {{visibility: hidden; animation: {name} "
            f"{count * seconds:g}s step-end {i * seconds:g}s infinite}}",
        ]
    rules += [
        f"@media print {{{at} > input, {at} > label {{display: none}} "
        f"{at} figure {{visibility: hidden !important; animation: none !important}} "
        f"{at} figure:last-child {{visibility: visible !important}}}}"
    ]
    return "\n".join(rules)
