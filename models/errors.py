"""What can go wrong in this package.

ClassifierError
├── ArtifactError   the trained files cannot be used; do not start
└── DataError       there is nothing to train on; nothing was written
"""


class ClassifierError(Exception):
    """Root of this package's errors."""


class ArtifactError(ClassifierError):
    """An artifact is missing, damaged or made by another version; nothing was loaded from it."""


class DataError(ClassifierError):
    """Training data are missing or do not allow any head; the message says what was looked for."""
