import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select, update

from human_review.appeals import statements
from human_review.database.tables import appeals as rows
from human_review.database.tables import seats
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_web import signed_in
from human_review.web.app import create_app
from stream_app.contracts.decision import Decision, EnforcementAction, StatementOfReasons

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>\u202eevil'
SAID = StatementOfReasons(
    restriction="The item is not shown any more.", ground="Community rules, section 1.", facts="A person looked.",
    automated_detection=True, automated_decision=False, redress="You can appeal.",
)  # fmt: skip


def decision_of(number: int = 1) -> Decision:
    return msgspec.structs.replace(make_review_task(number).decision, verdict="remove")


def appeal_body(number: int = 1, **over: Any) -> dict[str, Any]:
    task = make_review_task(number)
    return {
        "appeal_id": f"appeal-{number}", "decision_id": task.decision.decision_id,
        "item": {"item_id": task.item.item_id, "text": HOSTILE},
        "origin": {"topic": "moderation.content", "partition": 1, "offset": 1}, "statement": HOSTILE,
        "appealed_at": datetime.now(UTC).isoformat(),
        "decision": json.loads(msgspec.json.encode(decision_of(number))),
    } | over  # fmt: skip


def report_body(number: int = 1) -> dict[str, Any]:
    return {
        "report_id": f"report-{number}", "item": {"item_id": "item-1", "text": "text"}, "reason": "hate",
        "origin": {"topic": "moderation.content", "partition": 1, "offset": 1}, "reporter_id": f"user-{number}",
        "reported_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip


def test_an_appeal_goes_from_the_platform_over_the_page_and_back(service: Service) -> None:
    app = create_app(service)
    platform, reviewer = signed_in(service, "service", app=app), signed_in(service, "reviewer", app=app)
    assert platform.post("/api/v1/appeals", json=appeal_body()).json() == {"appeal_id": "appeal-1", "new": True}
    assert platform.post("/api/v1/appeals", json=appeal_body()).json()["new"] is False
    assert platform.get("/api/v1/appeals/appeal-1").json()["state"] == "open"

    assert "Take an appeal" in reviewer.get("/appeals").text
    assert reviewer.post("/appeals/next").headers["location"] == "/appeals"
    shown = reviewer.get("/appeals").text
    assert "<script>alert(1)" not in shown
    assert "<img src=x" not in shown
    assert "Uphold the decision" in shown
    seat = shown.split('data-seat="')[1].split('"')[0]
    token = shown.split('data-token="')[1].split('"')[0]

    refused = reviewer.post(
        f"/appeals/seats/{seat}/decision", data={"token": token, "outcome": "allow", "reply": " "}
    )
    assert refused.status_code == 422
    assert "reply" in refused.text
    form = {"token": token, "outcome": "limit", "labels": ["toxicity"], "reply": "Only less visible: " + HOSTILE}
    done = reviewer.post(f"/appeals/seats/{seat}/decision", data=form)
    assert done.headers["location"].startswith("/appeals?done=")
    after = reviewer.get(done.headers["location"]).text
    assert "Overturned: " in after
    assert "/appeals/appeal-1/undo" in after

    with service.database.write() as connection:
        connection.execute(update(rows).values(decided_ms=rows.c.decided_ms - 60_000))
    told = platform.get("/api/v1/appeals/appeal-1").json()
    assert (told["state"], told["verdict"]) == ("overturned", "limit")
    assert told["reply"].startswith("Only less visible: <script>")
    late = reviewer.post("/appeals/appeal-1/undo")
    assert late.status_code == 409
    assert "cannot be taken back" in late.text


def test_an_appeal_is_escalated_to_leads_from_its_page(service: Service) -> None:
    app = create_app(service)
    platform, lead = signed_in(service, "service", app=app), signed_in(service, "lead", app=app)
    reviewer, other = signed_in(service, "reviewer", app=app), signed_in(service, "reviewer", name="other", app=app)
    platform.post("/api/v1/appeals", json=appeal_body())
    reviewer.post("/appeals/next")
    shown = reviewer.get("/appeals").text
    seat = shown.split('data-seat="')[1].split('"')[0]
    token = shown.split('data-token="')[1].split('"')[0]
    assert f'/appeals/seats/{seat}/escalate"' in shown
    done = reviewer.post(f"/appeals/seats/{seat}/escalate", data={"token": token})
    assert "Escalated." in reviewer.get(done.headers["location"]).text
    assert other.post("/appeals/next").headers["location"] == "/appeals?looked=true"
    assert lead.post("/appeals/next").headers["location"] == "/appeals"
    theirs = lead.get("/appeals").text
    assert "Uphold the decision" in theirs
    assert "/escalate" not in theirs
    assert reviewer.post(f"/appeals/seats/{seat}/escalate", data={"token": token}).status_code == 409


def test_a_lead_is_not_offered_to_escalate_an_appeal(service: Service) -> None:
    app = create_app(service)
    platform, lead = signed_in(service, "service", app=app), signed_in(service, "lead", app=app)
    platform.post("/api/v1/appeals", json=appeal_body())
    lead.post("/appeals/next")
    shown = lead.get("/appeals").text
    assert "Uphold the decision" in shown
    assert "Escalate" not in shown


def test_an_appeal_goes_over_the_api_and_can_be_taken_back(service: Service) -> None:
    app = create_app(service)
    platform, reviewer = signed_in(service, "service", app=app), signed_in(service, "reviewer", app=app)
    platform.post("/api/v1/appeals", json=appeal_body())
    reviewer.post("/appeals/next")
    with service.database.read() as connection:
        task_id = connection.execute(select(rows.c.task_id)).scalar_one()
    about = reviewer.get(f"/api/v1/tasks/{task_id}/appeal").json()
    assert (about["statement"], about["verdict"]) == (HOSTILE, "remove")
    shown = reviewer.get("/appeals").text
    seat = shown.split('data-seat="')[1].split('"')[0]
    token = int(shown.split('data-token="')[1].split('"')[0])
    body = {"token": token, "outcome": "upheld", "reply": "It stays."}
    first = reviewer.post(f"/api/v1/seats/{seat}/appeal-decision", json=body)
    assert first.json()["outcome"] == "upheld"
    assert reviewer.post(f"/api/v1/seats/{seat}/appeal-decision", json=body).json() == first.json()
    assert reviewer.post("/api/v1/appeals/appeal-1/undo").json()["token"] > token
    stale = reviewer.post(f"/api/v1/seats/{seat}/appeal-decision", json=body)
    assert (stale.status_code, stale.json()["code"]) == (409, "lease_lost")


def test_appeals_that_do_not_fit_are_refused_in_the_shape_of_the_api(service: Service) -> None:
    platform = signed_in(service, "service")
    broken = decision_of()
    bodies = [
        appeal_body(appeal_id="a/b"), appeal_body(appeal_id="nul\x00"),
        appeal_body(appealed_at="2026-01-31T12:00:00"),
        appeal_body(decision={"decision_id": "x"}), appeal_body(item={"item_id": "item-1"}), appeal_body(more=1),
        appeal_body(decision=json.loads(msgspec.json.encode(broken)) | {"scores": {"toxicity": "high"}}),
    ]  # fmt: skip
    for body in bodies:
        answer = platform.post("/api/v1/appeals", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert platform.get("/api/v1/appeals/unknown").status_code == 404


def test_the_author_is_told_in_the_words_of_the_policy(service: Service) -> None:
    platform = signed_in(service, "service")
    decision = decision_of()
    action = EnforcementAction(
        action_id="action-1", decision_id=decision.decision_id, item_id="item-1", kind="remove", reason="score",
        expires_at=datetime(2026, 2, 7, tzinfo=UTC), statement=SAID,
    )  # fmt: skip
    with service.database.write() as connection:
        assert statements.note(connection, service, action, None)
        assert not statements.note(connection, service, action, decision)
    notice = platform.get(f"/api/v1/notices/{decision.decision_id}").json()
    assert notice["ground"] == SAID.ground
    plain = platform.get(f"/api/v1/notices/{decision.decision_id}", headers={"accept": "text/plain"})
    assert plain.headers["content-type"].startswith("text/plain")
    assert plain.text.splitlines() == [
        "The item is not shown any more.", "This ends on 2026-02-07.", "A person looked.",
        "An automatic check found it.", "A person decided it.", "Community rules, section 1.", "You can appeal.",
    ]  # fmt: skip
    assert platform.get("/api/v1/notices/unknown").status_code == 404


def test_reports_come_over_the_api(service: Service) -> None:
    app = create_app(service)
    platform, lead = signed_in(service, "service", app=app), signed_in(service, "lead", app=app)
    first = platform.post("/api/v1/reports", json=report_body(1))
    assert (first.status_code, first.json()["counted"]) == (201, True)
    assert platform.post("/api/v1/reports", json=report_body(1)).json()["counted"] is False
    other = report_body(1) | {"item": {"item_id": "item-2", "text": "text"}, "reporter_id": "user-2"}
    taken = platform.post("/api/v1/reports", json=other)
    assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
    assert platform.post("/api/v1/reports", json=report_body(2)).json()["task_id"] == first.json()["task_id"]
    of_item = lead.get("/api/v1/reports", params={"item_id": "item-1"}).json()
    assert (of_item["reports"], of_item["reasons"]) == (2, {"hate": 2})


def test_the_export_is_downloaded_as_lines(service: Service) -> None:
    auditor = signed_in(service, "auditor")
    now = datetime.now(UTC)
    span = {"from": (now - timedelta(days=1)).isoformat(), "to": now.isoformat()}
    answer = auditor.get("/api/v1/exports/dsa", params=span)
    assert json.loads(answer.text) == {"exported": 0, "refused": []}
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "Download" in auditor.get("/exports").text
    days = auditor.get("/exports/dsa", params={"from": "2026-01-01", "to": "2026-02-01"})
    assert days.headers["content-disposition"] == 'attachment; filename="dsa-2026-01-01-2026-02-01.jsonl"'
    assert auditor.get("/api/v1/exports/dsa", params={"from": span["to"], "to": span["from"]}).status_code == 422


def test_webhooks_are_managed_over_page_and_api(service: Service) -> None:
    admin = signed_in(service, "admin")
    made = admin.post("/webhooks", data={"url": "https://example.org/hook", "events": ["label.final"]})
    assert "whsec_" in made.text
    bad = admin.post("/webhooks", data={"url": "http://169.254.169.254/", "events": ["label.final"]})
    assert bad.status_code == 422
    assert "must begin with https" in bad.text
    [listed] = admin.get("/api/v1/webhooks").json()
    assert (listed["url"], listed["events"]) == ("https://example.org/hook", ["label.final"])
    assert "whsec_" not in admin.get("/webhooks").text
    assert "whsec_" in admin.post(f"/webhooks/{listed['webhook_id']}/secret").text
    rotated = admin.post(f"/api/v1/webhooks/{listed['webhook_id']}/secret").json()
    assert rotated["secret"].startswith("whsec_")
    assert admin.post(f"/webhooks/{listed['webhook_id']}/remove").headers["location"] == "/webhooks"
    assert admin.delete(f"/api/v1/webhooks/{listed['webhook_id']}").status_code == 404
    again = admin.post("/api/v1/webhooks", json={"url": "https://example.org/", "events": ["task.escalated"]})
    assert admin.delete(f"/api/v1/webhooks/{again.json()['webhook_id']}").status_code == 204


def test_only_who_holds_an_appeal_can_read_it(service: Service) -> None:
    app = create_app(service)
    platform, reviewer = signed_in(service, "service", app=app), signed_in(service, "reviewer", app=app)
    lead = signed_in(service, "lead", app=app)
    platform.post("/api/v1/appeals", json=appeal_body())
    with service.database.read() as connection:
        task_id = connection.execute(select(rows.c.task_id)).scalar_one()
    place = f"/api/v1/tasks/{task_id}/appeal"
    assert reviewer.get(place).status_code == 404
    reviewer.post("/appeals/next")
    assert reviewer.get(place).json()["statement"] == HOSTILE
    assert lead.get(place).status_code == 404
    with service.database.write() as connection:
        connection.execute(update(seats).values(lease_until_ms=1))
    assert reviewer.get(place).status_code == 404
