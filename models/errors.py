"""What can go wrong in this package.

ClassifierError
├── ArtifactError   the trained files cannot be used; do not start
└── (training.data.DataError is a plain error of the offline tools)
"""


class ClassifierError(Exception):
    """Root of this package's errors."""


class ArtifactError(ClassifierError):
    """An artifact is missing, damaged or made by another version; nothing was loaded from it."""
