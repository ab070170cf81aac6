"""The expected errors: each has a one-line message for people and an exit code for schedulers."""

__all__ = [
    "InputError",
    "IntegrityError",
    "LockedError",
    "NothingToScoreError",
    "NumerosityError",
    "StorageError",
    "UsageError",
    "exit_code",
    "one_line",
]


class NumerosityError(Exception):
    """An expected failure. Its message is one line: what failed, where, and what to do."""

    exit_code = 1


class UsageError(NumerosityError):
    """The command or its configuration is wrong; nothing was changed."""

    exit_code = 2


class InputError(NumerosityError):
    """A file, table, column or row is missing or breaks its contract."""

    exit_code = 3


class NothingToScoreError(InputError):
    """A feature table has no rows, or none that day: its source is disabled, or has no data."""


class IntegrityError(NumerosityError):
    """A file or model differs from its record, or a model returned invalid output."""

    exit_code = 4


class LockedError(NumerosityError):
    """Another process held the lock for longer than the timeout."""

    exit_code = 5


class StorageError(NumerosityError):
    """The disk is full; the files are unchanged."""


def exit_code(error: Exception) -> int:
    """The exit code for any error; 1 for an unexpected one."""
    return error.exit_code if isinstance(error, NumerosityError) else NumerosityError.exit_code


def one_line(error: Exception) -> str:
    """The message of any error on one line; an unexpected one has its type in front."""
    text = " ".join(str(error).split())
    return text if isinstance(error, NumerosityError) else f"{type(error).__name__}: {text}"
