"""Writing to a Bolt server: one transaction if it is little, repeatable batches if it is much."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any

import neo4j
import pyarrow as pa

from hubtrace.graph.bolt_values import answer_of, sending
from hubtrace.graph.errors import GraphError
from hubtrace.graph.model import MODEL
from hubtrace.graph.result import Result
from hubtrace.graph.schema import delete_relationships, merge_nodes, merge_relationships
from hubtrace.graph.tables import END, START, check_nodes, check_relationships

ROWS_PER_TRANSACTION = 10_000
"""Measured on two cores: 5,000, 10,000 and 20,000 rows differ less than two runs do."""
_KEYS_PER_DELETION = 1_000
_WORKERS = 2
"""Transactions at once. The server retries the loser of two that meet at one node."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A statement on its way, and how many rows it must find its nodes for."""

    statement: str
    parameters: dict[str, Any]
    rows: int
    what: str
    must_match: bool = False


class BoltWriter:
    """Collects what is written and sends it in transactions that the driver repeats if need be."""

    def __init__(
        self,
        session: Callable[[str], neo4j.Session],
        ask: Callable[[str, dict[str, Any]], Result],
        translated: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._session, self._ask, self._translated = session, ask, translated
        self._steps: list[_Step] = []
        self._open: tuple[neo4j.Session, neo4j.Transaction] | None = None

    def ask(self, cypher: str, /, **parameters: Any) -> Result:
        """Ask a question; see `GraphWriter.ask`."""
        if self._open is None and not self._steps:
            return self._ask(cypher, parameters)
        return self.run(cypher, **parameters)

    def run(self, cypher: str, /, **parameters: Any) -> Result:
        """Run a statement that may write; see `GraphWriter.run`.

        Its answer is needed before it is known whether the block ends well. So it runs in a
        transaction that stays open until then, and that the driver cannot repeat.
        """
        with self._translated(), sending(parameters):
            transaction = self._transaction()
            _execute(transaction, self._collected())
            return answer_of(transaction.run(cypher, parameters))

    def put_nodes(self, label: str, rows: pa.Table) -> None:
        """Add or replace nodes; see `GraphWriter.put_nodes`."""
        node = MODEL.node(label)
        check_nodes(node, rows)
        statement = merge_nodes(node)

        def step(batch: pa.Table) -> _Step:
            found = [_known(row) for row in batch.to_pylist()]
            values = [{"key": row[node.key], "properties": row} for row in found]
            return _Step(statement, {"rows": values}, len(values), label)

        self._put(rows, step)

    def put_relationships(self, type_: str, start: str, end: str, rows: pa.Table) -> None:
        """Add or replace relationships; see `GraphWriter.put_relationships`."""
        relationship = MODEL.relationship(type_)
        check_relationships(relationship, start, end, rows)
        statement = merge_relationships(relationship, MODEL.node(start), MODEL.node(end))

        def step(batch: pa.Table) -> _Step:
            values = [
                {"from_key": row.pop(START), "to_key": row.pop(END), "properties": _known(row)}
                for row in batch.to_pylist()
            ]
            what = f"{type_} from {start} to {end}"
            return _Step(statement, {"rows": values}, len(values), what, must_match=True)

        self._put(rows, step)

    def remove_relationships(self, type_: str, start: str, keys: Sequence[str]) -> None:
        """Remove relationships, and nodes that they own; see `GraphWriter.remove_relationships`."""
        statement = delete_relationships(MODEL.relationship(type_), MODEL.node(start))
        for first in range(0, len(keys), _KEYS_PER_DELETION):
            batch = list(keys[first : first + _KEYS_PER_DELETION])
            self._add(_Step(statement, {"keys": batch}, len(batch), type_))

    def flush(self) -> None:
        """Send what was collected, as one transaction."""
        if self._open is not None:
            with self._translated():
                _execute(self._open[1], self._collected())
                self._open[1].commit()
            self.close()
        elif self._steps:
            self._send(self._collected())

    def close(self) -> None:
        """Give up what was not flushed."""
        if self._open is not None:
            session, self._open = self._open[0], None
            # The connection may be gone; the server then rolls back by itself.
            with suppress(GraphError), self._translated():
                session.close()

    def _put(self, rows: pa.Table, step: Callable[[pa.Table], _Step]) -> None:
        if rows.num_rows <= ROWS_PER_TRANSACTION:
            if rows.num_rows:
                self._add(step(rows))
            return
        self.flush()
        with ThreadPoolExecutor(_WORKERS) as pool:
            sent = [pool.submit(lambda b: self._send([step(b)]), b) for b in _batches(rows)]
            try:
                for batch in sent:
                    batch.result()
            except BaseException:
                # Without a server every other batch would wait in vain, too.
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _add(self, step: _Step) -> None:
        self._steps.append(step)
        if sum(waiting.rows for waiting in self._steps) > ROWS_PER_TRANSACTION:
            self.flush()

    def _send(self, steps: Sequence[_Step]) -> None:
        with self._translated(), self._session(neo4j.WRITE_ACCESS) as session:
            session.execute_write(_execute, steps)

    def _collected(self) -> list[_Step]:
        steps, self._steps = self._steps, []
        return steps

    def _transaction(self) -> neo4j.Transaction:
        if self._open is None:
            session = self._session(neo4j.WRITE_ACCESS)
            try:
                self._open = session, session.begin_transaction()
            except BaseException:
                session.close()
                raise
        return self._open[1]


def _execute(
    transaction: neo4j.ManagedTransaction | neo4j.Transaction, steps: Sequence[_Step]
) -> None:
    for step in steps:
        answer = transaction.run(step.statement, step.parameters)
        if step.must_match:
            _check_found(step, answer.single(strict=True)[0])
        else:
            answer.consume()


def _check_found(step: _Step, found: int) -> None:
    if found < step.rows:
        missing = step.rows - found
        raise GraphError(f"{step.what}: {missing} of {step.rows} name a node that is not there")


def _batches(rows: pa.Table) -> Iterator[pa.Table]:
    for first in range(0, rows.num_rows, ROWS_PER_TRANSACTION):
        yield rows.slice(first, ROWS_PER_TRANSACTION)


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
