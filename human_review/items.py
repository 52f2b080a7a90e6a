"""What is known of an item, whatever tasks it has."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from human_review.database.rows import insert_new
from human_review.database.tables import items
from stream_app.contracts.codec import decode
from stream_app.contracts.origin import Origin


@dataclass(frozen=True, slots=True)
class Item:
    """What is known of an item, locked until the transaction ends."""

    erased: bool
    origin: Origin | None


def lock_item(connection: Connection, item_id: str) -> Item:
    """The item's row, made where there is none. Whoever changes what belongs to an item locks it first."""
    found = lock_known(connection, item_id)
    if found is None:
        insert_new(connection, items, item_id=item_id)  # whoever waits here finds the row of whoever was first
        found = lock_known(connection, item_id)
    if found is None:
        raise RuntimeError("an item's row is never deleted")
    return found


def lock_known(connection: Connection, item_id: str) -> Item | None:
    """The item's row; None where there is none."""
    row = connection.execute(
        select(items.c.erased_ms, items.c.origin).where(items.c.item_id == item_id).with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        return None
    return Item(row.erased_ms is not None, decode(row.origin.encode(), Origin) if row.origin else None)
