"""How we speak to PostgreSQL: a reader ends with COMMIT, so that what the server has prepared stays prepared."""

from __future__ import annotations

from psycopg import Connection
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow


class LastingConnection(Connection[TupleRow]):
    """A connection whose read-only transactions end with COMMIT.

    psycopg forgets every prepared statement at a ROLLBACK. As each page ends its reading with one, no statement ever
    became prepared: the server planned all of them again for every page, which cost it more than running them.
    There is nothing to take back in a transaction that can write nothing; after an error it is rolled back as before.
    """

    def rollback(self) -> None:
        if self.read_only and self.info.transaction_status is TransactionStatus.INTRANS:
            self.commit()
        else:
            super().rollback()
