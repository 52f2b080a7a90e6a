"""``python -m human_review.bench`` is ``weir bench review``."""

from human_review.bench.command import app

if __name__ == "__main__":
    app()
