"""The errors this package raises: one clear line that names the value and the remedy."""


class SharinganError(Exception):
    """Base of every error that the package raises on purpose."""


class InputError(SharinganError, ValueError):
    """An argument has the wrong shape, type or range."""


class ConfigError(SharinganError, ValueError):
    """A setting is unknown or out of range."""


class MissingExtraError(SharinganError, ImportError):
    """A part of the package needs an extra of the installation that is not there."""


class DataError(SharinganError):
    """A file or a data set is missing, unreadable or not laid out as expected."""


class CheckpointError(SharinganError):
    """Weights are missing, damaged or belong to another network."""


class DownloadError(SharinganError):
    """A download failed or its bytes are not the ones that were promised."""


class TrainingError(SharinganError):
    """A training run cannot go on, because a loss is not finite for example."""


class StorageError(SharinganError):
    """Something cannot be written: the folder is read-only, or as a :class:`DiskFullError` says."""


class DiskFullError(StorageError):
    """The disk is full: whatever is written next fails, too."""


def lacks_memory(error: BaseException) -> bool:
    """Whether an error says that memory is short; torch has no kind of its own for a CPU's.

    Examples
    --------
    >>> lacks_memory(RuntimeError("can't allocate memory"))
    True
    >>> lacks_memory(RuntimeError("an illegal memory access was encountered"))
    False
    """
    said = ("out of memory", "out of shared memory", "allocate memory", "not enough memory")
    return isinstance(error, MemoryError) or any(words in str(error) for words in said)
