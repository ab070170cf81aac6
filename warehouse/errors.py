"""The errors people see: one clear line each, and the exit code a scheduler acts on."""

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
    """An expected failure. Its message is one line: what is wrong, where, and what to do."""

    exit_code = 1


class UsageError(NumerosityError):
    """The command or its configuration is wrong; nothing was tried."""

    exit_code = 2


class InputError(NumerosityError):
    """A file, table, column or row is missing or breaks its contract."""

    exit_code = 3


class NothingToScoreError(InputError):
    """A feature table is empty: its source is off, or has nothing yet."""


class IntegrityError(NumerosityError):
    """A model is not what its manifest says, or answers what a model may not."""

    exit_code = 4


class LockedError(NumerosityError):
    """Another process held the warehouse for longer than the time allowed."""

    exit_code = 5


class StorageError(NumerosityError):
    """The disk is full; what was there before still is."""


def exit_code(error: Exception) -> int:
    """The exit code for any error: 1 for those nobody expected."""
    return error.exit_code if isinstance(error, NumerosityError) else NumerosityError.exit_code


def one_line(error: Exception) -> str:
    """Any error as one line; those nobody expected with their type in front."""
    text = " ".join(str(error).split())
    return text if isinstance(error, NumerosityError) else f"{type(error).__name__}: {text}"
