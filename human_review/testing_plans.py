"""How a database would find what a service asks for."""

from typing import Any

from sqlalchemy import event

from human_review.service import Service


class Plans:
    """The statements that a service asks from now on, and their plans."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._asked: dict[str, Any] = {}
        event.listen(service.database.engine, "before_cursor_execute", self._note)

    def every(self) -> dict[str, str]:
        """The plan of each statement that reads."""
        explain = "EXPLAIN QUERY PLAN" if self._service.database.is_sqlite else "EXPLAIN"
        asked = {statement: parameters for statement, parameters in self._asked.items() if "SELECT" in statement}
        with self._service.database.read() as connection:
            plans = {each: connection.exec_driver_sql(f"{explain} {each}", asked[each]).all() for each in asked}
        return {each: "\n".join(str(row[-1]) for row in rows) for each, rows in plans.items()}

    def of(self, *words: str) -> str:
        """The plan of the one statement that holds these words."""
        [plan] = [plan for statement, plan in self.every().items() if all(word in statement for word in words)]
        return plan

    def _note(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith("EXPLAIN"):
            self._asked[statement] = parameters


def analyze(service: Service) -> None:
    """Let PostgreSQL's planner know how much there is; SQLite's goes by the statement alone."""
    if not service.database.is_sqlite:
        with service.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
