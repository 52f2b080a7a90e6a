"""What attackers write in answers of the API and in files to download: data, no formulas, and nothing else."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from human_review.quality.refresh import refresh
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_calm import check_data, check_shown
from human_review.testing_hostile import CONFIG, DAYS, appeal_of, golden_of, hostile_task, put, told_of
from human_review.testing_hostile_lists import hostile_log, hostile_people, hostile_quality, hostile_webhooks
from human_review.testing_payloads import ONE_OF_A_KIND, PAYLOADS, TEXTS, notes, short_and_long
from human_review.testing_quality import answer_directly, close_directly, make_actor, open_tasks
from human_review.testing_web import signed_in


def test_no_cell_of_a_table_to_download_is_a_formula(service: Service) -> None:
    auditor = signed_in(service, "auditor")
    formulas = [text for kind, text in PAYLOADS if kind == "formula"]
    hostile_log(service, TEXTS)
    hostile_quality(service, TEXTS)
    for path, column in (("/audit.csv", "subject"), ("/api/v1/quality.csv", "language")):
        answer = auditor.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["content-disposition"].startswith("attachment")
        rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert [cell for row in rows for cell in row.values() if begins_a_formula(cell)] == []
        found = {row[column] for row in rows}
        assert {f"'{text}"[:36] for text in formulas if text[0] in "=+-@"} <= {cell[:36] for cell in found}
        check_shown("\n".join(found), TEXTS)


def begins_a_formula(cell: str) -> bool:
    return (cell.lstrip()[:1] in {"=", "+", "-", "@"} or cell[:1] in {"\t", "\r", "\n"}) and not is_number(cell)


def is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", cell) is not None


def test_a_language_with_a_hostile_name_is_no_formula_in_the_figures_of_quality(service: Service) -> None:
    """Thirty decided tasks are what makes a language one of those that have figures of their own."""
    ann = make_actor(service, "ann")
    made = [make_review_task(number, text=f"text {number}", language="=1+cmd|'x'!A1") for number in range(30)]
    open_tasks(service, *made)
    with service.database.write() as connection:
        for task in made:
            answer_directly(connection, task.task_id, ann.user_id, "remove", ("toxicity",))
            close_directly(connection, task.task_id, "remove")
    refresh(service)
    answer = signed_in(service, "auditor").get("/api/v1/quality.csv")
    assert {row["language"] for row in csv.DictReader(io.StringIO(answer.text))} == {"*", "'=1+cmd|'x'!A1"}


def test_the_api_gives_hostile_content_as_json_and_as_nothing_else(service: Service) -> None:
    texts = tuple(TEXTS)
    put(service, hostile_task(texts))
    reviewer = signed_in(service, "lead")
    answer = reviewer.post("/api/v1/tasks/next", json={})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert tuple(answer.json()["thread"]) == tuple(text.encode("utf-8", "replace").decode() for text in texts)


def test_the_api_gives_lists_of_hostile_content_as_json_and_as_nothing_else(service: Service) -> None:
    lead, admin = signed_in(service, "lead"), signed_in(service, "admin")
    script = ["<script>window.hit=1</script>"]
    hostile_log(service, script)
    hostile_quality(service, script)
    assert hostile_people(service, script)
    assert hostile_webhooks(service, admin.actor, script)
    golden_of(service, lead.actor, tuple(script))
    lists = (
        (admin, "audit"),
        (admin, "quality"),
        (admin, "people"),
        (admin, "webhooks"),
        (lead, "history"),
        (lead, "golden"),
    )
    for reader, name in lists:
        answer = reader.get(f"/api/v1/{name}")
        check_data(answer.status_code, dict(answer.headers), "application/json")
        assert script[0] in json.dumps(answer.json()), name


def overturn(reviewer: httpx.Client, reply: str) -> None:
    card = reviewer.post("/api/v1/tasks/next", json={"queue": "appeals"})
    assert card.status_code == 200, card.text
    given = {"token": card.json()["token"], "outcome": "overturned", "reply": reply, "verdict": "allow"}
    answer = reviewer.post(f"/api/v1/seats/{card.json()['seat_id']}/appeal-decision", json=given)
    assert answer.status_code == 200, answer.text


@short_and_long("texts", ONE_OF_A_KIND, TEXTS)
def test_a_hostile_reply_and_export_are_data_and_nothing_else(
    new_service: Callable[..., Service], texts: list[str]
) -> None:
    exported = "dsa: {restrictions: {remove: DECISION_VISIBILITY_CONTENT_REMOVED}}"
    service = new_service(config=f"{CONFIG}{exported}")
    reviewer, platform, auditor = (signed_in(service, role) for role in ("reviewer", "service", "auditor"))
    for text in notes(texts):
        reply = text.strip()
        appeal = appeal_of(service, ("<script>",), text)
        overturn(reviewer, reply)
        answer = platform.get(f"/api/v1/appeals/{appeal.appeal_id}")
        check_data(answer.status_code, dict(answer.headers), "application/json")
        assert (answer.json()["state"], answer.json()["reply"]) == ("overturned", reply)
    for text in texts:
        told_of(service, text)
    span = {"from": (datetime.now(UTC) - DAYS).isoformat(), "to": (datetime.now(UTC) + DAYS).isoformat()}
    answer = auditor.get("/api/v1/exports/dsa", params=span)
    check_data(answer.status_code, dict(answer.headers), "application/x-ndjson")
    assert re.fullmatch(r'attachment; filename="dsa-[\d-]+\.jsonl"', answer.headers["content-disposition"])
    *calls, told = [json.loads(line) for line in answer.content.split(b"\n") if line]
    facts = [one["decision_facts"] for call in calls for one in call["statements"]]
    assert len(facts) + len(told["refused"]) == len(texts)
    assert facts
    assert set(facts) <= set(texts)
