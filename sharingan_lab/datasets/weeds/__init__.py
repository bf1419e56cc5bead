"""Generated fields of crop plants and weeds, with exact boxes."""

from sharingan_lab.datasets.weeds.field import CLASS_NAMES, weed_field, weed_fields

__all__ = ["CLASS_NAMES", "weed_field", "weed_fields"]
