"""Who may do what: role × queue × language, as one predicate. The only place that decides it."""

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
    """Who asks. ``queues`` and ``languages`` hold names or ``*`` for all; ``pseudonym`` is what others get to see."""

    user_id: str
    pseudonym: str
    role: Role
    queues: frozenset[str] = frozenset({ANY})
    languages: frozenset[str] = frozenset({ANY})
    locale: str = "en"

    def may(self, act: Act, *, queue: str | None = None, language: str | None = None) -> bool:
        """Whether the actor may do it; a queue or language that is given must be covered as well.

        A language covers its variants: ``pt`` covers ``pt-BR``.
        """
        return (
            act in GRANTS[self.role]
            and (queue is None or covers(self.queues, queue))
            and (language is None or covers(self.languages, language, language.partition("-")[0]))
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
