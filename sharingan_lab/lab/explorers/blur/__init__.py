"""The blur explorer of lesson 01: everything between a shaking hand and a blurred photograph.

Its parts: `settings` what can be turned, `shot` one exposure, `restoring` the way back, `pictures`
where photographs come from, `plots` and `panels` what is drawn, `takeaway` what is taken home,
`still` the picture for a page without a kernel, `page` the layout, `widget` what reacts.
"""

from sharingan_lab.lab.explorers.blur.pictures import working_copy
from sharingan_lab.lab.explorers.blur.widget import BlurExplorer

__all__ = ["BlurExplorer", "working_copy"]
