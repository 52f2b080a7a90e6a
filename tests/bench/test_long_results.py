from pathlib import Path

import pytest

from stream_app.testing_long import LongResults


def report(test: str, phase: str, outcome: str = "passed") -> pytest.TestReport:
    return pytest.TestReport(test, ("", None, ""), {}, outcome, None, phase, duration=1.5)  # type: ignore[arg-type]


def run(page: Path, *reports: pytest.TestReport) -> list[str]:
    results = LongResults(page)
    for each in reports:
        results.pytest_runtest_logreport(each)
    results.pytest_sessionfinish()
    return [line for line in page.read_text().splitlines() if line.startswith("| `")] if page.exists() else []


def test_a_test_is_as_good_as_its_worst_phase(tmp_path: Path) -> None:
    page = tmp_path / "long.md"
    name = "tests/a/test_b.py::test_c"
    phases = report(name, "setup"), report(name, "call", "failed"), report(name, "teardown")
    [line] = run(page, *phases)
    assert line.startswith("| `a/test_b.py::test_c` | failed | 4.5 | ")
    assert "cores" in page.read_text()


def test_files_that_are_not_run_keep_what_they_had_and_tests_that_are_gone_go(tmp_path: Path) -> None:
    page = tmp_path / "long.md"
    run(page, report("tests/a.py::one", "call"), report("tests/b.py::gone", "call"))
    lines = run(page, report("tests/b.py::new", "call"))
    assert [line.split("`")[1] for line in lines] == ["a.py::one", "b.py::new"]
    assert len(run(page)) == 2
