"""Downloads against a server in a thread that can cut, refuse and change what it offers."""

import hashlib
import re
import shutil
import stat
import threading
import zipfile
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch

from sharingan_lab.datasets import archives, download, fetch, gopro, transfer
from sharingan_lab.errors import ConfigError, DataError, DownloadError
from sharingan_lab.images import write_image

BODY = torch.randint(256, (3_000_000,), generator=torch.Generator().manual_seed(0)).byte().numpy()
BODY = BODY.tobytes()
DIGITS = hashlib.sha256(BODY).hexdigest()[:8]


class Server:
    """What the server offers and how it behaves; requests are written down."""

    def __init__(self):
        self.files = {}
        self.etag = '"one"'
        self.ranges = True
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
            same = self.headers.get("If-Range") == server.etag
            start = int(asked[1]) if asked and same and server.ranges else 0
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body) - start))
            if server.etag:
                self.send_header("ETag", server.etag)
            self.end_headers()
            end = start + server.cuts.pop(0) if server.cuts else len(body)
            self.wfile.write(body[start:end])

        def log_message(self, *arguments):
            pass

    return Handler


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(transfer, "_PAUSES", (0.0,) * 3)
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
    asset = replace(download._ASSETS["vgg19"], url=url, sha256_start=DIGITS)
    monkeypatch.setitem(download._ASSETS, "vgg19", asset)
    return url


@pytest.fixture
def gopro_zip(tmp_path, monkeypatch):
    """An archive of one training and one test pair, which here count as complete."""
    monkeypatch.setattr(gopro, "PAIRS", {"train": 1, "test": 1})
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
    with pytest.raises(DownloadError, match=r"says 403.*copy the file from another machine"):
        fetch("vgg19", tmp_path)
    assert len(server.requests) == 1 and names(tmp_path) == []


def test_an_overloaded_server_is_asked_again(weights, server, tmp_path):
    server.status = 503
    with pytest.raises(DownloadError, match="says 503"):
        fetch("vgg19", tmp_path)
    assert len(server.requests) == 3


def test_an_unreachable_server_is_one_line_with_the_authors_page(tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "_PAUSES", (0.0,) * 3)
    with pytest.raises(DownloadError, match=r"seungjunnah\.github\.io/Datasets/gopro") as caught:
        fetch("gopro", tmp_path, "http://127.0.0.1:1/GOPRO_Large.zip")
    assert "\n" not in str(caught.value)


def test_a_full_disk_stops_before_the_download(weights, server, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=70_000_000)
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda folder: usage)
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
    assert gopro.check_layout(place) == {"train": 1, "test": 1}
    assert names(tmp_path / "data") == ["GOPRO_Large"]
    kinds = list(dict.fromkeys(what for what, _, _ in seen))
    assert kinds[-2:] == ["unpacking GOPRO_Large.zip.part", "decoding"]
    assert seen[-1][1] == seen[-1][2]
    fetch("gopro", tmp_path / "data", f"{server.url}/a/GOPRO_Large.zip")
    assert len(server.requests) == 1


def test_gopro_from_a_local_archive_leaves_the_archive(gopro_zip, tmp_path):
    place = fetch("gopro", tmp_path / "data", gopro_zip)
    assert len(gopro.GoProPairs(place, "train", crop=4, seed=0)) == 1
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


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:evil.txt"]
)
def test_an_archive_cannot_write_outside_its_folder(tmp_path, name):
    evil = tmp_path / "in" / "evil.zip"
    evil.parent.mkdir()
    with zipfile.ZipFile(evil, "w") as file:
        file.writestr("fine.txt", b"fine")
        file.writestr(name, b"evil")
    with pytest.raises(DataError, match=r"not safe: .* leads out of its folder"):
        archives.extract_zip(evil, tmp_path / "in" / "out")
    assert names(tmp_path) == ["in"] and names(tmp_path / "in") == ["evil.zip"]


def test_an_archive_cannot_hold_links(tmp_path):
    evil = tmp_path / "evil.zip"
    link = zipfile.ZipInfo("train")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(evil, "w") as file:
        file.writestr(link, "/etc")
        file.writestr("train/passwd", b"evil")
    with pytest.raises(DataError, match="'train' is a link"):
        archives.extract_zip(evil, tmp_path / "out")
    assert names(tmp_path) == ["evil.zip"]


def test_a_damaged_archive_is_named_and_leaves_nothing(gopro_zip, tmp_path):
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(damaged, "w") as file:
        file.writestr("a.bin", BODY[:1000])
    content = bytearray(damaged.read_bytes())
    content[200] ^= 255
    damaged.write_bytes(content)
    with pytest.raises(DataError, match=r"damaged.zip is no zip file or a damaged one: Bad CRC"):
        archives.extract_zip(damaged, tmp_path / "out")
    with pytest.raises(DataError, match="is no zip file"):
        (tmp_path / "text.zip").write_text("hello")
        archives.extract_zip(tmp_path / "text.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".out")]


def test_a_frame_that_does_not_decode_is_named_and_nothing_is_kept(gopro_zip, tmp_path):
    frame = tmp_path / "made" / "GOPRO_Large" / "test" / "GOPR0001" / "blur" / "000001.png"
    frame.write_bytes(frame.read_bytes()[:-30])  # whole for the archive, cut for an eye
    archive = shutil.make_archive(tmp_path / "cut", "zip", tmp_path / "made")
    with pytest.raises(DataError, match=r"test/GOPR0001/blur/000001\.png cannot be decoded"):
        fetch("gopro", tmp_path / "data", archive)
    assert names(tmp_path / "data") == []


def test_a_damaged_download_of_gopro_is_forgotten(server, tmp_path):
    server.files["/GOPRO_Large.zip"] = b"not a zip"
    with pytest.raises(DataError, match="is no zip file"):
        fetch("gopro", tmp_path, f"{server.url}/GOPRO_Large.zip")
    assert names(tmp_path) == []


def test_an_existing_folder_is_not_overwritten(gopro_zip, tmp_path):
    with pytest.raises(DataError, match="already there"):
        archives.extract_zip(gopro_zip, tmp_path)


def test_a_name_used_twice_is_refused(tmp_path):
    twice = tmp_path / "twice.zip"
    with zipfile.ZipFile(twice, "w") as file:
        file.writestr("a", b"1")
        file.writestr("a/b", b"2")
    with pytest.raises(DataError, match="holds a name twice"):
        archives.extract_zip(twice, tmp_path / "out")


def test_unknown_names_and_missing_files_are_named(tmp_path):
    with pytest.raises(ConfigError, match="choose gopro, vgg19, faster-rcnn"):
        fetch("imagenet")
    with pytest.raises(DataError, match=r"no such file: .*none\.zip"):
        fetch("gopro", tmp_path, tmp_path / "none.zip")


def test_the_known_addresses_carry_their_checksum():
    for name in ("vgg19", "faster-rcnn"):
        asset = download._ASSETS[name]
        assert asset.url.startswith("https://") and asset.sha256_start in asset.url
        assert len(asset.sha256_start) == 8


def test_places_say_what_is_there(tmp_path, monkeypatch, gopro_zip):
    monkeypatch.setenv("SHARINGAN_DATA", str(tmp_path / "data"))
    assert not download.places()["gopro"].is_found
    fetch("gopro", source=gopro_zip)
    found = download.places()
    assert found["gopro"].is_found and found["gopro"].path == tmp_path / "data" / "GOPRO_Large"
    assert set(found) == set(download.fetchable())
