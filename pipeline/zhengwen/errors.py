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


class LedgerError(ZhengwenError):
    """A ledger that is missing, damaged, in use or at odds with the files it describes."""


class KeepListError(ZhengwenError):
    """A list of kept passages that cannot be read or contradicts its format; names file and line."""


class KeptIndexError(ZhengwenError):
    """An index of kept articles that is damaged, of another version, or cannot be written."""


class EngineError(ZhengwenError):
    """Workers that were lost, or a cluster that cannot be reached."""
