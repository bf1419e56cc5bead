"""The blur explorer of lesson 01: everything between a shaking hand and a blurred photograph.

`settings` what can be turned, `shot` one exposure and the way back, `pictures` where photographs
come from, `plots` what is drawn, `takeaway` what is taken home, `page` the layout, `widget` what
reacts.
"""
