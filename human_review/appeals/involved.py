"""Who has had a part in what an appeal is about, and may therefore not decide it."""

from sqlalchemy import Connection, select

from human_review.database.tables import answers, tasks


def involved(connection: Connection, task_id: str) -> set[str]:
    """The ids of everybody who ever answered a task of the same item, also where they took the answer back."""
    of_item = select(tasks.c.item_id).where(tasks.c.task_id == task_id).scalar_subquery()
    rows = connection.execute(
        select(answers.c.user_id).join(tasks, tasks.c.task_id == answers.c.task_id)
        .where(tasks.c.item_id == of_item, tasks.c.task_id != task_id).distinct()
    )  # fmt: skip
    return {row.user_id for row in rows}
