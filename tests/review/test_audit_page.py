"""The audit log for auditors: found by what was done, by whom, to what and when; nothing in it does anything."""

import csv
import io
import json

import pytest
from sqlalchemy import text

from human_review.audit.log import append
from human_review.permissions import ROLES, Actor
from human_review.service import Service
from human_review.testing_web import client, signed_in

ONE = Actor(user_id="u-1", pseudonym="amber-otter", role="reviewer")
TWO = Actor(user_id="u-2", pseudonym="blue-heron", role="lead")
HOSTILE = '=HYPERLINK("http://x.example")</td><script>alert(1)</script>\u202e\n'


@pytest.fixture
def filled(service: Service) -> Service:
    with service.database.write() as connection:
        append(connection, ONE, "decide", "item-1", verdict="remove")
        append(connection, TWO, "decide", "item-2", verdict="allow")
        append(connection, ONE, "undo", "item-1", in_time=True)
        append(connection, None, "erase", HOSTILE, tasks=1)
    return service


def subjects(service: Service, query: str) -> list[tuple[str, str]]:
    answer = signed_in(service, "auditor").get(f"/api/v1/audit?{query}")
    assert answer.status_code == 200, answer.text
    found = [(entry["act"], entry["subject"]) for entry in answer.json()["entries"]]
    return [each for each in found if each[1].startswith("item") or each[1] == HOSTILE]


def test_entries_are_found_by_what_by_whom_to_what_and_when(filled: Service) -> None:
    assert subjects(filled, "act=decide") == [("decide", "item-2"), ("decide", "item-1")]
    assert subjects(filled, "actor=amber-otter") == [("undo", "item-1"), ("decide", "item-1")]
    assert subjects(filled, "subject=item-1&act=undo") == [("undo", "item-1")]
    assert subjects(filled, "until=2020-01-01T00:00:00Z") == []
    assert len(subjects(filled, "since=2020-01-01T00:00:00Z&act=")) == 4
    assert len(subjects(filled, "since=2020-01-01T00:00&until=")) == 4


def test_a_page_has_a_bound_and_leads_to_the_next(filled: Service) -> None:
    auditor = signed_in(filled, "auditor")
    first = auditor.get("/api/v1/audit?limit=2&subject=item-1").json()
    assert [entry["act"] for entry in first["entries"]] == ["undo", "decide"]
    entry = first["entries"][1]
    assert (entry["actor"], entry["facts"], len(entry["hash"])) == ("amber-otter", {"verdict": "remove"}, 64)
    assert entry["at"].endswith("Z")
    second = auditor.get(f"/api/v1/audit?limit=2&subject=item-1&before={first['before']}").json()
    assert second == {"entries": [], "before": None}
    assert auditor.get("/api/v1/audit?limit=201").status_code == 422
    assert auditor.get("/api/v1/audit?before=x").status_code == 422
    assert auditor.get("/api/v1/audit?since=yesterday").status_code == 422


def test_only_those_who_may_see_the_log_see_it(filled: Service) -> None:
    for role in ROLES:
        expected = 200 if role in ("auditor", "admin") else 403
        for address in ("/api/v1/audit", "/audit", "/audit.csv") if role != "service" else ():
            assert signed_in(filled, role).get(address).status_code == expected, (role, address)
    assert client(filled).get("/api/v1/audit").status_code == 401


def test_the_page_shows_what_others_wrote_as_text_alone(filled: Service) -> None:
    answer = signed_in(filled, "auditor").get("/audit?act=erase")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert '<bdi class="hostile line">=HYPERLINK' in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text
    assert 'href="/audit.csv?act=erase"' in answer.text


def test_no_spreadsheet_takes_a_cell_of_the_file_for_a_formula(filled: Service) -> None:
    answer = signed_in(filled, "auditor").get("/audit.csv?act=erase")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    head, row = csv.reader(io.StringIO(answer.text))
    assert head == ["seq", "at", "actor", "act", "subject", "facts", "hash"]
    assert row[2:4] == ["system", "erase"]
    assert row[4] == '\'=HYPERLINK("http://x.example")</td><script>alert(1)</script>\\u202e\\u000a'
    assert json.loads(row[5]) == {"tasks": 1}


def test_an_entry_that_was_spoiled_is_shown_as_it_lies_there(filled: Service) -> None:
    with filled.database.write() as connection:
        connection.execute(text("UPDATE audit SET facts = 'not JSON' WHERE subject = 'item-2'"))
    answer = signed_in(filled, "auditor").get("/api/v1/audit?subject=item-2")
    assert answer.json()["entries"][0]["facts"] == {"unreadable": "not JSON"}
