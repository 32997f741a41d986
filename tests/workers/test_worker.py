"""One kind of worker process: it answers, is bounded and ended, wherever its host runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from polcheck.base import sandbox
from polcheck.base.codec import Codec
from polcheck.base.worker import Overrun, Worker, WorkerPool

TEXT: Codec[Any] = Codec(Any)
ENGINE = Path(__file__).resolve().parents[2] / "engine"


def act(request: tuple[str, Any]) -> Any:
    """What a worker of these tests does."""
    what, given = request
    if what == "echo":
        return given
    if what == "environment":
        return os.environ.get(given)
    if what == "main":
        return getattr(sys.modules["__main__"], "__file__", "none")
    if what == "sleep":
        time.sleep(given)
    while what == "burn":
        pass
    if what == "die":
        os._exit(3)
    if what == "fail":
        raise ValueError(given)
    if what == "grow":
        return len(bytes(given))
    if what == "print":
        os.write(1, b"noise")
        os.write(2, b"noise")
    if what == "wrong":
        return object()
    return os.getpid()


@pytest.fixture
def worker() -> Iterator[Worker[Any, Any]]:
    """A worker that is given a second for each request."""
    made: Worker[Any, Any] = Worker(act, TEXT, seconds=1.0, doing="the work")
    yield made
    made.close()


def test_one_process_answers_many_requests(worker: Worker[Any, Any]) -> None:
    """It starts once, and is another process."""
    numbers = {worker.ask(("number", None)) for _ in range(3)}
    assert len(numbers) == 1
    assert os.getpid() not in numbers


def test_a_large_request_and_reply(worker: Worker[Any, Any]) -> None:
    """Messages may be larger than a pipe."""
    text = "x" * 5_000_000
    assert worker.ask(("echo", text)) == text


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (("burn", None), "it took more than the limit of 1 seconds"),
        (("die", None), "its process was killed"),
        (("grow", 3 << 30), "the work failed: MemoryError"),
        (("fail", "so"), "the work failed: ValueError: so"),
        (("wrong", None), "the work failed: TypeError"),
    ],
)
def test_what_goes_wrong_is_said_and_the_next_request_is_answered(
    worker: Worker[Any, Any], request_: tuple[str, Any], reason: str
) -> None:
    """Time, memory, a crash and a fault: each costs its request only."""
    with pytest.raises(Overrun, match=reason):
        worker.ask(request_)
    assert worker.ask(("echo", 1)) == 1


def test_waiting_for_a_processor_is_not_counted(worker: Worker[Any, Any]) -> None:
    """A second of processor time may take several by the wall clock."""
    assert worker.ask(("sleep", 1.5)) > 0


def test_waiting_has_an_end_too() -> None:
    """By the wall clock a request may take `patience` times its seconds."""
    worker: Worker[Any, Any] = Worker(act, TEXT, seconds=0.2, patience=2)
    began = time.monotonic()
    with pytest.raises(Overrun, match=r"more than the limit of 0\.2 seconds"):
        worker.ask(("sleep", 30))
    assert time.monotonic() - began < 25
    worker.close()


def test_noise_is_no_reply(worker: Worker[Any, Any], capfd: pytest.CaptureFixture[str]) -> None:
    """What a library writes to its standard streams reaches neither us nor the protocol."""
    worker.ask(("print", None))
    assert worker.ask(("echo", 2)) == 2
    assert capfd.readouterr() == ("", "")


def test_secrets_stay_here(worker: Worker[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that parses untrusted bytes is given what it needs of the environment, and no tokens."""
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    monkeypatch.setenv("POLCHECK_SOMETHING", "set")
    assert worker.ask(("environment", "GITHUB_TOKEN")) is None
    assert worker.ask(("environment", "POLCHECK_SOMETHING")) == "set"


def test_the_main_module_is_not_imported_again(worker: Worker[Any, Any]) -> None:
    """So that scripts need no main guard."""
    assert worker.ask(("main", None)) == "none"


def test_threads_have_workers_at_once() -> None:
    """Each thread its own, started at the same time."""

    def job(number: int) -> int:
        one: Worker[Any, int] = Worker(act, TEXT)
        try:
            return one.ask(("echo", number))
        finally:
            one.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(job, range(8))) == list(range(8))


def test_a_forked_host_has_a_worker_of_its_own(worker: Worker[Any, Any]) -> None:
    """It neither speaks to its parent's worker nor ends it."""
    ours = worker.ask(("number", None))
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, str(worker.ask(("number", None))).encode())
            worker.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    theirs = int(os.read(read, 99))
    os.close(read)
    os.close(write)
    assert theirs not in (ours, 0)
    assert worker.ask(("number", None)) == ours


def test_a_worker_ends_with_its_object() -> None:
    """Nobody has to close it."""
    one: Worker[Any, int] = Worker(act, TEXT)
    number = one.ask(("number", None))
    del one
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_descriptors_beyond_a_thousand() -> None:
    """A server may have many files open."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    if before[1] < 2_000:
        pytest.skip("this system gives fewer descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (2_000, before[1]))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_100)]
    try:
        one: Worker[Any, int] = Worker(act, TEXT)
        assert one.ask(("echo", 5)) == 5
        one.close()
    finally:
        for number in held:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_no_descriptor_is_left() -> None:
    """Workers that end, and such as can't begin, leave none open."""

    def count() -> int:
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0  # noqa: PTH112, PTH208

    before = count()
    for request in (("echo", 1), ("die", None)):
        one: Worker[Any, Any] = Worker(act, TEXT)
        with pytest.raises(Overrun) if request[0] == "die" else pytest.MonkeyPatch.context():
            one.ask(request)
        one.close()
    assert count() == before


def test_a_pool_replies_to_everything() -> None:
    """Requests whose worker is lost get the reply that says so, the others their own."""
    requests = [("echo", number) for number in range(20)]
    requests[7], requests[13] = ("die", 7), ("fail", 13)
    with WorkerPool(act, TEXT, lambda request, reason: (request[1], reason), 2, 5.0, "the work") as pool:
        found = [reply for reply in pool.run(iter([requests[:10], requests[10:]])) if reply is not None]
    assert sorted(one for one in found if isinstance(one, int)) == [n for n in range(20) if n not in (7, 13)]
    assert {one[0]: one[1].partition(":")[0] for one in found if isinstance(one, tuple)} == {
        7: sandbox.DIED,
        13: "the work failed",
    }


HOST = """
import polcheck
report = polcheck.check({"a.py": "x = 1  # padding\\n" * 20_000 + "print(1)\\n"}, "pack")
print(report.verdict, [finding.location.line for finding in report.findings])
"""
HOSTS = {
    "a script without a main guard": HOST,
    "a daemonic process": (
        "import multiprocessing\ndef job():\n"
        + "".join(f"    {line}\n" for line in HOST.splitlines())
        + "one = multiprocessing.get_context('fork').Process(target=job, daemon=True)\none.start()\none.join()\n"
    ),
    "a thread beside another": (
        "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
        + "def job():\n" + "".join(f"    {line}\n" for line in HOST.splitlines())
        + "one = threading.Thread(target=job)\none.start()\none.join()\n"
    ),
    "a host with closed streams": (
        "import os, sys\nout = os.fdopen(os.dup(1), 'w')\nfor number in range(3): os.close(number)\nsys.stdout = out\n"
        + HOST + "out.flush()\n"
    ),
    "a host that ignores its children": "import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n" + HOST,
    "a host without a known interpreter": "import sys\nsys.executable = '/usr/sbin/server'\n" + HOST,
    "a host without poll": "import select\ndel select.poll\n" + HOST,
    "a host whose folder is gone": (
        "import os\npack = os.path.abspath('pack')\nos.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')\n"
        + HOST.replace('"pack"', "pack")
    ),
    "a host without standard streams": (
        "import sys\nout = sys.stdout\nsys.stdin = sys.stdout = sys.stderr = None\n"
        + HOST.replace("findings])", "findings], file=out)")
    ),
    "a host that reaps every child": (
        "import os, signal\ndef reap(*_):\n    try:\n        while os.waitpid(-1, os.WNOHANG)[0]: pass\n"
        "    except ChildProcessError: pass\nsignal.signal(signal.SIGCHLD, reap)\n" + HOST
    ),
    "a host that is interrupted by signals": (
        "import signal\nsignal.signal(signal.SIGALRM, lambda *_: None)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)\n" + HOST
    ),
    "a host at its end": "import atexit\ndef job():\n" + "".join(f"    {line}\n" for line in HOST.splitlines())
    + "atexit.register(job)\n",
    "a host with little address space": (
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n" + HOST
    ),
    "a host without an environment": "import os\nos.environ.clear()\n" + HOST,
    "a loop of asyncio": (
        "import asyncio\ndef job():\n" + "".join(f"    {line}\n" for line in HOST.splitlines())
        + "async def main():\n    await asyncio.to_thread(job)\nasyncio.run(main())\n"
    ),
    "a daemonic process that was spawned": (
        "import multiprocessing\ndef job():\n" + "".join(f"    {line}\n" for line in HOST.splitlines())
        + "if __name__ == '__main__':\n    context = multiprocessing.get_context('spawn')\n"
        "    one = context.Process(target=job, daemon=True)\n    one.start()\n    one.join()\n"
    ),
    "a server that forks after its first use": (
        "import os\nimport polcheck\npolcheck.check({'a.py': 'x = 1\\n' * 40_000 + 'print(1)'}, 'pack')\n"
        "if os.fork() == 0:\n" + "".join(f"    {line}\n" for line in HOST.splitlines()) + "else:\n    os.wait()\n"
    ),
    "a host that blocks signals": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))\n" + HOST,
}  # fmt: skip


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_every_host_gets_the_same_report(tmp_path: Path, host: str) -> None:
    """A file that needs a process of its own is searched, wherever polcheck is called from."""
    _pack(tmp_path)
    (tmp_path / "host.py").write_text(HOSTS[host])
    assert _said_by_host(tmp_path) == ("fail [20001]\n", "")


@pytest.mark.parametrize("option", ["-I", "-E", "-O", "-bb", "-P", "-Werror", "-Xdev", "-Xutf8=0"])
def test_every_option_of_the_interpreter_gives_the_same_report(tmp_path: Path, option: str) -> None:
    """Isolated, optimized, with warnings as errors: nothing rests on how Python was started."""
    _pack(tmp_path)
    host = f"import sys\nsys.path.append({str(ENGINE)!r})\n" + HOST
    done = subprocess.run(
        [sys.executable, option, "-c", host], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("fail [20001]\n", "")


def _pack(root: Path) -> None:
    (root / "pack/policies").mkdir(parents=True)
    (root / "pack/pack.yaml").write_text("name: p\nversion: 1.0.0\n")
    (root / "pack/policies/p.yaml").write_text(
        'id: print\ntitle: none\nforbid: {files: "**/*.py", pattern: print(...)}\nmessage: a print\n'
    )


def _said_by_host(root: Path) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, "host.py"],
        cwd=root, env={**os.environ, "PYTHONPATH": str(ENGINE)}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    return done.stdout, done.stderr


def test_first_use_by_several_threads(tmp_path: Path) -> None:
    """None of the first calls finds a half-made module or class."""
    _pack(tmp_path)
    (tmp_path / "host.py").write_text(
        "import sys, threading\nsys.setswitchinterval(1e-6)\nsaid = []\n"
        "def job():\n    from polcheck import check\n    said.append(check({'a.py': 'print(1)'}, 'pack').verdict)\n"
        "many = [threading.Thread(target=job) for _ in range(8)]\n"
        "for one in many: one.start()\nfor one in many: one.join()\nprint(said)\n"
    )
    assert _said_by_host(tmp_path) == (str(["fail"] * 8) + "\n", "")


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no signal masks")
def test_ctrl_c_while_waiting_ends_the_worker() -> None:
    """A reply that still comes is none to the next request."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    one: Worker[Any, Any] = Worker(act, TEXT, seconds=20)
    try:
        one.ask(("echo", 0))
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            one.ask(("sleep", 10))
        assert one.ask(("echo", 1)) == 1
    finally:
        signal.signal(signal.SIGINT, before)
        one.close()


def test_a_process_that_ended_while_it_was_idle_costs_no_request(worker: Worker[Any, Any]) -> None:
    """As one that the system has killed for memory between two tables."""
    first = worker.ask(("number", None))
    os.kill(first, signal.SIGKILL)
    time.sleep(0.2)
    assert worker.ask(("number", None)) != first
