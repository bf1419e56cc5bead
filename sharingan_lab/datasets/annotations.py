"""Boxes that others have drawn: COCO, Pascal VOC, YOLO, LabelMe and Anylabeling.

Each reader returns what a file says of a picture, as names and boxes in pixels; one place checks.
"""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import torch
from torch import Tensor

from sharingan_lab.errors import DataError
from sharingan_lab.locations import named_path
from sharingan_lab.picture_files import open_image

_NAMES = "classes.txt"  # of YOLO's numbers, one a line
_DAMAGED = (ValueError, KeyError, TypeError, AttributeError, IndexError, ElementTree.ParseError)
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Annotations:
    """Pictures with the boxes of what is on them.

    Parameters
    ----------
    pictures : list of Path
        Those of which something usable is known.
    targets : list of dict
        One a picture, ``boxes`` (M, 4) and ``labels`` (M,), as detectors train on.
    classes : tuple of str
        Name of each label; 0 is the background.
    odd : list of str
        Sentences on all that was left out or changed, each with its file.
    """

    pictures: list[Path]
    targets: list[dict[str, Tensor]]
    classes: tuple[str, ...]
    odd: list[str]


@dataclass
class _Said:
    """What annotations say of one picture."""

    things: list[tuple[str, Box]] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    size: tuple[int, int] | None = None  # width, height


def read_annotations(
    source: str | os.PathLike,
    pictures: Sequence[str | os.PathLike],
    *,
    classes: Sequence[str] | None = None,
) -> Annotations:
    """Read the boxes of pictures, and say of what is odd that it is.

    Parameters
    ----------
    source : path
        A JSON file as COCO's, with all pictures; or a folder with a file for each picture, of its
        name: ``.xml`` as Pascal VOC's, ``.txt`` as YOLO's with a ``classes.txt``, or ``.json``
        as LabelMe and Anylabeling write, of whose polygons the box is taken.
    pictures : sequence of path
        The pictures; their sizes are looked up.
    classes : sequence of str, optional
        Names that a detector knows, the background first; things of other names are left out, and
        said so. By default all names that occur, in the order of the alphabet.

    Returns
    -------
    Annotations
        A picture of which nothing is said, or something that cannot be read or that is of another
        size, is left out; a box beyond the border is cut, one of no size left out.

    Raises
    ------
    DataError
        The source is missing, or no picture is left.

    Examples
    --------
    >>> import tempfile
    >>> from sharingan_lab.images import write_image
    >>> folder = Path(tempfile.mkdtemp())
    >>> picture = write_image(torch.zeros(1, 3, 20, 40), folder / "a.png")
    >>> marks = {"shapes": [{"label": "weed", "shape_type": "polygon",
    ...                      "points": [[5, 5], [45, 5], [5, 9]]}]}
    >>> _ = (folder / "a.json").write_text(json.dumps(marks))
    >>> known = read_annotations(folder, [picture])
    >>> known.targets[0]["boxes"].tolist(), known.classes
    ([[5.0, 5.0, 40.0, 9.0]], ('background', 'weed'))
    >>> known.odd
    ['a.png: weed 1 reaches beyond the border: cut']
    """
    source, paths = named_path(source), [named_path(picture) for picture in pictures]
    if not source.exists():
        raise DataError(f"no annotations at {source}")
    said, odd = _read_folder(source, paths) if source.is_dir() else _read_coco(source, paths)
    found = {name for one in said.values() for name, _ in one.things}
    names = classes or ("background", *sorted(found))
    kept, targets = [], []
    for path in paths:
        target = _checked(path, said.get(path), tuple(names), odd)
        if target is not None:
            kept.append(path)
            targets.append(target)
    if not kept:
        why = "; ".join(odd[:3])
        raise DataError(f"{source} says nothing usable of {len(paths)} pictures: {why}")
    return Annotations(kept, targets, tuple(names), odd)


def _checked(
    path: Path, said: _Said | None, names: tuple[str, ...], odd: list[str]
) -> dict[str, Tensor] | None:
    """Target of a picture, or None if there is none that can be used."""
    if said is None:
        odd.append(f"{path.name}: not annotated, left out")
        return None
    try:
        width, height = size = _size(path)
    except DataError as error:
        odd.append(str(error))
        return None
    odd += [f"{path.name}: {sentence}" for sentence in said.odd]
    if said.size not in (None, size):
        other = " x ".join(map(str, said.size))
        odd.append(f"{path.name}: annotated at {other}, it has {width} x {height}: left out")
        return None
    if not said.things:
        odd.append(f"{path.name}: nothing is marked on it")
    kept = []
    for number, (name, box) in enumerate(said.things, start=1):
        inside = [min(max(v, 0.0), most) for v, most in zip(box, (width, height) * 2, strict=True)]
        amiss = ""
        if name not in names[1:]:
            amiss = "is of no known class: left out"
        elif not all(map(math.isfinite, box)) or box[2] <= box[0] or box[3] <= box[1]:
            amiss = "has no size: left out"
        elif inside[2] <= inside[0] or inside[3] <= inside[1]:
            amiss = "lies beyond the border: left out"
        else:
            kept.append((inside, names.index(name)))
            if max(abs(a - b) for a, b in zip(inside, box, strict=True)) > 0.5:
                amiss = "reaches beyond the border: cut"
        odd += [f"{path.name}: {name} {number} {amiss}"] * bool(amiss)
    boxes = torch.tensor([box for box, _ in kept], dtype=torch.float32).reshape(-1, 4)
    labels = torch.tensor([label for _, label in kept], dtype=torch.int64)
    return {"boxes": boxes, "labels": labels}


def _size(path: Path) -> tuple[int, int]:
    """Width and height as a picture is shown, turned upright."""
    with open_image(path) as file:
        width, height = file.size
        return (height, width) if file.getexif().get(0x0112, 1) >= 5 else (width, height)


def _read_folder(folder: Path, pictures: Sequence[Path]) -> tuple[dict[Path, _Said], list[str]]:
    known, odd, stems = {}, [], {path.stem for path in pictures}
    for path in pictures:
        files = [file for end in _READERS if (file := folder / f"{path.stem}{end}").is_file()]
        odd += [f"{file.name}: {files[0].name} was read instead" for file in files[1:]]
        for file in files[:1]:
            try:
                known[path] = _READERS[file.suffix](file, path)
            except _DAMAGED as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                odd.append(f"{file.name}: cannot be read ({reason})")
    for file in sorted(folder.iterdir()):
        if file.suffix in _READERS and file.stem not in stems and file.name != _NAMES:
            odd.append(f"{file.name}: no picture of this name")
    return known, odd


def _read_coco(file: Path, pictures: Sequence[Path]) -> tuple[dict[Path, _Said], list[str]]:
    try:
        content = json.loads(file.read_text("utf-8"))
        images = {one["id"]: one for one in content["images"]}
        names = {one["id"]: one["name"] for one in content["categories"]}
        marks = content["annotations"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file} is no JSON as COCO's: {error!r}") from error
    paths, known, odd = {path.name: path for path in pictures}, {}, []
    for one in images.values():
        path = paths.get(Path(one["file_name"]).name)
        if path is None:
            odd.append(f"{one['file_name']}: annotated, no picture of this name")
            continue
        size = (one["width"], one["height"]) if "width" in one and "height" in one else None
        known[path] = _Said(size=size)
    for number, mark in enumerate(marks, start=1):
        image = images.get(mark.get("image_id"))
        if image is None:
            odd.append(f"{file.name}: annotation {number} is of no image in the file")
            continue
        said = known.get(paths.get(Path(image["file_name"]).name))
        name = str(names.get(mark.get("category_id"), mark.get("category_id")))
        box = mark.get("bbox", ())
        if said is None:
            continue
        if mark.get("iscrowd"):
            said.odd.append(f"{name} of annotation {number} is a crowd: left out")
        elif len(box) != 4:
            said.odd.append(f"{name} of annotation {number} has no box: left out")
        else:
            x, y, width, height = map(float, box)
            said.things.append((name, (x, y, x + width, y + height)))
    return known, odd


def _read_labelme(file: Path, _: Path) -> _Said:
    content = json.loads(file.read_text("utf-8"))
    size = content.get("imageWidth"), content.get("imageHeight")
    said = _Said(size=None if None in size else size)
    for shape in content["shapes"]:
        kind, name = shape.get("shape_type", "polygon"), str(shape["label"])
        if kind not in ("polygon", "rectangle", "rotation"):
            said.odd.append(f"{name} is a {kind}, which has no box: left out")
        else:
            said.things.append((name, _around(shape["points"])))
    return said


def _read_voc(file: Path, _: Path) -> _Said:
    root = ElementTree.parse(file).getroot()
    size = root.find("size")
    said = _Said()
    if size is not None:
        said.size = int(size.findtext("width")), int(size.findtext("height"))
    for thing in root.iter("object"):
        edges = (thing.find("bndbox").findtext(part) for part in ("xmin", "ymin", "xmax", "ymax"))
        x1, y1, x2, y2 = map(float, edges)
        # Pascal VOC numbers pixels from 1 and names the last one inside.
        said.things.append((str(thing.findtext("name")), (x1 - 1, y1 - 1, x2, y2)))
    return said


def _read_yolo(file: Path, picture: Path) -> _Said:
    listed = file.with_name(_NAMES)
    names = list(map(str.strip, listed.read_text("utf-8").splitlines())) if listed.is_file() else []
    said, size = _Said(), _size(picture)
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        label, *values = line.split()
        if not (label.isdigit() and int(label) < len(names)):
            unknown = f"line {number} is of class {label}, which {_NAMES} does not name"
            said.odd.append(f"{unknown}: left out")
            continue
        points = [float(v) * size[i % 2] for i, v in enumerate(values)]
        if len(points) == 4:
            x, y, width, height = points
            box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        elif len(points) >= 6 and len(points) % 2 == 0:
            box = _around(list(zip(points[::2], points[1::2], strict=True)))
        else:
            said.odd.append(f"line {number} has {len(points)} numbers, not 4: left out")
            continue
        said.things.append((names[int(label)], box))
    return said


def _around(points: Sequence[Sequence[float]]) -> Box:
    """The box around points; one of no points has no size."""
    xs, ys = ([float(point[i]) for point in points] for i in (0, 1))
    return (min(xs), min(ys), max(xs), max(ys)) if xs else (0.0, 0.0, 0.0, 0.0)


_READERS = {".json": _read_labelme, ".xml": _read_voc, ".txt": _read_yolo}  # the first counts
