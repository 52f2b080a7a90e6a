"""Random secrets, and what is stored of them: their SHA-256, from which they cannot be found.

A fast hash is enough here, other than for passwords: 256 random bits cannot be tried out.
"""

import secrets
from hashlib import sha256


def new_secret() -> str:
    """256 random bits as 43 characters that are safe in addresses, cookies and headers."""
    return secrets.token_urlsafe(32)


def stored(secret: str) -> str:
    """What the database keeps of a secret: 64 hex digits."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
