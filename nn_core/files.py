"""Files that are written whole or not at all, and read only if they are what they say."""

import math
import os
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np

Name = str | os.PathLike[str]
PAUSES = (0.01, 0.1, 1.0)  # s


@contextmanager
def replacing(path: Name) -> Iterator[IO[bytes]]:
    """Open a file beside `path` to write to; when the block ends, it takes the place of `path`.

    After an error or Ctrl+C in the block, or a full disk, what stood at `path` stands there still,
    and nothing is left beside it. Raises OSError where no file can be written, and for a `path`
    that is no file, such as a folder.
    """
    path = os.path.realpath(path)  # a link stays a link
    if not os.path.isdir(folder := os.path.dirname(path)):
        raise FileNotFoundError(f"{folder} is no folder: make it, or name another path.")
    if os.path.exists(path) and not os.path.isfile(path):
        raise OSError(f"{path} is no file and can't be replaced by one.")
    unfinished = f"{path}.{os.urandom(4).hex()}.unfinished"  # its own, if two write at once
    try:
        with open(unfinished, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _replace(unfinished, path)
    except BaseException:
        if os.path.exists(unfinished):
            os.remove(unfinished)
        raise


def _replace(unfinished: str, path: str) -> None:
    """Rename, and where others read the file, which forbids it on Windows, wait until they have."""
    for pause in PAUSES:
        try:
            return os.replace(unfinished, path)
        except PermissionError:
            if sys.platform != "win32":
                raise
            time.sleep(pause)
    os.replace(unfinished, path)


def read_arrays(file: IO[bytes]) -> dict[str, np.ndarray]:
    """Return the arrays of an open .npz file that numpy.savez has written, by name.

    Each array's header is held against the file before there is memory for it: a small file could
    ask for gigabytes otherwise. Nothing is unpickled. Any other file raises what zipfile and NumPy
    raise: ValueError, BadZipFile, OSError and others.
    """
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
        length = os.fstat(file.fileno()).st_size
        if packed or sum(member.file_size for member in members) > length:
            raise ValueError("its arrays would take more memory than the file is long.")
        return {member.filename.removesuffix(".npy"): _array(archive, member) for member in members}


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):  # which savez writes for arrays of numbers
            raise ValueError(f"{member.filename} has an unknown format, {version}.")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        claimed, left = math.prod(shape) * dtype.itemsize, member.file_size - file.tell()
        if claimed != left or not left:  # of nothing there could be any number
            raise ValueError(
                f"{member.filename} has the shape {shape} by its header, which takes {claimed:,} "
                f"bytes, and holds {left:,}."
            )
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)
