"""Where pictures come from: bundled photographs, generated weed fields, GoPro, downloads.

What is not as a docstring states is an :class:`~sharingan_lab.errors.InputError` that names it.
"""

from sharingan_lab.datasets.aerial import TEST_COLUMNS, TILE_CLASSES, aerial_tiles
from sharingan_lab.datasets.annotations import Annotations, read_annotations
from sharingan_lab.datasets.assets import destination
from sharingan_lab.datasets.averages import average_frames
from sharingan_lab.datasets.batched import MixedPairs
from sharingan_lab.datasets.camera import Camera
from sharingan_lab.datasets.download import fetch
from sharingan_lab.datasets.gopro import GoProPairs
from sharingan_lab.datasets.gopro_folder import write_gopro_like
from sharingan_lab.datasets.gopro_layout import check_layout
from sharingan_lab.datasets.gopro_like import gopro_like_pair
from sharingan_lab.datasets.known_blur import blurred_pairs, sharp_crops, sharp_fields
from sharingan_lab.datasets.photos import photo, photo_names, photos
from sharingan_lab.datasets.real import RealPairs
from sharingan_lab.datasets.synthetic import PathCamera, SyntheticBlurPairs, load_folder
from sharingan_lab.datasets.weeds import CLASS_NAMES, weed_field, weed_fields

__all__ = [
    "CLASS_NAMES",
    "TEST_COLUMNS",
    "TILE_CLASSES",
    "Annotations",
    "Camera",
    "GoProPairs",
    "MixedPairs",
    "PathCamera",
    "RealPairs",
    "SyntheticBlurPairs",
    "aerial_tiles",
    "average_frames",
    "blurred_pairs",
    "check_layout",
    "destination",
    "fetch",
    "gopro_like_pair",
    "load_folder",
    "photo",
    "photo_names",
    "photos",
    "read_annotations",
    "sharp_crops",
    "sharp_fields",
    "weed_field",
    "weed_fields",
    "write_gopro_like",
]
