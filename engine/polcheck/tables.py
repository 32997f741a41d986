"""Checking tables of projects: one callable for Ray Data, Spark, Dask, pandas, and `polcheck batch`.

A `Judge` knows nothing of the engine that calls it. It is small when pickled, compiles its packs once in each process
that uses it, and checks each row in a sandboxed process beside that one: a project that hangs or kills it is undecided.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

from polcheck.base.errors import ConfigError, PolcheckError, Problem, SubmissionError
from polcheck.base.today import today as day_of_run
from polcheck.base.version import VERSION
from polcheck.base.worker import WorkerPool
from polcheck.formats.values import Json
from polcheck.policy.params import Settings
from polcheck.project.batch import (
    COLUMNS,
    SECONDS,
    BatchChecker,
    BatchEntry,
    BatchResult,
    BatchTask,
    ResultCodec,
    arrow_schema,
    entry_of,
)
from polcheck.project.library import (
    PackLike,
    check_fail_on,
    check_names,
    checker,
    listed,
    open_packs,
    params_by_pack,
)
from polcheck.scan.workers import chunks, cores

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Judge"]

_MOST_IDLE = 4  # pools that a process keeps for the next table
Pool = WorkerPool[BatchTask, BatchResult]


class Judge:
    """Checks each row of a table against packs, and gives a table of outcomes.

    `packs` are names or folders of packs. `field` is the column that holds a project's bundle: its JSON text, a struct
    or a map of paths to strings, or the bytes of a bundle or an archive; without it each column but `id` is a file.
    `id` is the column that holds a project's name; a row without one is named by its place (`table:2`).

    `params` are by name, or by pack and then name; `params_from` takes parameters from columns: parameter to column.
    `select`, `ignore` and `fail_on` are as in `polcheck run`. `rows` is what a row of the outcome is about:
    `requirements`, `policies` or `findings`. A project that takes more than `timeout` seconds is undecided. `jobs` is
    the number of processes that check rows; one suits an engine that runs a task on each core. `today` (YYYY-MM-DD) is
    the day of the run, that on which the Judge is made if nothing says so.

    Raises PolicyError for packs and ConfigError for arguments that can't be used.
    """

    work: BatchChecker
    """What is done to each row, as it is sent to the processes that do it."""

    def __init__(
        self,
        packs: PackLike | Iterable[PackLike],
        *,
        field: str = "",
        id: str = "",
        params: Mapping[str, Json] | None = None,
        params_from: Mapping[str, str] | None = None,
        select: str | Iterable[str] = (),
        ignore: str | Iterable[str] = (),
        fail_on: str = "error",
        rows: str = "requirements",
        timeout: float = SECONDS,
        jobs: int = 1,
        today: str | date = "",
    ) -> None:
        if rows not in COLUMNS:
            raise ConfigError([Problem(f"`rows` can't be `{rows}`", help=f"one of {', '.join(COLUMNS)}")])
        check_fail_on(fail_on)
        if not 0 < timeout <= threading.TIMEOUT_MAX or jobs < 0:  # NOTE: NaN is in no range
            raise ConfigError([Problem("`timeout` is a number of seconds above 0, `jobs` a number of processes")])
        settings = Settings(
            params=params_by_pack(params or {}),
            select=listed(select),
            ignore=listed(ignore),
            today=_day(today or day_of_run()),
        )
        files = tuple(pack.without_tests() for pack in open_packs(packs))
        compiled = checker(files, settings)  # a pack that can't be used is refused here, not on each row
        check_names(settings, files, compiled)
        _check_parameters(params_from or {}, {name for pack in compiled.plan.packs for name in pack.params})
        self.work = BatchChecker(files, settings, field, id, dict(params_from or {}), fail_on, rows, float(timeout))
        self._jobs = jobs
        self._key = _key_of(self.work, jobs)

    def __getstate__(self) -> tuple[str, BatchChecker, int, str]:
        return (VERSION, self.work, self._jobs, self._key)

    def __setstate__(self, state: tuple[str, BatchChecker, int, str]) -> None:
        version, self.work, self._jobs, self._key = state
        if version != VERSION:
            text = f"the Judge was made by polcheck {version}, and this process has polcheck {VERSION}"
            raise ConfigError([Problem(text, help="install one version on every machine")])

    def __repr__(self) -> str:
        packs = ", ".join(pack.name for pack in self.work.packs)
        return f"Judge({packs!r}, field={self.work.field!r}, id={self.work.id!r}, rows={self.work.rows!r})"

    @property
    def schema(self) -> pyarrow.Schema:
        """The columns of the tables that it gives."""
        return arrow_schema(self.work.rows)

    def __call__(self, table: pyarrow.Table) -> pyarrow.Table:
        """Return the rows of every project in a table, in their order.

        Raises TypeError for what is no Arrow table, SubmissionError when it lacks a column that is asked for, and
        PolcheckError when the system gives no process to check with.
        """
        schema = self.schema
        import pyarrow as pa

        if not isinstance(table, pa.Table):
            if not hasattr(table, "__arrow_c_stream__") and not isinstance(table, pa.RecordBatch):
                got = f"{type(table).__module__}.{type(table).__name__}"
                raise TypeError(f'a Judge takes an Arrow table, not {got} (in Ray Data: batch_format="pyarrow")')
            table = pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else pa.table(table)
        return pa.Table.from_pylist(list(self._rows(self._entries(table, 0))), schema)

    def batches(self, batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        """Yield the rows of every project in each of the record batches. Raises as calling it does."""
        schema = self.schema
        import pyarrow as pa

        number = 0
        for batch in batches:
            rows = list(self._rows(self._entries(batch, number)))
            number += batch.num_rows
            yield pa.RecordBatch.from_pylist(rows, schema)

    def frame(self, frame: Any) -> Any:
        """Return the rows of every project in a pandas data frame, as another one.

        Raises TypeError for what is no data frame, and else as calling it does.
        """
        schema = self.schema
        import pandas
        import pyarrow as pa

        if not isinstance(frame, pandas.DataFrame):
            raise TypeError(f"`frame` takes a pandas data frame, not {type(frame).__module__}.{type(frame).__name__}")

        def values(name: str) -> list[Any]:
            column = frame.iloc[:, names.index(name)].tolist()
            return [None if pandas.api.types.is_scalar(value) and pandas.isna(value) else value for value in column]

        names = [str(name) for name in frame.columns]  # NOTE: pandas numbers columns that have no name
        entries = self._of_columns(names, values, len(frame), 0) if len(frame) else iter(())
        rows = list(self._rows(entries))
        return pa.Table.from_pylist(rows, schema).to_pandas()

    def results(self, entries: Iterable[BatchEntry]) -> Iterator[BatchResult | None]:
        """Yield the rows of each entry, in their order; None now and then, while there is nothing new.

        Only as many projects are held as are being checked, and those that wait for an earlier one. Raises
        PolcheckError when the system gives no process.
        """
        ready: dict[int, BatchResult] = {}
        due = 0
        tasks = (BatchTask.of(number, entry) for number, entry in enumerate(entries))
        with _borrowed(self._key, self._pool) as pool:
            try:
                for result in pool.run(chunks(tasks)):
                    if result is None:
                        yield None
                        continue
                    ready[result.number] = result
                    while due in ready:
                        yield ready.pop(due)
                        due += 1
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise PolcheckError(f"no process could be started to check with: {reason}") from error

    def _pool(self) -> Pool:
        jobs, work = self._jobs or cores(), self.work
        # NOTE: patience 1, since the time that a caller gives a project is by the wall clock
        return WorkerPool(work, ResultCodec(), work.undecided, jobs, work.seconds, "the check", patience=1)

    def _rows(self, entries: Iterable[BatchEntry]) -> Iterator[dict[str, Json]]:
        for result in self.results(entries):
            if result is not None:
                yield from result.rows

    def _entries(self, table: pyarrow.Table | pyarrow.RecordBatch, before: int) -> Iterator[BatchEntry]:
        """Yield an entry for each row of a table; `before` rows have gone before it."""
        if not table.num_rows:
            return iter(())  # NOTE: an engine may give an empty table without its columns
        return self._of_columns(
            table.schema.names,
            lambda name: (value.as_py() for value in table.column(table.schema.names.index(name))),
            table.num_rows,
            before,
        )

    def _of_columns(
        self, names: Sequence[str], values: Callable[[str], Iterable[Any]], size: int, before: int
    ) -> Iterator[BatchEntry]:
        work = self.work
        wanted = {name for name in (work.field, work.id, *work.params_from.values()) if name}
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise SubmissionError(f"the table has two columns `{repeated[0]}`")
        if missing := sorted(wanted.difference(names)):
            raise SubmissionError(f"the table has no column `{missing[0]}`, but {', '.join(names)}")
        read = wanted if work.field else names
        columns = zip(*(values(name) for name in read), strict=True) if read else iter([()] * size)
        for number, row in enumerate(columns, before + 1):
            yield entry_of(work, f"table:{number}", dict(zip(read, row, strict=True)))


def _day(day: str | date) -> str:
    """Return a day as YYYY-MM-DD. Raises ConfigError for a text that is none."""
    try:
        return (day if isinstance(day, date) else date.fromisoformat(day)).isoformat()
    except ValueError:
        raise ConfigError([Problem(f"`today` can't be `{day}`", help="a day, as 2026-01-31")]) from None


def _check_parameters(params_from: Mapping[str, str], known: set[str]) -> None:
    for name in params_from:
        if name not in known:
            has = f"they have {', '.join(sorted(known))}" if known else "they have none"
            raise ConfigError([Problem(f"no pack has the parameter `{name}`", help=has)])


def _key_of(work: BatchChecker, jobs: int) -> str:
    """Return a text that is equal for equal work, in whatever process."""
    settings = {name: getattr(work.settings, name) for name in work.settings.__struct_fields__ if name != "blame"}
    packs = [(pack.root, pack.identity) for pack in work.packs]
    rest = (work.field, work.id, dict(work.params_from), work.fail_on, work.rows, work.seconds, jobs)
    return json.dumps([packs, settings, rest], sort_keys=True, default=dict)


class _Idle:
    """The pools of this process that nobody uses, with what each is for; the one that was used last stands last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.pools: list[tuple[str, Pool]] = []

    def take(self, key: str) -> Pool | None:
        """Return a pool for this work, which is the caller's from now on; None when there is none."""
        with self.lock:
            for at in reversed(range(len(self.pools))):
                if self.pools[at][0] == key:
                    return self.pools.pop(at)[1]
        return None

    def give(self, key: str, pool: Pool) -> None:
        """Keep a pool for the next use; of too many, the one that has been idle for longest ends."""
        with self.lock:
            self.pools.append((key, pool))
            ended = self.pools.pop(0)[1] if len(self.pools) > _MOST_IDLE else None
        if ended is not None:
            ended.close()


_idle = _Idle()


def _forget() -> None:
    """Begin anew in a forked process: the pools are its parent's, and the lock may be held by a thread that is not
    here.
    """
    _idle.__init__()  # type: ignore[misc]  # in place: others have imported it


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


@contextmanager
def _borrowed(key: str, make: Callable[[], Pool]) -> Iterator[Pool]:
    """Give a pool to one caller; it is kept for the next one unless something goes wrong, or not all is consumed."""
    pool = _idle.take(key) or make()
    try:
        yield pool
    except BaseException:
        pool.close()
        raise
    _idle.give(key, pool)
