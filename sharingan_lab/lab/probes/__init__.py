"""What lesson 06 holds up to a network: its layers, what a score sees, the grid it leaves.

Layers that are not as a docstring states, and numbers out of range, are an
:class:`~sharingan_lab.errors.InputError` that names them.
"""
