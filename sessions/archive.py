"""One backup as one file: a compressed tar that says of itself whether it is whole.

`manifest.json` is its first file, then come those that it lists. Behind the compressed data stands
a second, empty member of gzip whose comment is the SHA-256 of all bytes before it: `tar xzf` does
not mind it, and no byte can be changed unnoticed.

ArchiveError
├── ArchiveForeign     this is no backup of ours, or of another format
├── ArchiveLocked      it is encrypted, and the passphrase is missing or another one
└── ArchiveDamaged     it is not as it was written; the sentence names the bad file
"""

import gzip
import hashlib
import io
import os
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import ENOSPC
from pathlib import Path
from typing import BinaryIO

from sessions.manifest import FileRecord, Manifest, NotAManifest, manifest_bytes, read_manifest
from sessions.stored_files import BLOCK

MANIFEST = "manifest.json"
LARGEST_MANIFEST = 1 << 20
LEVEL = 3
"""Of gzip: a third of the time of its default, for a tenth more bytes."""

AGE = b"age-encryption.org/"

#: RFC 1952: an empty member with a comment, whose content is an empty block of deflate.
_TRAILER = b"\x1f\x8b\x08\x10\0\0\0\0\0\xff" + b"sha256=%s\0" + b"\x03\0" + bytes(8)
TRAILER_SIZE = len(_TRAILER % (b"0" * 64))

Progress = Callable[[int], None]
BROKEN = (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile)


class ArchiveError(Exception):
    """A backup cannot be used; the text is one sentence."""


class ArchiveForeign(ArchiveError):
    """This is no backup of Threadline, or one that this version does not read."""


class ArchiveLocked(ArchiveError):
    """It is encrypted, and cannot be opened with what was given."""


class ArchiveDamaged(ArchiveError):
    """It is not as it was written."""


class _Hashing:
    """A file that is written, and the SHA-256 of what was."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


class _Metered:
    """A file that is read, and somebody who is told how much was."""

    def __init__(self, file: BinaryIO, progress: Progress) -> None:
        self._file = file
        self._progress = progress
        self._untold = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self._untold += len(data)
        if self._untold >= BLOCK or len(data) != size:
            self._progress(self._untold)
            self._untold = 0
        return data


def write_archive(
    path: Path, folder: Path, manifest: Manifest, passphrase: str, progress: Progress
) -> None:
    """Put the files of a folder that the manifest lists into one archive; durable on return.

    With a passphrase it is encrypted as a whole, for which it has to fit into memory.
    """
    plain = path.with_name(f"{path.name}.plain") if passphrase else path
    try:
        with _private(plain) as file:
            hashing = _Hashing(file)
            with (
                gzip.GzipFile("", "wb", LEVEL, hashing, mtime=0) as packed,
                tarfile.open(fileobj=packed, mode="w|", format=tarfile.GNU_FORMAT) as tar,
            ):
                about = manifest_bytes(manifest)
                tar.addfile(_head(MANIFEST, len(about), manifest), io.BytesIO(about))
                for each in manifest.files:
                    with (folder / each.name).open("rb") as content:
                        metered = _Metered(content, progress)
                        tar.addfile(_head(each.name, each.size, manifest), metered)
            file.write(_TRAILER % hashing.digest.hexdigest().encode())
        if passphrase:
            # Only then: it takes a while to import.
            from pyrage import passphrase as age  # noqa: PLC0415 - see above

            with _private(path) as file:
                file.write(age.encrypt(plain.read_bytes(), passphrase))
    finally:
        if passphrase:
            plain.unlink(missing_ok=True)


def read_archive(path: Path, into: Path, passphrase: str, progress: Progress) -> Manifest:
    """Unpack an archive into a folder that is there and empty, and compare it with its manifest.

    Raises:
        ArchiveError: it cannot be used; what is in the folder then means nothing.
        OSError: it cannot be read, or the folder cannot be written.
    """
    with path.open("rb") as file:
        stream = _opened(path, file, passphrase)
        whole = _is_whole(stream)
        with gzip.GzipFile(fileobj=stream) as packed:
            manifest = _unpack(path, packed, into, progress)
    if not whole:
        raise ArchiveDamaged(f"{path.name} is damaged, though no file in it is.")
    return manifest


def find_room(folder: Path, size: int) -> None:
    """Raise OSError if so many bytes do not fit there: a bot that serves needs the rest itself."""
    free = shutil.disk_usage(folder).free
    if size > free:
        raise OSError(ENOSPC, f"{size:,} bytes are needed and {free:,} are free", str(folder))


def _opened(path: Path, file: BinaryIO, passphrase: str) -> BinaryIO:
    """Give the archive itself, decrypted in memory if it is encrypted."""
    if file.read(len(AGE)) != AGE:
        file.seek(0)
        return file
    if not passphrase:
        raise ArchiveLocked(
            f"{path.name} is encrypted: its passphrase is needed. Set BACKUP_PASSPHRASE, or on the "
            "command line say --passphrase and be asked for it."
        )
    from pyrage import DecryptError  # noqa: PLC0415 - only for who encrypts
    from pyrage import passphrase as age  # noqa: PLC0415 - as above

    file.seek(0)
    try:
        return io.BytesIO(age.decrypt(file.read(), passphrase))
    except DecryptError:
        raise ArchiveLocked(
            f"{path.name} cannot be decrypted: the passphrase is another one, or it is damaged."
        ) from None


def _is_whole(stream: BinaryIO) -> bool:
    """Compare the bytes with the hash behind them, and go back to the first."""
    left = stream.seek(0, os.SEEK_END) - TRAILER_SIZE
    stream.seek(0)
    digest = hashlib.sha256()
    while left > 0 and (block := stream.read(min(BLOCK, left))):
        digest.update(block)
        left -= len(block)
    trailer = stream.read()
    stream.seek(0)
    return trailer == _TRAILER % digest.hexdigest().encode()


def _unpack(path: Path, packed: gzip.GzipFile, into: Path, progress: Progress) -> Manifest:
    now = MANIFEST
    manifest = None
    try:
        with tarfile.open(fileobj=packed, mode="r|") as tar:
            manifest = _manifest_in(path, tar)
            find_room(into, manifest.size)
            for each in manifest.files:
                now = each.name
                _take_out(path, tar, each, into, progress)
            now = "what follows the files"
            if tar.next() is not None:
                raise ArchiveDamaged(f"{path.name} holds more files than it lists.")
        while packed.read(BLOCK):  # to its end, where gzip keeps a checksum
            pass
    except BROKEN as error:
        if manifest is None:
            raise ArchiveForeign(
                f"{path.name} is no backup of Threadline, or damaged at its beginning: {error}."
            ) from None
        raise ArchiveDamaged(f"{path.name} is damaged: {now} cannot be read.") from None
    return manifest


def _manifest_in(path: Path, tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or not 0 < first.size <= LARGEST_MANIFEST:
        raise ArchiveForeign(f"{path.name} is no backup of Threadline: it has no {MANIFEST}.")
    content = tar.extractfile(first)
    if content is None:
        raise ArchiveForeign(f"{path.name} is no backup of Threadline: {MANIFEST} is no file.")
    try:
        return read_manifest(content.read())
    except NotAManifest as error:
        raise ArchiveForeign(f"{path.name} cannot be used: its {MANIFEST} {error}.") from None


def _take_out(
    path: Path, tar: tarfile.TarFile, wanted: FileRecord, into: Path, progress: Progress
) -> None:
    """Write the next file into the folder, under the name that the manifest has, no other."""
    found = tar.next()
    content = tar.extractfile(found) if found is not None and found.isreg() else None
    if found is None or content is None or found.name != wanted.name:
        raise ArchiveDamaged(f"{path.name} is damaged: {wanted.name} is not where it belongs.")
    if found.size != wanted.size:
        raise ArchiveDamaged(f"{path.name} is damaged: {wanted.name} has not the size it had.")
    digest = hashlib.sha256()
    with _private(into / wanted.name) as file:
        while block := content.read(BLOCK):
            digest.update(block)
            file.write(block)
            progress(len(block))
    if digest.hexdigest() != wanted.sha256:
        raise ArchiveDamaged(f"{path.name} is damaged: {wanted.name} is not what it was.")


def _head(name: str, size: int, manifest: Manifest) -> tarfile.TarInfo:
    head = tarfile.TarInfo(name)
    head.size, head.mode, head.mtime = size, 0o600, int(manifest.made_at.timestamp())
    return head


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    """Write a new file that only its owner may read; it is durable at the end."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
