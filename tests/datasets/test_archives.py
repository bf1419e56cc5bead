"""Archives that reach out, lie, are damaged, or are left half-unpacked."""

import contextlib
import os
import shutil
import signal
import stat
import struct
import zipfile

import pytest
import torch

from sharingan_lab.datasets import archives, http_download
from sharingan_lab.errors import DataError, DownloadError, StorageError

from ..small_disk import Disk, in_a_copy, killed, needs_fork


def extract(archive, to, **options):
    with archives.unpacked(archive, beside=to, **options) as folder:
        folder.rename(to)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "/evil.txt", "//evil.txt", "a/../../evil.txt", "./../evil.txt", "..",
     "..\\evil.txt", "C:evil.txt", "C:/evil.txt", "."],
)  # fmt: skip
def test_an_archive_cannot_write_outside_its_folder(tmp_path, name):
    evil = tmp_path / "in" / "evil.zip"
    evil.parent.mkdir()
    with zipfile.ZipFile(evil, "w") as file:
        file.writestr("fine.txt", b"fine")
        file.writestr(name, b"evil")
    with pytest.raises(DataError, match=r"not safe: .* leads out of its folder"):
        extract(evil, tmp_path / "in" / "out")
    assert names(tmp_path) == ["in"] and names(tmp_path / "in") == ["evil.zip"]


@pytest.mark.parametrize(
    "kind", ["S_IFLNK", "S_IFIFO", "S_IFBLK", "S_IFCHR", "S_IFSOCK", "S_IFDIR"]
)
def test_an_archive_cannot_hold_links_or_devices(tmp_path, kind):
    """Hard links a zip file does not know: every name in it has its own bytes."""
    evil = tmp_path / "evil.zip"
    special = zipfile.ZipInfo("train")
    special.create_system, special.external_attr = 3, (getattr(stat, kind) | 0o777) << 16
    with zipfile.ZipFile(evil, "w") as file:
        file.writestr(special, "/etc")
        file.writestr("train/passwd", b"evil")
    with pytest.raises(DataError, match="'train' is a link or a device"):
        extract(evil, tmp_path / "out")
    assert names(tmp_path) == ["evil.zip"]


def test_the_rights_that_an_archive_asks_for_are_not_given(tmp_path):
    packed = tmp_path / "rights.zip"
    member = zipfile.ZipInfo("run")
    member.create_system, member.external_attr = 3, (stat.S_IFREG | 0o6777) << 16
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(member, b"#!/bin/sh")
    extract(packed, tmp_path / "out")
    assert not (tmp_path / "out" / "run").stat().st_mode & 0o6111


def lying_zip(path, real, announced):
    """A zip file whose only member inflates to more bytes than it says."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb", bytes(real))
    content = path.read_bytes()
    assert content.count(struct.pack("<I", real)) == 2  # before the bytes and in the table
    path.write_bytes(content.replace(struct.pack("<I", real), struct.pack("<I", announced)))


def test_a_member_with_more_bytes_than_announced_is_stopped_there(tmp_path, monkeypatch):
    bomb, written = tmp_path / "bomb.zip", []
    lying_zip(bomb, real=50_000_000, announced=1000)
    copy = shutil.copyfileobj

    def counting(packed, file, size):
        copy(packed, file, size)
        written.append(file.tell())

    monkeypatch.setattr(archives.shutil, "copyfileobj", counting)
    monkeypatch.setattr(zipfile.ZipExtFile, "_update_crc", lambda self, data: None)  # even so
    with contextlib.suppress(DataError):
        extract(bomb, tmp_path / "first")
    assert written == [1000]
    monkeypatch.undo()
    with pytest.raises(DataError, match="Bad CRC"):
        extract(bomb, tmp_path / "out")
    assert not (tmp_path / "out").exists() and hidden(tmp_path) == []


def test_an_archive_that_announces_more_than_the_disk_has_is_not_begun(tmp_path):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        for i in range(3):
            file.writestr(f"{i}", bytes(100_000))
    content = bomb.read_bytes()
    announced = struct.pack("<I", 0xFFFF_FFF0)
    bomb.write_bytes(content.replace(struct.pack("<I", 100_000), announced))
    usage = shutil.disk_usage(tmp_path)._replace(free=12_000_000_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http_download.shutil, "disk_usage", lambda folder: usage)
        with pytest.raises(DownloadError, match=r"12\.0 GB free, 1\.0 GB too little: make room"):
            extract(bomb, tmp_path / "out")
    assert not any(path.is_file() and path.name != "bomb.zip" for path in tmp_path.rglob("*"))


def hidden(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def some_zip(path, seed=0):
    """Ten members of random bytes."""
    rng = torch.Generator().manual_seed(seed)
    with zipfile.ZipFile(path, "w") as file:
        for i in range(10):
            content = torch.randint(256, (200_000,), generator=rng).byte().numpy().tobytes()
            file.writestr(f"frames/{i}.png", content)
    return path


def same_as(packed, folder):
    with zipfile.ZipFile(packed) as file:
        for name in file.namelist():
            assert (folder / name).read_bytes() == file.read(name)
        assert len([p for p in folder.rglob("*") if p.is_file()]) == len(file.namelist())


def kill_at_member(number, monkeypatch):
    """Die in the middle of a member: half of it is written."""
    plain, calls = shutil.copyfileobj, []

    def counting(packed, file, size):
        calls.append(1)
        if len(calls) == number:
            file.write(packed.read(100_000))
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        plain(packed, file, size)

    monkeypatch.setattr(archives.shutil, "copyfileobj", counting)


def killed_at_the_fifth_member(packed, out):
    def work():
        with pytest.MonkeyPatch.context() as patch:
            kill_at_member(5, patch)
            extract(packed, out)

    return killed(work)


@pytest.fixture
def unpacked_members(monkeypatch):
    found, plain = [], archives._extract_member
    monkeypatch.setattr(
        archives,
        "_extract_member",
        lambda file, member, place: (found.append(member.filename), plain(file, member, place)),
    )
    return found


@needs_fork
def test_a_killed_extraction_goes_on_with_what_is_missing(tmp_path, unpacked_members):
    packed = some_zip(tmp_path / "some.zip")

    assert killed_at_the_fifth_member(packed, tmp_path / "out")
    assert not (tmp_path / "out").exists() and len(hidden(tmp_path)) == 1
    seen = []
    extract(packed, tmp_path / "out", on_progress=lambda *state: seen.append(state))
    assert unpacked_members == [f"frames/{i}.png" for i in range(4, 10)]
    assert seen[0][1:] == (1_000_000, 2_000_000) and seen[-1][1:] == (2_000_000, 2_000_000)
    same_as(packed, tmp_path / "out")
    assert hidden(tmp_path) == []


@needs_fork
def test_what_was_unpacked_is_trusted_bit_by_bit_only(tmp_path, unpacked_members):
    packed = some_zip(tmp_path / "some.zip")

    assert killed_at_the_fifth_member(packed, tmp_path / "out")
    (folder,) = (tmp_path / name for name in hidden(tmp_path))
    content = bytearray((folder / "frames" / "1.png").read_bytes())
    content[1000] ^= 1
    (folder / "frames" / "1.png").write_bytes(content)
    extract(packed, tmp_path / "out")
    assert unpacked_members[0] == "frames/1.png" and len(unpacked_members) == 7
    same_as(packed, tmp_path / "out")


@needs_fork
def test_what_was_unpacked_of_another_archive_is_dropped(tmp_path, unpacked_members):
    assert killed_at_the_fifth_member(some_zip(tmp_path / "some.zip"), tmp_path / "out")
    other = some_zip(tmp_path / "some.zip", seed=1)
    extract(other, tmp_path / "out")
    assert len(unpacked_members) == 10
    same_as(other, tmp_path / "out")
    assert hidden(tmp_path) == []


@needs_fork
def test_a_disk_that_becomes_full_while_unpacking(tmp_path, monkeypatch):
    packed = some_zip(tmp_path / "some.zip")

    def work():
        disk = Disk(tmp_path / "disk")
        monkeypatch.setattr(archives, "check_space", lambda folder, wanted: None)
        disk.fill(leave=900_000)
        pattern = "No space left on device; .* it goes on from what is unpacked"
        with pytest.raises(StorageError, match=pattern):
            extract(packed, disk.place / "out")
        assert not (disk.place / "out").exists()
        disk.make_room()
        seen = []
        extract(packed, disk.place / "out", on_progress=lambda *s: seen.append(s[1]))
        assert seen[0] == 1_000_000  # four were there
        same_as(packed, disk.place / "out")
        assert names(disk.place) == ["out"]

    in_a_copy(work, tmp_path / "log")


def test_a_name_used_twice_is_refused(tmp_path):
    twice = tmp_path / "twice.zip"
    with zipfile.ZipFile(twice, "w") as file:
        file.writestr("a", b"1")
        file.writestr("a/b", b"2")
    with pytest.raises(DataError, match="holds a name twice"):
        extract(twice, tmp_path / "out")


def test_a_damaged_archive_is_named_and_leaves_nothing(tmp_path):
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(damaged, "w") as file:
        file.writestr("a.bin", bytes(range(250)) * 4)
    content = bytearray(damaged.read_bytes())
    content[200] ^= 255
    damaged.write_bytes(content)
    with pytest.raises(DataError, match=r"damaged.zip is no zip file or a damaged one: Bad CRC"):
        extract(damaged, tmp_path / "out")
    with pytest.raises(DataError, match="is no zip file"):
        (tmp_path / "text.zip").write_text("hello")
        extract(tmp_path / "text.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists() and hidden(tmp_path) == []
