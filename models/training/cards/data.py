"""What a card says of the files that were trained on and of the labels that got no head."""

from collections.abc import Mapping, Sequence

from models.manifest import Omitted, Source
from models.training.cards.markdown import plain, table


def read_from(sources: Sequence[Source], digest: str, limit: int | None = None) -> str:
    """The sentence before the table of files."""
    rows, bad = sum(source.rows for source in sources), sum(source.bad_rows for source in sources)
    only = "" if limit is None else f" Only {limit:,} rows were used."
    return (
        f"{rows:,} rows read from {len(sources)} files, {bad} refused as malformed; digest `{plain(digest)[:16]}`."
        f"{only} Sources, licences and label mappings: [data](../data.md)."
    )


def files(sources: Sequence[Source]) -> str:
    """One line a file."""
    rows = [[plain(source.file), f"{source.rows:,}", f"`{plain(source.sha256)[:12]}`"] for source in sources]
    return table(["file", "rows", "SHA-256 begins"], rows)


def refused(rows: int, digest: str) -> str:
    """How many rows were left out for a word that only probes may use; nothing where training knew none."""
    if not digest:
        return ""
    return (
        f"{rows:,} training rows were refused because they hold an insult that is kept for probes (digest of these "
        f"words `{plain(digest)[:16]}`)."
    )


def method(said: str) -> str:
    """All that a recipe says of its method, as the beginning of a sentence."""
    clean = plain(said, len(said))
    return clean[:1].upper() + clean[1:]


def settings(values: Mapping[str, float]) -> str:
    """All numbers of a recipe in one line."""
    return ", ".join(f"{plain(name)} {value:g}" for name, value in values.items())


def libraries(values: Mapping[str, str], done: str = "Computed") -> str:
    """A sentence with a space before it; nothing where the manifest names none."""
    named = ", ".join(f"{plain(name)} {plain(version)}" for name, version in values.items())
    return f" {done} with {named}." if named else ""


def omitted(entries: Sequence[Omitted]) -> str:
    """Labels without a head, why, and what carries them instead."""
    if not entries:
        return "Every label of the data has a head."
    lines = [f"- `{plain(entry.label)}`: {plain(entry.reason, len(entry.reason))}." for entry in entries]
    return "\n".join(
        [
            "Labels without a head, which this classifier therefore never scores:",
            "",
            *lines,
            "",
            "No head ships without evidence. Rules and [word lists](../lexicons.md) carry such labels meanwhile: "
            "they know wording, not meaning, so by the shipped policy a hit can call a person and never acts. What "
            "people decide there is how examples for a later head are gathered.",
        ]
    )
