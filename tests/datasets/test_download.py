"""Downloads against a server in a thread that can cut, refuse and change what it offers."""

import hashlib
import os
import re
import shutil
import signal
import threading
import time
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from sharingan_lab.cli import main
from sharingan_lab.datasets import (
    GoProPairs,
    assets,
    destination,
    fetch,
    gopro_layout,
    http_download,
)
from sharingan_lab.doctor import diagnose
from sharingan_lab.errors import ConfigError, DataError, DownloadError, StorageError
from sharingan_lab.images import write_image

from ..small_disk import Disk, in_a_copy, killed, needs_fork

BODY = torch.randint(256, (3_000_000,), generator=torch.Generator().manual_seed(0)).byte().numpy()
BODY = BODY.tobytes()
DIGITS = hashlib.sha256(BODY).hexdigest()[:8]


class Server:
    """What the server offers and how it behaves; requests are written down."""

    def __init__(self):
        self.files = {}
        self.etag = '"one"'
        self.modified = None
        self.ranges = True
        self.checks_version = True  # keeps to If-Range
        self.skips = 0  # bytes that a continued answer is off by
        self.cuts = []  # bytes after which each next answer breaks off
        self.status = None
        self.requests = []


def answer(server):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.requests.append(dict(self.headers))
            body = server.files.get(self.path)
            if server.status or body is None:
                return self.send_error(server.status or 404)
            asked = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
            same = self.headers.get("If-Range") in (server.etag, server.modified)
            same = same or not server.checks_version
            start = int(asked[1]) if asked and same and server.ranges else 0
            if start >= len(body):
                return self.send_error(416)
            start += server.skips if start else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            self.send_header("Content-Length", str(len(body) - start))
            for name, value in (("ETag", server.etag), ("Last-Modified", server.modified)):
                if value:
                    self.send_header(name, value)
            self.end_headers()
            end = start + server.cuts.pop(0) if server.cuts else len(body)
            self.wfile.write(body[start:end])

        def log_message(self, *arguments):
            pass

    return Handler


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(http_download, "_PAUSES", (0.0,) * 3)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = Server()
    http = ThreadingHTTPServer(("127.0.0.1", 0), answer(state))
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_port}"
    state.files["/vgg.pth"] = BODY
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture
def weights(monkeypatch, server):
    """vgg19 as the local server offers it; returns its address."""
    url = f"{server.url}/vgg.pth"
    asset = replace(assets.ASSETS["vgg19"], url=url, sha256_start=DIGITS)
    monkeypatch.setitem(assets.ASSETS, "vgg19", asset)
    return url


@pytest.fixture
def gopro_zip(tmp_path, monkeypatch):
    """An archive of one training and one test pair, which here count as complete."""
    monkeypatch.setattr(gopro_layout, "PAIRS", {"train": 1, "test": 1})
    for split in ("train", "test"):
        for kind in ("blur", "blur_gamma", "sharp"):
            folder = tmp_path / "made" / "GOPRO_Large" / split / "GOPR0001" / kind
            write_image(torch.zeros(3, 8, 8), folder / "000001.png")
    return shutil.make_archive(tmp_path / "GOPRO_Large", "zip", tmp_path / "made")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_weights_arrive_whole_and_verified(weights, tmp_path):
    seen = []
    path = fetch("vgg19", tmp_path / "new", on_progress=lambda *state: seen.append(state))
    assert path == tmp_path / "new" / "vgg.pth" and path.read_bytes() == BODY
    assert names(path.parent) == ["vgg.pth"]
    assert seen[-1] == ("downloading vgg.pth", len(BODY), len(BODY))
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_what_is_there_is_not_fetched_again(weights, server, tmp_path):
    fetch("vgg19", tmp_path)
    fetch("vgg19", tmp_path)
    assert len(server.requests) == 1


def test_a_cut_connection_is_continued_where_it_broke(weights, server, tmp_path):
    server.cuts = [1_000_000, 700_000]
    assert fetch("vgg19", tmp_path).read_bytes() == BODY
    ranges = [request.get("Range") for request in server.requests]
    assert ranges == [None, "bytes=1000000-", "bytes=1700000-"]


def test_a_failed_download_is_kept_and_continued_by_the_next_call(weights, server, tmp_path):
    server.cuts = [500_000, 0, 0]
    with pytest.raises(DownloadError, match=r"500,000 of 3,000,000.*500,000 bytes are kept"):
        fetch("vgg19", tmp_path)
    assert names(tmp_path) == ["vgg.pth.part", "vgg.pth.part.json"]
    assert fetch("vgg19", tmp_path).read_bytes() == BODY
    assert server.requests[-1]["Range"] == "bytes=500000-"
    assert names(tmp_path) == ["vgg.pth"]


def test_two_versions_of_a_file_are_never_mixed(weights, server, tmp_path):
    server.files["/vgg.pth"] = b"\0" * len(BODY)
    server.cuts = [500_000, 0, 0]
    with pytest.raises(DownloadError):
        fetch("vgg19", tmp_path)
    server.files["/vgg.pth"], server.etag = BODY, '"two"'
    assert fetch("vgg19", tmp_path).read_bytes() == BODY


OLD, NEW = (f"Sun, 22 Nov 2026 {hour}:00:00 GMT" for hour in (10, 11))


@pytest.mark.parametrize("version", [{"etag": '"two"'}, {"etag": None, "modified": NEW}])
@pytest.mark.parametrize("checks", [True, False])
def test_a_file_that_changes_between_attempts_starts_over(
    weights, server, tmp_path, version, checks
):
    """Also where the server sends a part of the new file, whatever If-Range says."""
    server.files["/vgg.pth"], server.checks_version = b"\0" * len(BODY), checks
    if version["etag"] is None:
        server.etag, server.modified = None, OLD
    server.cuts = [500_000, 0, 0]
    with pytest.raises(DownloadError):
        fetch("vgg19", tmp_path)
    server.files["/vgg.pth"] = BODY
    vars(server).update(version)
    assert fetch("vgg19", tmp_path).read_bytes() == BODY
    assert names(tmp_path) == ["vgg.pth"]


def test_a_file_that_has_become_shorter_starts_over(weights, server, tmp_path):
    server.files["/vgg.pth"], server.checks_version = b"\0" * 4_000_000, False
    server.cuts = [3_500_000, 0, 0]
    with pytest.raises(DownloadError, match="3,500,000 bytes are kept"):
        fetch("vgg19", tmp_path)
    server.files["/vgg.pth"] = BODY
    assert fetch("vgg19", tmp_path).read_bytes() == BODY


def test_a_part_that_was_not_asked_for_is_not_appended(weights, server, tmp_path):
    server.cuts, server.skips = [500_000], 7
    assert fetch("vgg19", tmp_path).read_bytes() == BODY
    assert [r.get("Range") for r in server.requests] == [None, "bytes=500000-", None]


@pytest.mark.parametrize("note", ["", "{", "[]", "null", '{"url": 1}', '{"total": "many"}', "\0"])
def test_a_damaged_note_starts_over(weights, server, tmp_path, note):
    server.cuts = [500_000, 0, 0]
    with pytest.raises(DownloadError):
        fetch("vgg19", tmp_path)
    (tmp_path / "vgg.pth.part.json").write_text(note)
    assert fetch("vgg19", tmp_path).read_bytes() == BODY
    assert "Range" not in server.requests[-1]


@pytest.mark.parametrize("without", ["ranges", "etag"])
def test_a_server_that_cannot_continue_starts_over(weights, server, tmp_path, without):
    setattr(server, without, None)
    server.cuts = [500_000]
    assert fetch("vgg19", tmp_path).read_bytes() == BODY


def test_wrong_bytes_are_refused_and_not_kept(weights, server, tmp_path):
    server.files["/vgg.pth"] = BODY[:-1] + bytes([BODY[-1] ^ 1])
    with pytest.raises(DataError, match=f"SHA-256 starts with .*, not {DIGITS}"):
        fetch("vgg19", tmp_path)
    assert names(tmp_path) == []


def test_damaged_weights_that_are_already_there_are_not_trusted(weights, tmp_path):
    (tmp_path / "vgg.pth").write_bytes(BODY[:-5])
    with pytest.raises(DataError, match="delete it and fetch it again"):
        fetch("vgg19", tmp_path)


def test_weights_from_a_file_are_verified_and_copied(weights, server, tmp_path):
    source = tmp_path / "stick" / "anything.bin"
    source.parent.mkdir()
    source.write_bytes(BODY)
    assert fetch("vgg19", tmp_path, source).read_bytes() == BODY
    assert source.exists() and not server.requests
    source.write_bytes(BODY[1:])
    with pytest.raises(DataError, match="SHA-256"):
        fetch("vgg19", tmp_path / "other", source)
    assert source.exists() and names(tmp_path / "other") == []


def test_a_refusal_is_not_repeated_and_names_the_remedy(weights, server, tmp_path):
    server.status = 403
    with pytest.raises(DownloadError, match=r"says 403 [^;]*; copy the file from another machine"):
        fetch("vgg19", tmp_path)
    assert len(server.requests) == 1 and names(tmp_path) == []


def test_an_overloaded_server_is_asked_again(weights, server, tmp_path):
    server.status = 503
    with pytest.raises(DownloadError, match="says 503"):
        fetch("vgg19", tmp_path)
    assert len(server.requests) == 3


def test_an_unreachable_server_is_one_line_with_the_authors_page(tmp_path, monkeypatch):
    monkeypatch.setattr(http_download, "_PAUSES", (0.0,) * 3)
    with pytest.raises(DownloadError, match=r"seungjunnah\.github\.io/Datasets/gopro") as caught:
        fetch("gopro", tmp_path, "http://127.0.0.1:1/GOPRO_Large.zip")
    assert "\n" not in str(caught.value)


@needs_fork
def test_a_disk_that_becomes_full_keeps_what_fits_and_goes_on(weights, tmp_path, monkeypatch):
    def work():
        disk = Disk(tmp_path / "disk")
        (disk.place / "to").mkdir()
        monkeypatch.setattr(http_download, "_SPARE", 0)
        monkeypatch.setattr(http_download, "check_space", lambda folder, wanted: None)
        disk.fill(leave=1_000_000)
        attempts = []
        monkeypatch.setattr(time, "sleep", attempts.append)
        for _ in range(2):  # the second finds no room at all
            with pytest.raises(StorageError) as caught:
                fetch("vgg19", disk.place / "to")
            line = str(caught.value)
            assert line.startswith(f"cannot write to {disk.place}/to: No space left on device; ")
            assert line.endswith("make room, then run it again: it goes on from what has arrived")
        assert len(attempts) == 2  # none is tried again as if the connection were bad
        kept = (disk.place / "to" / "vgg.pth.part").stat().st_size
        assert 900_000 < kept < 1_000_000
        disk.make_room()
        seen = []
        fetch("vgg19", disk.place / "to", on_progress=lambda _, done, total: seen.append(done))
        assert (disk.place / "to" / "vgg.pth").read_bytes() == BODY
        assert min(seen) > kept  # went on
        assert names(disk.place / "to") == ["vgg.pth"]

    in_a_copy(work, tmp_path / "log")


@needs_fork
def test_a_folder_that_cannot_be_written_to_is_one_line(weights, tmp_path, capfd):
    def work():
        disk = Disk(tmp_path / "disk")
        disk.lock()
        return main(["fetch", "vgg19", "--to", str(disk.place / "to")]) - 1

    in_a_copy(work, tmp_path / "log")
    assert capfd.readouterr().err == (
        f"sharingan: cannot write to {tmp_path}/disk/to: Read-only file system; allow writing "
        "there, or name another folder\n"
    )


def test_a_full_disk_stops_before_the_download(weights, server, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=70_000_000)
    monkeypatch.setattr(http_download.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(DownloadError, match=r"0\.1 GB free.*make room"):
        fetch("vgg19", tmp_path)
    assert not any(path.name.endswith(".pth") for path in tmp_path.iterdir())


def test_gopro_is_downloaded_unpacked_and_checked(server, gopro_zip, tmp_path):
    with open(gopro_zip, "rb") as file:
        server.files["/a/GOPRO_Large.zip"] = file.read()
    seen = []
    place = fetch(
        "gopro",
        tmp_path / "data",
        f"{server.url}/a/GOPRO_Large.zip",
        on_progress=lambda *state: seen.append(state),
    )
    assert place == tmp_path / "data" / "GOPRO_Large"
    assert gopro_layout.check_layout(place) == {"train": 1, "test": 1}
    assert names(tmp_path / "data") == ["GOPRO_Large"]
    kinds = list(dict.fromkeys(what for what, _, _ in seen))
    assert kinds[-2:] == ["unpacking GOPRO_Large.zip.part", "decoding"]
    assert seen[-1][1] == seen[-1][2]
    fetch("gopro", tmp_path / "data", f"{server.url}/a/GOPRO_Large.zip")
    assert len(server.requests) == 1


def test_gopro_from_a_local_archive_leaves_the_archive(gopro_zip, tmp_path):
    place = fetch("gopro", tmp_path / "data", gopro_zip)
    assert len(GoProPairs(place, "train", crop=4, seed=0)) == 1
    assert zipfile.is_zipfile(gopro_zip)


def test_an_archive_without_its_outer_folder_is_accepted(gopro_zip, tmp_path):
    flat = shutil.make_archive(tmp_path / "flat", "zip", tmp_path / "made" / "GOPRO_Large")
    place = fetch("gopro", tmp_path / "data", flat)
    assert names(place) == ["test", "train"]


def test_an_archive_of_something_else_leaves_nothing_behind(tmp_path):
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("cats/1.png", b"meow")
    with pytest.raises(DataError, match="neither 'train' nor 'test': it has cats"):
        fetch("gopro", tmp_path / "data", other)
    assert names(tmp_path / "data") == []


def test_an_incomplete_data_set_that_is_there_is_named(gopro_zip, tmp_path):
    place = fetch("gopro", tmp_path / "data", gopro_zip)
    (place / "train" / "GOPR0001" / "blur" / "000001.png").unlink()
    with pytest.raises(DataError, match=r"sharp/000001\.png without blur"):
        fetch("gopro", tmp_path / "data", gopro_zip)


@needs_fork
@pytest.mark.parametrize("moment", ["downloading", "unpacking", "decoding"])
def test_a_killed_fetch_of_gopro_goes_on(server, gopro_zip, tmp_path, moment, monkeypatch):
    with open(gopro_zip, "rb") as file:
        server.files["/GOPRO_Large.zip"] = file.read()
    monkeypatch.setattr(http_download, "CHUNK", 500)

    def die(what, done, total):
        if what.startswith(moment) and done > total / 3:
            os.kill(os.getpid(), signal.SIGKILL)

    url, data = f"{server.url}/GOPRO_Large.zip", tmp_path / "data"
    assert killed(lambda: fetch("gopro", data, url, on_progress=die))
    assert not (data / "GOPRO_Large").exists()
    assert gopro_layout.check_layout(fetch("gopro", data, url)) == {"train": 1, "test": 1}
    assert names(data) == ["GOPRO_Large"]
    if moment == "downloading":
        assert server.requests[1]["Range"].startswith("bytes=")
    else:
        assert len(server.requests) == 1  # what has arrived is not asked for again


@pytest.mark.parametrize("split", ["train", "test"])
def test_wrong_numbers_of_pairs_are_named_and_nothing_is_kept(
    server, gopro_zip, tmp_path, split, monkeypatch, capsys
):
    with open(gopro_zip, "rb") as file:
        server.files["/GOPRO_Large.zip"] = file.read()
    monkeypatch.setattr(gopro_layout, "PAIRS", {**gopro_layout.PAIRS, split: 2})
    url = f"{server.url}/GOPRO_Large.zip"
    assert main(["fetch", "gopro", "--to", str(tmp_path / "data"), "--from", url]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{split} has 1 pairs, GoPro has 2: unpack the archive again" in line
    assert names(tmp_path / "data") == []


def test_the_real_numbers_are_those_of_the_authors():
    assert gopro_layout.PAIRS == {"train": 2103, "test": 1111}


def test_a_cut_connection_is_one_line_and_exit_code_1(weights, server, tmp_path, capsys):
    server.cuts = [500_000, 0, 0]
    assert main(["fetch", "vgg19", "--to", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "500,000 bytes are kept, run it again to continue; or " in line


def test_a_frame_that_does_not_decode_is_named_and_nothing_is_kept(gopro_zip, tmp_path):
    frame = tmp_path / "made" / "GOPRO_Large" / "test" / "GOPR0001" / "blur" / "000001.png"
    frame.write_bytes(frame.read_bytes()[:-30])  # whole for the archive, cut for an eye
    archive = shutil.make_archive(tmp_path / "cut", "zip", tmp_path / "made")
    with pytest.raises(DataError, match=r"cannot read .*test/GOPR0001/blur/000001\.png"):
        fetch("gopro", tmp_path / "data", archive)
    assert names(tmp_path / "data") == []


def test_a_damaged_download_of_gopro_is_forgotten(server, tmp_path):
    server.files["/GOPRO_Large.zip"] = b"not a zip"
    with pytest.raises(DataError, match="is no zip file"):
        fetch("gopro", tmp_path, f"{server.url}/GOPRO_Large.zip")
    assert names(tmp_path) == []


def test_unknown_names_and_missing_files_are_named(tmp_path):
    with pytest.raises(ConfigError, match="choose gopro, weeds, vgg19, faster-rcnn"):
        fetch("imagenet")
    with pytest.raises(DataError, match=r"no such file: .*none\.zip"):
        fetch("gopro", tmp_path, tmp_path / "none.zip")


def test_the_known_addresses_carry_their_checksum():
    for name in ("vgg19", "faster-rcnn"):
        asset = assets.ASSETS[name]
        assert asset.url.startswith("https://") and asset.sha256_start in asset.url
        assert len(asset.sha256_start) == 8


def test_the_doctor_says_what_is_there(tmp_path, monkeypatch, gopro_zip):
    monkeypatch.setenv("SHARINGAN_DATA", str(tmp_path / "data"))
    place = tmp_path / "data" / "GOPRO_Large"

    def found():
        return {finding.text: finding.good for group in diagnose().values() for finding in group}

    assert not found()[f"gopro at {place}"]
    assert fetch("gopro", source=gopro_zip) == destination("gopro") == place
    assert found()[f"gopro at {place}"]
    names = {text.partition(" at ")[0] for text in found() if " at " in text}
    assert names >= {"gopro", "vgg19", "faster-rcnn", "weeds"}
