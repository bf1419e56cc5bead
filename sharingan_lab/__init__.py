"""sharingan-lab: motion deblurring with conditional GANs, taught step by step.

One road runs through the package, and each subpackage is one station of it:
``blur`` -> ``classical`` -> ``datasets`` -> ``networks`` -> ``losses`` -> ``training`` ->
``restore`` -> ``evaluation``; ``lab`` and ``cli`` are the doors.
"""

__version__ = "0.1.0"
