"""Rights on languages do not depend on the case that a tag is written in; people see it as it was given."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy import select

from human_review.appeals import appeals, reports
from human_review.database.tables import tasks, verdict_counts
from human_review.desk import history
from human_review.desk.decide import decide
from human_review.desk.routing import APPEALS, Place, queue_of
from human_review.desk.take import take
from human_review.people import accounts
from human_review.people.accounts import Issued
from human_review.permissions import Actor, Role, spelled
from human_review.quality import golden_items, population
from human_review.review_file import Queues, ReviewConfig, Route, When
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_desk import ALLOW, NO_GOLDEN, PLAIN, REMOVE, TWO_ANSWERS, waiting
from human_review.testing_quality import configured, make_golden, open_tasks
from stream_app.contracts.content import ContentItem
from stream_app.contracts.review import Appeal, UserReport

NOW = datetime.now(UTC)


@pytest.fixture
def plain(new_service: Callable[..., Service]) -> Service:
    return new_service(config=PLAIN)


def somebody(service: Service, *languages: str, role: Role = "reviewer", name: str = "ann") -> Actor:
    """Through the door that admins use."""
    issued = Issued("test", name)
    return accounts.create(service, None, name=name, role=role, languages=languages, oidc=issued).actor


@pytest.mark.parametrize(
    ("tag", "same"),
    [("PT", "pt"), ("PT-br", "pt-BR"), ("pt-BR", "pt-BR"), ("ZH-hANT-tw", "zh-Hant-TW"), ("es-419", "es-419"),
     ("und", "und"), ("SL-Rozaj", "sl-rozaj"), ("*", "*"), ("", ""), ("PT_BR", "PT_BR"), ("İ-TR", "İ-TR"),
     ("<B>", "<B>"), ("X" * 99, "X" * 99)],
)  # fmt: skip
def test_a_tag_is_spelled_in_one_way_and_what_is_none_stays(tag: str, same: str) -> None:
    assert spelled(tag) == same
    assert spelled(same) == same


@pytest.mark.parametrize("asked", ["pt", "PT", "pt-BR", "PT-br", "Pt-pt"])
def test_a_language_covers_its_variants_in_any_case(asked: str) -> None:
    assert Actor("u", "r", "reviewer", languages=frozenset({"pt"})).may("review", language=asked)
    assert not Actor("u", "r", "reviewer", languages=frozenset({"de"})).may("review", language=asked)
    assert not Actor("u", "r", "reviewer", languages=frozenset({"pt-AO"})).may("review", language=asked)


def test_what_is_granted_is_stored_as_tags_are_spelled(service: Service) -> None:
    ann = somebody(service, "PT", "pt", "ZH-hant-tw")
    assert ann.languages == {"pt", "zh-Hant-TW"}
    admin = somebody(service, "*", role="admin", name="boss")
    changed = accounts.change(service, admin, ann.user_id, languages=["DE-at"])
    assert changed.actor.languages == {"de-AT"}


@pytest.mark.parametrize("granted", ["PT", "pt", "pt-BR", "PT-br"])
@pytest.mark.parametrize("language", ["pt-BR", "PT-br", "pt-br"])
def test_a_task_is_given_to_who_has_its_language_in_any_case(plain: Service, granted: str, language: str) -> None:
    open_tasks(plain, make_review_task(1, language=language))
    assert take(plain, somebody(plain, "de", "pt-AO", name="eve")) is None
    card = take(plain, somebody(plain, granted))
    assert card is not None
    assert card.language == language


def test_a_second_answer_and_the_message_keep_to_it(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(TWO_ANSWERS, NO_GOLDEN))
    open_tasks(service, make_review_task(1, language="PT-br"))
    for name, answer in (("ann", ALLOW), ("bob", REMOVE), ("kim", REMOVE)):  # the third because two differ
        actor = somebody(service, "pt", name=name)
        card = take(service, actor)
        assert card is not None
        decide(service, actor, card.seat_id, card.token, answer)
    assert {label.task.decision.language for label in waiting(service)} == {"PT-br"}


def test_a_reported_item_is_given_to_who_has_its_language(plain: Service) -> None:
    item = ContentItem(item_id="item-1", text="a text that was reported", language="PT-br")
    report = UserReport(
        report_id="r", item=item, reason="hate", reporter_id="u", reported_at=NOW, origin=make_review_task(1).origin
    )
    with plain.database.write() as connection:
        assert reports.add(connection, plain, report).task_id is not None
    assert take(plain, somebody(plain, "de", name="eve")) is None
    card = take(plain, somebody(plain, "pt-BR"))
    assert card is not None
    assert card.language == "PT-br"


def test_an_appeal_is_given_to_who_has_its_language(plain: Service) -> None:
    task = make_review_task(1, language="PT-br")
    decision = msgspec.structs.replace(task.decision, verdict="remove")
    appeal = Appeal(
        appeal_id="a", decision_id=decision.decision_id, item=task.item, origin=task.origin, statement="no",
        appealed_at=NOW, decision=decision,
    )  # fmt: skip
    with plain.database.write() as connection:
        appeals.submit(connection, plain, appeal)
    assert take(plain, somebody(plain, "de", name="eve"), APPEALS) is None
    assert take(plain, somebody(plain, "PT"), APPEALS) is not None


def test_the_answers_of_others_and_golden_items_are_seen_by_who_has_the_language(plain: Service) -> None:
    open_tasks(plain, make_review_task(1, language="PT-br"))
    ann = somebody(plain, "*")
    card = take(plain, ann)
    assert card is not None
    decide(plain, ann, card.seat_id, card.token, ALLOW)
    lead, other = somebody(plain, "Pt", role="lead", name="lead"), somebody(plain, "de", role="lead", name="other")
    assert [past.item_id for past in history.history(plain, lead, own=False)] == ["item-1"]
    assert history.history(plain, other, own=False) == ()
    made = golden_items.add(plain, lead, card.task_id)
    assert [item.golden_id for item in golden_items.listing(plain, lead, "candidate")] == [made.golden_id]
    assert golden_items.listing(plain, other, "candidate") == []


def test_golden_items_come_among_tasks_of_their_language_in_any_case(new_service: Callable[..., Service]) -> None:
    service = new_service(config=configured(("share: 0.03, new_share: 0.1,", "share: 1, new_share: 1,")))
    make_golden(service, 1, 1, language="PT-br")
    open_tasks(service, make_review_task(100, language="pt-br"))
    ann = somebody(service, "PT")
    card = take(service, ann)
    assert card is not None
    with service.database.read() as connection:
        kind = connection.execute(select(tasks.c.kind).where(tasks.c.task_id == card.task_id)).scalar_one()
    assert (kind, card.text) == ("golden", "golden text 1")


def test_counts_of_decisions_are_those_of_the_tasks_drawn_from_them(plain: Service) -> None:
    with plain.database.write() as connection:
        made = [make_review_task(number, language=tag) for number, tag in enumerate(("PT-br", "pt-BR", "pt-br"))]
        population.add(connection, [one for task in made if (one := population.counted(task.decision))])
        rows = connection.execute(select(verdict_counts.c.language, verdict_counts.c["count"])).all()
    assert [tuple(row) for row in rows] == [("pt-BR", 3)]


@pytest.mark.parametrize("wanted", ["pt", "PT", "pt-BR", "PT-br"])
def test_a_route_by_language_matches_in_any_case(plain: Service, wanted: str) -> None:
    config = ReviewConfig(
        version="1", labels={}, queues=Queues(routes=(Route(when=When(language=wanted), queue="moved"),))
    )
    place = Place(queue="q", label=None, language=spelled("PT-br"), surface="post", why="unsure", severity=0.1)
    assert queue_of(place, config) == "moved"
