import csv
import io
from collections.abc import Callable

import pytest
from sqlalchemy import insert, select, update

from human_review.database.engine import now_ms
from human_review.database.tables import golden, reliability, tasks
from human_review.quality.refresh import refresh
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_quality import answer_directly, close_directly, make_actor, make_golden, open_tasks
from human_review.testing_web import signed_in
from human_review.web.app import create_app

HOSTILE = "<script>alert(1)</script>\u202egnp.exe"


def decided(service: Service, *, count: int, first: int = 0, language: str = "en") -> None:
    made = [
        make_review_task(number, text=f"text {number}", language=language) for number in range(first, first + count)
    ]
    open_tasks(service, *made)
    with service.database.write() as connection:
        for task in made:
            answer_directly(connection, task.task_id, "id-ann", "remove", ("toxicity",))
            close_directly(connection, task.task_id, "remove")
        connection.execute(
            update(tasks).where(tasks.c.task_id.in_([task.task_id for task in made])).values(machine_verdict="remove")
        )


@pytest.fixture
def filled(service: Service) -> Service:
    make_actor(service, "ann")
    decided(service, count=60)
    decided(service, count=40, first=100, language="de")
    refresh(service)
    return service


def test_page_api_and_export_say_the_same(filled: Service) -> None:
    lead = signed_in(filled, "lead", app=create_app(filled))
    api = lead.get("/api/v1/quality").json()
    row = next(row for row in api["rows"] if (row["label"], row["language"]) == ("toxicity", "en"))
    assert row["precision"] == {"n": 60, "value": 1.0, "low": pytest.approx(0.9404, abs=5e-5), "high": 1.0}
    assert row["decided"] == 60
    german = next(row for row in api["rows"] if (row["label"], row["language"]) == ("toxicity", "de"))
    assert german["precision"] == {"n": 40, "value": None, "low": None, "high": None}
    exported = lead.get("/api/v1/quality.csv")
    assert exported.headers["content-disposition"] == 'attachment; filename="quality.csv"'
    lines = list(csv.DictReader(io.StringIO(exported.text)))
    assert [(line["label"], line["language"]) for line in lines] == [
        (row["label"], row["language"]) for row in api["rows"]
    ]
    shown = lead.get("/quality?language=en").text
    assert "100.0%" in shown
    assert "94.0%" in shown
    assert "not enough yet (n = 40)" in lead.get("/quality?language=de").text


def test_a_lead_of_one_language_sees_that_one(filled: Service) -> None:
    lead = signed_in(filled, "lead", languages=["de"], app=create_app(filled))
    assert {row["language"] for row in lead.get("/api/v1/quality").json()["rows"]} == {"de"}
    assert lead.get("/quality").status_code == 200


def test_an_unknown_language_in_the_address_is_no_page_of_its_own(filled: Service) -> None:
    lead = signed_in(filled, "lead", app=create_app(filled))
    shown = lead.get("/quality", params={"language": HOSTILE})
    assert shown.status_code == 200
    assert "alert(1)" not in shown.text


def test_the_page_works_before_anything_was_computed(service: Service) -> None:
    lead = signed_in(service, "lead", app=create_app(service))
    assert "not enough yet (n = 0)" in lead.get("/quality").text


def test_sample_sizes_are_answered_and_bounded(service: Service) -> None:
    lead = signed_in(service, "lead", app=create_app(service))
    assert lead.get("/api/v1/quality/sample-sizes").json() == {
        "without_error": 59, "for_half_width": 457, "hits_for_relative_width": 97,
    }  # fmt: skip
    assert lead.get("/api/v1/quality/sample-sizes?share=1.0").status_code == 422


def test_a_person_is_shown_to_leads_one_at_a_time_and_to_themselves(service: Service) -> None:
    app = create_app(service)
    lead, ann, bob = (signed_in(service, role, app=app) for role in ("lead", "reviewer", "reviewer"))
    with service.database.write() as connection:
        connection.execute(
            insert(reliability).values(
                user_id=ann.actor.user_id, label="*", answers=47, sensitivity=0.873, specificity=0.914, weight=0.787,
                low=0.81, high=0.93, alarm=True, computed_ms=now_ms(connection),
            )
        )  # fmt: skip
    [row] = lead.get(f"/api/v1/quality/people/{ann.actor.pseudonym}").json()
    assert (row["answers"], row["sensitivity"], row["alarm"]) == (47, 0.873, True)
    assert "talk with them" in lead.get("/quality/person", params={"pseudonym": ann.actor.pseudonym}).text
    [own] = ann.get("/api/v1/me/reliability").json()
    assert (own["answers"], own["sensitivity"], own["alarm"]) == (40, 0.9, False)
    assert ann.get("/quality/me").status_code == 200
    assert bob.get("/api/v1/me/reliability").json() == []
    assert bob.get(f"/api/v1/quality/people/{ann.actor.pseudonym}").status_code == 403
    assert lead.get("/api/v1/quality/people/nobody").status_code == 404
    assert ann.actor.pseudonym not in lead.get("/quality").text


@pytest.mark.parametrize("role", ["reviewer", "auditor", "admin", "service"])
def test_only_leads_keep_golden_items(service: Service, role: str) -> None:
    [golden_id] = make_golden(service, 1, 1)
    other = signed_in(service, role, app=create_app(service))  # type: ignore[arg-type] # a role, as a parameter
    for answer in (
        other.get("/api/v1/golden"),
        other.get(f"/quality/golden/{golden_id}"),
        other.put(f"/api/v1/golden/{golden_id}/state", json={"state": "retired"}),
        other.post("/api/v1/golden", json={"task_id": "a"}),
    ):
        assert answer.status_code == 403
    with service.database.read() as connection:
        assert connection.execute(select(golden.c.state)).scalar_one() == "active"


def test_leads_take_candidates_into_use_and_retire_them(service: Service) -> None:
    make_actor(service, "ann")
    decided(service, count=1)
    lead = signed_in(service, "lead", app=create_app(service))
    task_id = make_review_task(0, text="text 0").task_id
    made = lead.post("/api/v1/golden", json={"task_id": task_id})
    assert made.status_code == 201
    assert (made.json()["state"], made.json()["verdict"], made.json()["labels"]) == (
        "candidate",
        "remove",
        ["toxicity"],
    )
    assert lead.post("/api/v1/golden", json={"task_id": task_id}).status_code == 409
    address = f"/api/v1/golden/{made.json()['golden_id']}/state"
    assert lead.put(address, json={"state": "active"}).json()["state"] == "active"
    assert lead.put(address, json={"state": "candidate"}).status_code == 409
    form = {"state": "retired", "csrf_token": lead.headers["x-csrf-token"]}
    page = f"/quality/golden/{made.json()['golden_id']}"
    assert lead.post(page, data=form).status_code == 303
    assert "Take into use" in lead.get(page).text
    assert [item["state"] for item in lead.get("/api/v1/golden?state=retired").json()] == ["retired"]


def test_an_undecided_task_cannot_be_golden(service: Service) -> None:
    task = make_review_task(1)
    open_tasks(service, task)
    lead = signed_in(service, "lead", app=create_app(service))
    assert lead.post("/api/v1/golden", json={"task_id": task.task_id}).status_code == 422
    assert lead.post("/api/v1/golden", json={"task_id": "nothing"}).status_code == 404


def test_a_lead_of_another_language_sees_no_golden_item(service: Service) -> None:
    [golden_id] = make_golden(service, 1, 1, language="en")
    app = create_app(service)
    german = signed_in(service, "lead", languages=["de"], app=app)
    assert german.get("/api/v1/golden?state=active").json() == []
    assert german.get(f"/quality/golden/{golden_id}").status_code == 404
    assert german.put(f"/api/v1/golden/{golden_id}/state", json={"state": "retired"}).status_code == 404


def test_a_lead_of_another_queue_sees_no_golden_item(service: Service) -> None:
    [urgent] = make_golden(service, 1, 1, queue="urgent")
    [general] = make_golden(service, 2, 1, queue="general")
    lead = signed_in(service, "lead", queues=["general"], app=create_app(service))
    assert [item["golden_id"] for item in lead.get("/api/v1/golden?state=active&limit=1").json()] == [general]
    assert lead.get(f"/quality/golden/{general}").status_code == 200
    refused = (
        lead.get(f"/quality/golden/{urgent}"),
        lead.post(f"/quality/golden/{urgent}", data={"state": "retired"}),
        lead.put(f"/api/v1/golden/{urgent}/state", json={"state": "retired"}),
    )
    assert [response.status_code for response in refused] == [404, 404, 404]
    assert "golden text 1" not in lead.get("/quality/golden?state=active").text + refused[0].text
    with service.database.read() as connection:
        assert set(connection.execute(select(golden.c.state)).scalars()) == {"active"}


def test_hostile_text_is_shown_as_text(new_service: Callable[..., Service]) -> None:
    service = new_service()
    task = make_review_task(1, text=HOSTILE, item_id=HOSTILE)
    open_tasks(service, task)
    make_actor(service, "ann")
    with service.database.write() as connection:
        answer_directly(connection, task.task_id, "id-ann", "remove", ("toxicity",))
        close_directly(connection, task.task_id, "remove")
    lead = signed_in(service, "lead", app=create_app(service))
    golden_id = lead.post("/api/v1/golden", json={"task_id": task.task_id}).json()["golden_id"]
    for address in ("/quality/golden", f"/quality/golden/{golden_id}"):
        shown = lead.get(address)
        assert shown.status_code == 200
        assert "<script>alert" not in shown.text
        assert "RLO</bdi>" in shown.text  # the override is shown as a sign, inside an isolate
        assert "alert(1)" in shown.text
