"""A photo whole: its colours, and what a file holds beside them.

``reading`` takes a picture file or a Pillow image apart, ``writing`` puts it together again with
other colours; ``inks`` and ``png`` know what Pillow does not.
"""

from sharingan_lab.photo.photo import Photo
from sharingan_lab.photo.reading import as_channels, photo_of, read_photo
from sharingan_lab.photo.writing import encode_photo, image_of

__all__ = ["Photo", "as_channels", "encode_photo", "image_of", "photo_of", "read_photo"]
