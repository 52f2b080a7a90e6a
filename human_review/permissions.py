"""Who may do what: role × queue × language, as one predicate. The only place that decides it."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from human_review.errors import Forbidden

Role = Literal["reviewer", "lead", "auditor", "admin", "service"]
Act = Literal[
    "review",  # take, decide, skip, undo, escalate
    "review-escalated",  # take what was escalated
    "decide-appeals",
    "see-own-work",  # own labels, own exposure, own settings
    "see-quality",
    "manage-golden",
    "see-audit",
    "see-history",  # decided tasks of others
    "manage-people",
    "manage-webhooks",
    "export",  # statements of reasons and the like
    "submit",  # appeals and reports, from the platform
]
ANY = "*"
_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")

GRANTS: dict[Role, frozenset[Act]] = {
    "reviewer": frozenset({"review", "decide-appeals", "see-own-work"}),
    "lead": frozenset(
        {"review", "review-escalated", "decide-appeals", "see-own-work", "see-quality", "manage-golden",
         "see-history", "export"}
    ),
    "auditor": frozenset({"see-own-work", "see-quality", "see-audit", "see-history", "export"}),
    "admin": frozenset({"see-own-work", "see-quality", "see-audit", "manage-people", "manage-webhooks", "export"}),
    "service": frozenset({"submit"}),
}  # fmt: skip
ROLES: tuple[Role, ...] = tuple(GRANTS)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. ``queues`` and ``languages`` hold names or ``*`` for all; ``pseudonym`` is what others get to see.

    Languages are `spelled` in one way.
    """

    user_id: str
    pseudonym: str
    role: Role
    queues: frozenset[str] = frozenset({ANY})
    languages: frozenset[str] = frozenset({ANY})
    locale: str = "en"

    def may(self, act: Act, *, queue: str | None = None, language: str | None = None) -> bool:
        """Whether the actor may do it; a queue or language that is given must be covered as well.

        A language covers its variants, in any case: ``pt`` covers ``pt-BR`` and ``PT-br``.
        """
        tag = spelled(language or "")
        return (
            act in GRANTS[self.role]
            and (queue is None or covers(self.queues, queue))
            and (language is None or covers(self.languages, tag, tag.partition("-")[0]))
        )

    def must(self, act: Act, *, queue: str | None = None, language: str | None = None) -> None:
        """Raise Forbidden where the actor may not."""
        if not self.may(act, queue=queue, language=language):
            raise Forbidden(
                f"the role {self.role} may not do this here ({act}); an admin can change roles and queues"
            )

    def covering(self, queue: str) -> "Actor":
        """The same actor with this queue as well."""
        return self if covers(self.queues, queue) else replace(self, queues=self.queues | {queue})


def covers(granted: frozenset[str], *names: str) -> bool:
    """Whether a grant names any of the names, or all there are."""
    return ANY in granted or any(name in granted for name in names)


def spelled(language: str) -> str:
    """A language tag in the case that RFC 5646 (2.1.1) recommends, such as ``pt-BR``; what is no tag as it stands.

    Tags that differ in case alone are the same language: both sides of every comparison are spelled like this where
    they come in.
    """
    if not _TAG.fullmatch(language):
        return language
    main, *others = language.split("-")
    return "-".join((main.lower(), *(_subtag(part) for part in others)))


def _subtag(part: str) -> str:
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 and part.isalpha() else part.lower()
