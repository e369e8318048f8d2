"""What can go wrong, as sentences to the user: what, where, and the remedy."""


class ZhengwenError(Exception):
    """The job, or one file of it, could not be done; the message is meant for the user."""


class UnreadableInputError(ZhengwenError):
    """An input that cannot be read or decoded without loss."""


class ModelError(ZhengwenError):
    """A model that is missing, damaged or of another version."""


class LabelError(ZhengwenError):
    """A labelled article that contradicts its format; names file, line and field."""


class ConfigurationError(ZhengwenError):
    """Settings that cannot be read, or that say what nothing understands; names the file and the key."""


class RevisionError(ZhengwenError):
    """A revision of git, or the repository, that cannot be asked what changed."""


class BaselineError(ZhengwenError):
    """A baseline that cannot be read, or that another hand has broken; names the file and the line."""


class OutputError(ZhengwenError):
    """An output that cannot be written, or must not be."""
