"""Errors a person can act on: each message names argument, rule, value and remedy."""


class AeCoreError(Exception):
    """Anything the user can put right; a page shows its message and stops. The rest are bugs."""


class UnreadableFileError(AeCoreError):
    """A file is no plain file, too large, or not what its name says; callers add the remedy."""


class MissingFileError(UnreadableFileError):
    """There is no such file."""


class ConfigError(AeCoreError):
    """A setting is unknown, out of range or contradicts another one."""


class DataError(AeCoreError):
    """A data set is missing, broken or of the wrong shape."""


class CheckpointError(AeCoreError):
    """A checkpoint is missing, broken, or of a schema this version does not read."""


class LatentInputError(AeCoreError):
    """Codes, groups or directions that an operation cannot work on."""


class RunError(AeCoreError):
    """A run could not be started, watched, cancelled or resumed, or its loss diverged."""


class TaskError(AeCoreError):
    """A task is of an unknown kind, or its process could not be started."""


class ProjectionError(AeCoreError):
    """A projection was asked for with impossible settings, or its worker died."""
