"""Connections for reading, as many as are in use at once: each reader has its own, so none waits for another or for a writer."""

from collections.abc import Mapping

from azurine.model import errors
from azurine.store.sql.database import Connection, Database, Row


class Readers:
    """A stack of idle connections; taking and giving back are single operations of a list, hence safe without a lock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._idle: list[Connection] = []
        self._closed = False

    def rows(self, text: str, parameters: Mapping[str, object]) -> list[Row]:
        try:
            return self._ask(text, parameters)
        except self._database.failures as error:
            if self._closed or not self._database.is_lost(error):
                raise self._database.explain(error) from error
        self._drop()  # the others are of the same age: the server was restarted, or the network was gone
        try:
            return self._ask(text, parameters)
        except self._database.failures as error:
            raise self._database.explain(error) from error

    def close(self) -> None:
        self._closed = True
        self._drop()

    def _ask(self, text: str, parameters: Mapping[str, object]) -> list[Row]:
        connection = self._take()
        try:
            found = list(connection.execute(text, parameters).fetchall())
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        if self._closed:
            self._drop()
        return found

    def _take(self) -> Connection:
        if self._closed:
            raise errors.Temporary("The store is closed: the server is stopping.")
        try:
            return self._idle.pop()
        except IndexError:
            return self._database.connect()

    def _drop(self) -> None:
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:  # another thread took the last one
                return
