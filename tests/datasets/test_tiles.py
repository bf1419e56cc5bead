"""The aerial tiles: fetched file by file from a local server, verified, continued."""

import hashlib
from dataclasses import replace

import pytest
import torch

from sharingan_lab.cli import main
from sharingan_lab.datasets import aerial, aerial_tiles, assets, destination, fetch, tiles
from sharingan_lab.errors import DataError, DownloadError
from sharingan_lab.locations import shipped_dir
from sharingan_lab.storage import sha256_of

from .test_download import names, server  # noqa: F401

FILES = {f"tile_0_{row}.{end}": f"{row} {end}".encode() * 50 for row in (0, 1)
         for end in ("jpg", "json")}  # fmt: skip


@pytest.fixture
def offered(server, monkeypatch):  # noqa: F811
    """Four small files, which here are the whole data set; returns the server."""
    digests = {name: hashlib.sha256(body).hexdigest() for name, body in FILES.items()}
    monkeypatch.setattr(tiles, "tile_digests", lambda: digests)
    asset = replace(assets.ASSETS["weeds"], url=f"{server.url}/tiles")
    monkeypatch.setitem(assets.ASSETS, "weeds", asset)
    server.files |= {f"/tiles/{name}": body for name, body in FILES.items()}
    return server


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_all_tiles_arrive_under_their_names(offered, tmp_path):
    seen = []
    place = fetch("weeds", tmp_path, on_progress=lambda *state: seen.append(state))
    assert place == destination("weeds", tmp_path) == tmp_path / "uav_potato"
    assert contents(place) == FILES and names(tmp_path) == ["uav_potato"]
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert fetch("weeds", tmp_path) == place and len(offered.requests) == len(FILES)


def test_what_has_arrived_is_not_asked_for_again(offered, tmp_path):
    last = list(FILES)[-1]
    body = offered.files.pop(f"/tiles/{last}")
    with pytest.raises(DownloadError, match="404"):
        fetch("weeds", tmp_path)
    assert not (tmp_path / "uav_potato").exists()
    asked = len(offered.requests)
    offered.files[f"/tiles/{last}"] = body
    assert contents(fetch("weeds", tmp_path)) == FILES
    assert len(offered.requests) == asked + 1 and names(tmp_path) == ["uav_potato"]


def test_a_file_of_another_content_is_refused_and_asked_for_again(offered, tmp_path):
    name = "tile_0_1.jpg"
    offered.files[f"/tiles/{name}"] = b"another picture"
    with pytest.raises(DataError, match=rf"{name} is not the file of this data set"):
        fetch("weeds", tmp_path)
    assert not (tmp_path / "uav_potato").exists()
    offered.files[f"/tiles/{name}"] = FILES[name]
    assert contents(fetch("weeds", tmp_path)) == FILES


def test_a_folder_that_is_here_is_copied_and_verified(offered, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, body in FILES.items():
        (folder / name).write_bytes(body)
    assert contents(fetch("weeds", tmp_path / "to", folder)) == FILES
    assert offered.requests == []
    (folder / "tile_0_0.jpg").unlink()
    with pytest.raises(DataError, match=r"no such file: .*tile_0_0\.jpg"):
        fetch("weeds", tmp_path / "again", folder)


def test_tiles_that_were_changed_are_named(offered, tmp_path):
    place = fetch("weeds", tmp_path)
    (place / "tile_0_0.json").write_bytes(b"changed")
    with pytest.raises(DataError, match=r"tile_0_0\.json is damaged or another file"):
        fetch("weeds", tmp_path)
    (place / "tile_0_0.json").unlink()
    with pytest.raises(DataError, match=r"tile_0_0\.json is missing"):
        fetch("weeds", tmp_path)


def test_the_command_fetches_them(offered, tmp_path, capsys):
    assert main(["fetch", "weeds", "--to", str(tmp_path)]) == 0
    assert f"weeds is in {tmp_path / 'uav_potato'}" in capsys.readouterr().out


def test_the_list_that_ships_is_of_all_tiles_and_of_the_pinned_commit():
    known = tiles.tile_digests()
    assert set(known) == {
        f"tile_{column}_{row}.{end}"
        for column in range(13)
        for row in range(10)
        for end in ("jpg", "json")
    }
    assert all(len(digest) == 64 and int(digest, 16) >= 0 for digest in known.values())
    assert "/7680ff97bc5d7586f34c7efa772c97fc96106e9f/" in assets.ASSETS["weeds"].url


def test_two_tiles_of_the_tested_block_ship_as_they_were_published(monkeypatch, tmp_path):
    monkeypatch.setenv("SHARINGAN_DATA", str(tmp_path))
    images, targets = aerial_tiles()
    assert images.shape == (2, 3, 640, 640)
    marked = torch.cat([target["labels"] for target in targets]).bincount().tolist()
    assert marked == [0, 12, 16]  # four and eight potatoes, seven and nine weeds
    shipped = [path for path in shipped_dir().iterdir() if path.name.startswith("tile_")]
    assert len(shipped) == 4
    for path in shipped:
        assert sha256_of(path) == tiles.tile_digests()[path.name]
        assert int(path.stem.split("_")[1]) in aerial.TEST_COLUMNS


def test_fetched_tiles_are_taken_where_they_are(monkeypatch, tmp_path):
    monkeypatch.setenv("SHARINGAN_DATA", str(tmp_path))
    place = tmp_path / "uav_potato"
    place.mkdir()
    for end in ("jpg", "json"):
        body = (shipped_dir() / f"tile_11_6.{end}").read_bytes()
        for name in ("tile_0_0", "tile_10_0", "tile_11_3", "tile_12_9"):
            (place / f"{name}.{end}").write_bytes(body)
    images, targets = aerial_tiles()
    assert len(images) == len(targets) == 3  # column 0 was trained on
    assert len(aerial_tiles(2)[0]) == 2
