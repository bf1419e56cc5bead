"""Where pictures come from: bundled photographs, generated weed fields, GoPro, downloads."""

from sharingan_lab.datasets.photos import photo, photo_names, photos

__all__ = ["photo", "photo_names", "photos"]
