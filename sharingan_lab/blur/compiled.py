"""The inner loops of the blur synthesis, compiled for the CPU by numba.

Each has a twin in plain torch that says the same more briefly and that the tests hold it to:
:func:`walk` and ``trajectories._walk``, :func:`splat` and ``kernels._splat``, :func:`convolve` and
``convolution._by_fourier``. Every path and every image is computed by itself and in a fixed order,
so results do not depend on how a batch is split.
"""

import math
import os

import numpy as np
from numba import njit


def _compile(function):
    """Compile at the first call and keep the machine code on disk, where a disk is to be had."""
    try:  # numba takes an unknown home for a folder named ~
        return njit(cache=os.path.expanduser("~") != "~", nogil=True)(function)
    except RuntimeError:  # no folder to write to
        return njit(nogil=True)(function)


@_compile
def walk(bits, angle, spread, chance, pull, normal, scale, points):
    """Run n walks through all their steps; see `sample_trajectories` for the step.

    ``bits`` (n, steps - 1) are the words of the dice, unpacked on the way: plain tensors would take
    thrice the memory, and more time. ``points`` (n, steps, 2) takes the positions, times ``scale``
    (n,). The loop over paths is the inner one: they do not wait for each other, as steps do.
    """
    n, moves = bits.shape
    vx, vy, x, y = np.cos(angle), np.sin(angle), np.zeros(n), np.zeros(n)
    points[:, 0] = 0
    for k in range(moves):
        for i in range(n):
            word = bits[i, k]
            wx, wy = vx[i], vy[i]
            luck = (word >> 32) / 2**30
            if luck < chance[i]:
                turn = math.pi + luck / chance[i] - 0.5
                a, b = 1 + 2 * math.cos(turn), 2 * math.sin(turn)
                wx, wy = wx * a - wy * b, wx * b + wy * a
            wx += spread[i] * normal[word & 0xFFFF] - pull[i] * x[i]
            wy += spread[i] * normal[(word >> 16) & 0xFFFF] - pull[i] * y[i]
            speed = math.sqrt(wx * wx + wy * wy)
            if speed > 0:
                wx, wy = wx / speed, wy / speed
            vx[i], vy[i] = wx, wy
            x[i] += wx
            y[i] += wy
            points[i, k + 1, 0] = x[i] * scale[i]
            points[i, k + 1, 1] = y[i] * scale[i]


@_compile
def splat(points, exposure, kernels):
    """Leave the light of paths (n, steps, 2) on kernels (n, size, size); see `rasterize`."""
    n, steps, _ = points.shape
    last = kernels.shape[1] - 1
    light = np.empty((last + 1, last + 1))
    for i in range(n):
        mx, my, scale = _fit(points[i], exposure[i], last + 1)
        light[:] = 0
        for k in range(math.ceil(exposure[i] * steps)):
            share = min(1.0, exposure[i] * steps - k) / steps
            px = min(max((last + 1) // 2 + scale * (points[i, k, 0] - mx), 0.0), last)
            py = min(max((last + 1) // 2 + scale * (points[i, k, 1] - my), 0.0), last)
            x, y = int(px), int(py)
            fx, fy = px - x, py - y
            right, below = min(x + 1, last), min(y + 1, last)
            light[y, x] += share * (1 - fx) * (1 - fy)
            light[y, right] += share * fx * (1 - fy)
            light[below, x] += share * (1 - fx) * fy
            light[below, right] += share * fx * fy
        kernels[i] = light


@_compile
def _fit(path, exposure, size):
    """Centroid of the exposed part of a path, and the scale at which that part fits the canvas."""
    open_steps = exposure * len(path)
    mx = my = 0.0
    for k in range(math.ceil(open_steps)):
        share = min(1.0, open_steps - k) / open_steps
        mx += share * path[k, 0]
        my += share * path[k, 1]
    scale = 1.0
    before, after = size // 2, size - 1 - size // 2
    for k in range(math.ceil(open_steps)):
        for distance in (path[k, 0] - mx, path[k, 1] - my):
            if distance * scale > after:
                scale = after / distance
            if -distance * scale > before:
                scale = -before / distance
    return mx, my, scale


@_compile
def convolve(padded, kernels, out):
    """Convolve padded images (n, c, h + k - 1, w + k - 1) with kernels (n, k, k) into (n, c, h, w).

    A path of L pixels touches a few L of a kernel's k * k pixels, and only these are visited: four
    at a time, so that a row of the result is loaded and stored less often.
    """
    n, channels, height, width = out.shape
    for i in range(n):
        rows, columns, light = _taps(kernels[i])
        for c in range(channels):
            for y in range(height):
                row = out[i, c, y]
                row[:] = 0
                for t in range(0, len(light), 4):
                    p0 = padded[i, c, y + rows[t], columns[t] :]
                    p1 = padded[i, c, y + rows[t + 1], columns[t + 1] :]
                    p2 = padded[i, c, y + rows[t + 2], columns[t + 2] :]
                    p3 = padded[i, c, y + rows[t + 3], columns[t + 3] :]
                    l0, l1, l2, l3 = light[t], light[t + 1], light[t + 2], light[t + 3]
                    for x in range(width):
                        row[x] += l0 * p0[x] + l1 * p1[x] + l2 * p2[x] + l3 * p3[x]


@_compile
def _taps(kernel):
    """Offsets and light of a kernel's lit pixels; dark ones fill up to a multiple of four."""
    last = len(kernel) - 1
    count = -(-np.count_nonzero(kernel) // 4) * 4
    rows, columns = np.zeros(count, np.int64), np.zeros(count, np.int64)
    light = np.zeros(count, kernel.dtype)
    t = 0
    for v in range(last + 1):
        for u in range(last + 1):
            if kernel[v, u] != 0:
                rows[t], columns[t], light[t] = last - v, last - u, kernel[v, u]
                t += 1
    return rows, columns, light
