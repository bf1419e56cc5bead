"""What lessons 03 to 07 play with: worlds so small that the best answer can be computed.

Points on the line and in the plane, with exact distances between them, and many small networks
trained side by side; letters and edges whose blurred pictures have known answers. Sizes that do
not fit each other, and numbers out of range, are an :class:`~sharingan_lab.errors.InputError` that
names them.
"""
