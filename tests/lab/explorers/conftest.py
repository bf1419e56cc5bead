"""Explorers whose words and values are tested need not be painted."""

import pytest
from PIL import Image

from sharingan_lab.lab.encoding import Encoded
from sharingan_lab.lab.explorers import explorer
from sharingan_lab.lab.explorers.stage import Stage


@pytest.fixture
def unpainted(monkeypatch):
    """Figures are made and described; no pixel is computed, which each explorer's example does."""
    monkeypatch.setattr(explorer, "encode", lambda figure, **how: Encoded("image/png", ""))
    monkeypatch.setattr(Stage, "pixels", lambda self: Image.new("RGB", (8, 8)))
