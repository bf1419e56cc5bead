"""The commands, one a module: what can be typed, and what it does.

The library is imported when a command runs, so that ``--help`` answers at once.
"""
