"""Where pictures come from: bundled photographs, generated weed fields, GoPro, downloads."""

from sharingan_lab.datasets.photos import photo, photo_names, photos
from sharingan_lab.datasets.synthetic import SyntheticBlurPairs, load_folder

__all__ = ["SyntheticBlurPairs", "load_folder", "photo", "photo_names", "photos"]
