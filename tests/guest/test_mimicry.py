"""A step that starts warm sees and does what it sees and does in a fresh process: every program here runs both ways."""

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from azurine.compute import zygotes
from azurine.compute.processes import LocalPlace
from azurine.guest import warming
from compute.watching import Watch, log_of, task


class Warm:
    """A place whose zygotes are ready."""

    def __init__(self, home: Path) -> None:
        self.home, self.watch = home, Watch()
        self.place = LocalPlace(home, 2, self.watch)
        self.zygotes = [warming.start(home / "warm", sys.executable, kind, wait=True) for kind in warming.KINDS]
        self.count = 0

    def made(self) -> int:
        """How many steps have started warm."""
        found = [zygotes.status(one) for one in self.zygotes]
        return sum(int(one["made"]) for one in found if one is not None)

    def run(self, files: dict[str, str], command: str, *, warm: bool, **variables: str) -> tuple[int | None, str]:
        self.count += 1
        key = f"mimicked-{self.count}"  # long: a short name is found by chance inside a token
        code = self.home / "code" / key
        code.mkdir(parents=True)
        for name, text in files.items():
            (code / name).parent.mkdir(parents=True, exist_ok=True)
            (code / name).write_text(textwrap.dedent(text))
        order = task(self.home, key, command, code=str(code), warm=warm, variables=variables, grace=0.2)
        self.place.start(order)
        seen = self.watch.end(key)
        assert seen.output is not None and seen.output["exit_code"] is not None, seen
        text = log_of(self.home, key).read_text(errors="replace").replace(str(order.folder), "FOLDER").replace(key, "KEY")
        text = re.sub(r"0x[0-9a-f]{6,}", "ADDRESS", text)
        return seen.output["exit_code"], re.sub(r"repeated \d+ more", "repeated MANY more", text)

    def both(self, files: dict[str, str], command: str, **variables: str) -> tuple[int | None, str]:
        """How the program goes, which must be the same both ways."""
        fresh = self.run(files, command, warm=False, **variables)
        before = self.made()
        warm = self.run(files, command, warm=True, **variables)
        assert self.made() == before + 1, "it did start warm"
        assert warm == fresh
        return warm


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    warm = Warm(tmp_path_factory.mktemp("warm"))
    yield warm
    warm.place.close()


SAME = {
    "arguments": "import sys; print(sys.argv, sys.orig_argv, sys.executable, sys.prefix)",
    "main": """
        import sys
        print(__name__, __file__, __package__, __spec__, __doc__, __cached__, __builtins__, type(__loader__), __loader__.path)
        print(sys.modules['__main__'].__dict__ is globals(), sorted(globals()))
        """,
    "path": "import sys; print(sys.path)",
    "folder": "import os; print(os.getcwd(), os.environ['PWD'])",
    "environment": "import os; print(sorted((k, v) for k, v in os.environ.items() if k not in ('SHLVL', '_', 'PYTEST_CURRENT_TEST') and not k.startswith(('KMP_', '_RJEM_'))))",
    "signals": """
        import signal
        print([(n, signal.getsignal(n)) for n in range(1, 32)], signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.set_wakeup_fd(-1))
        """,
    "descriptors": "import os; print(sorted(n for n in os.listdir('/proc/self/fd') if int(n) < 200), open(__file__).fileno())",
    "group": "import os; print(os.getsid(0) == os.getpgid(0), os.getppid() != 1)",
    "streams": """
        import sys
        for s in (sys.stdin, sys.stdout, sys.stderr):
            print(s.name, s.mode, s.encoding, s.errors, s.newlines, s.line_buffering, s.write_through, s.fileno(), type(s.buffer), s.isatty())
            print(s is {0: sys.__stdin__, 1: sys.__stdout__, 2: sys.__stderr__}[s.fileno()])
        print(repr(sys.stdin.read()))
        """,
    "order of streams": "import sys; print('a'); print('b', file=sys.stderr); print('c', end=''); sys.stderr.write('d'); print('é€\\udce9')",
    "gc": "import gc; print(gc.isenabled(), gc.get_threshold(), gc.get_debug())",
    "threads": """
        import threading
        main = threading.main_thread()
        print(threading.active_count(), main.name, main.ident == threading.get_ident(), main is threading.current_thread())
        """,
    "exit 3": "import sys; sys.exit(3)",
    "exit none": "import sys; sys.exit()",
    "exit text": "import sys; print('before'); sys.exit('a reason')",
    "exit 256": "import sys; sys.exit(256)",
    "exit -1": "import sys; sys.exit(-1)",
    "exit object": "import sys; sys.exit((1, 2))",
    "exit true": "raise SystemExit(True)",
    "hard exit": "import os; print('lost?', flush=True); os._exit(5)",
    "killed": "import os; os.kill(os.getpid(), 9)",
    "aborted": "import os; os.abort()",
    "terminated": "import os, signal; os.kill(os.getpid(), signal.SIGTERM); signal.pause()",
    "broken off": "raise KeyboardInterrupt",
    "exception": """
        def outer():
            inner()
        def inner():
            raise ValueError('wrong', 1)
        outer()
        """,
    "chained": """
        try:
            {}['x']
        except KeyError as e:
            raise RuntimeError('second') from e
        """,
    "context": """
        try:
            1 / 0
        except ZeroDivisionError:
            int('x')
        """,
    "group of exceptions": "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])",
    "notes": "e = ValueError('x'); e.add_note('a note'); raise e",
    "recursion": """
        def f(n): return f(n + 1)
        f(0)
        """,
    "syntax": "x = = 1",
    "indentation": "def f():\nx = 1\n",
    "missing module": "import nowhere_to_be_found",
    "hook": """
        import sys
        sys.excepthook = lambda t, v, tb: print('mine', t, v, tb.tb_lineno, tb.tb_frame.f_code.co_name)
        raise ValueError(1)
        """,
    "failing hook": """
        import sys
        def hook(t, v, tb): raise TypeError('hook')
        sys.excepthook = hook
        raise ValueError(1)
        """,
    "stack": """
        import traceback
        def f():
            print(traceback.format_stack()[-2:])
        f()
        """,
    "at exit": """
        import atexit
        atexit.register(print, 'first')
        @atexit.register
        def second():
            print('second')
            1 / 0
        print('end of program')
        """,
    "at exit after exception": "import atexit; atexit.register(print, 'bye'); raise ValueError(1)",
    "thread": """
        import threading, time
        def work():
            time.sleep(0.05)
            print('thread done')
        threading.Thread(target=work).start()
        print('main done')
        """,
    "daemon thread": """
        import threading, time
        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
        print('main done')
        """,
    "thread that fails": """
        import threading
        def work(): raise ValueError('in thread')
        t = threading.Thread(target=work, name='T'); t.start(); t.join()
        """,
    "pool": """
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(2)
        print(sum(pool.map(len, ['a', 'bb'])))
        """,
    "finaliser": """
        class Loud:
            def __init__(self, name): self.name = name
            def __del__(self): print('gone', self.name)
        a = Loud('a')
        _b = Loud('b')
        c = Loud('c'); c.me = c
        """,
    "unclosed file": """
        f = open('outputs/x.txt', 'w'); f.write('text')
        class Holder: pass
        h = Holder(); h.me = h; h.file = open('outputs/y.txt', 'w'); h.file.write('text')
        import atexit, os
        """,
    "subprocess": """
        import subprocess, sys
        print(subprocess.run([sys.executable, '-c', 'import sys; print(sys.argv, sys.path[0])', 'a'], capture_output=True, text=True))
        print(subprocess.run('echo out; echo err >&2; exit 4', shell=True).returncode)
        """,
    "fork": """
        import multiprocessing
        def double(x): return 2 * x
        if __name__ == '__main__':
            with multiprocessing.get_context('fork').Pool(2) as pool:
                print(pool.map(double, range(5)))
        """,
    "spawn": """
        import multiprocessing
        def double(x): return 2 * x
        if __name__ == '__main__':
            with multiprocessing.get_context('spawn').Pool(2) as pool:
                print(pool.map(double, range(5)))
            print(multiprocessing.current_process().name, multiprocessing.parent_process())
        """,
    "pickle": """
        import pickle
        class Thing: pass
        print(pickle.loads(pickle.dumps(Thing())).__class__ is Thing, Thing.__module__)
        """,
    "joblib": """
        import joblib
        def double(x): return 2 * x
        print(joblib.Parallel(n_jobs=2)(joblib.delayed(double)(i) for i in range(4)))
        """,
    "logging": "import logging; print(logging.root.handlers, logging.root.level); logging.warning('w'); logging.basicConfig(level='INFO'); logging.info('i')",
    "warnings": "import warnings; warnings.warn('careful'); warnings.warn('old', DeprecationWarning)",
    "numbers": """
        import numpy as np, pandas as pd
        a = np.arange(250000.0).reshape(500, 500)
        print((a @ a).sum(), pd.DataFrame({'x': [1, 2]}).describe().to_string())
        """,
    "threads of numbers": """
        import threadpoolctl, numpy, sklearn
        print(sorted((i['user_api'], i['num_threads']) for i in threadpoolctl.threadpool_info()))
        """,
    "learning": """
        from sklearn.cluster import KMeans
        from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
        from sklearn.datasets import make_classification
        X, y = make_classification(2000, random_state=0)
        print(KMeans(3, random_state=0, n_init=1).fit(X).inertia_ > 0, HistGradientBoostingClassifier(max_iter=5).fit(X, y).score(X, y))
        print(RandomForestClassifier(10, n_jobs=2, random_state=0).fit(X, y).score(X, y))
        """,
    "arrow": "import pyarrow as pa; print(pa.array(range(10**6)).sum() if hasattr(pa.Array, 'sum') else len(pa.array(range(10**6))))",
    "plot": """
        import matplotlib
        from matplotlib import pyplot as plt
        plt.plot([1, 2]); plt.savefig('outputs/plot.png')
        print(matplotlib.get_backend(), plt.get_fignums(), matplotlib.rcParams['backend'])
        """,
    "tracking": """
        import logging, mlflow, os
        print(mlflow.get_tracking_uri(), mlflow.active_run(), logging.getLogger('mlflow').handlers, os.environ.get('MLFLOW_TRACKING_URI'))
        """,
    "polars": "import polars as pl; print(pl.DataFrame({'a': [1, 2, 1]}).lazy().group_by('a').len().sort('a').collect(engine='streaming'))",
    "interactive": "import sys; print(hasattr(sys, 'ps1'), sys.flags.interactive, sys.flags.ignore_environment, sys.dont_write_bytecode)",
    "event loop": "import asyncio; print(asyncio.run(asyncio.sleep(0, 'slept')))",
    "large output": "import sys; sys.stdout.write('x' * 3_000_000 + '\\n'); sys.stdout.buffer.write(b'raw\\n')",
    "closed output": "import sys; print('x'); sys.stdout.close()",
    "own stream": "import io, sys; sys.stdout = io.StringIO(); print('swallowed')",
    "time zone": "import time; print(time.tzname, time.strftime('%H', time.localtime(0)))",
    "alarm": "import signal; signal.alarm(1); signal.pause()",
    "limits": "import resource, os; print(resource.getrlimit(resource.RLIMIT_NOFILE), os.nice(0), os.umask(0))",
    "import beside": "import beside; print(beside.__file__, beside.__name__)",
    "future import": "from __future__ import annotations; import __future__; print(compile('x', 'x', 'eval').co_flags & __future__.annotations.compiler_flag)",
    "encoding": "# -*- coding: latin-1 -*-\nprint('plain')",
    "dataclass": "import dataclasses, typing\n@dataclasses.dataclass\nclass A:\n    x: int = 0\nprint(A(1), typing.get_type_hints(A))",
    "breaking pipe": "import os, sys; r, w = os.pipe(); os.close(r); os.write(w, b'x')",
}


@pytest.mark.parametrize("name", SAME)
def test_a_script_goes_the_same_both_ways(house: Warm, name: str) -> None:
    code, text = house.both({"train.py": SAME[name], "beside.py": ""}, "python train.py --x 'a b' 1", TZ="Asia/Tokyo")
    assert code is not None
    assert "guest/zygote.py" not in text and "guest/mimicry.py" not in text


@pytest.mark.parametrize(
    ("command", "files"),
    [
        (
            "python -m package.tool a b",
            {"package/tool.py": "import sys; print(sys.argv, __name__, __package__, __spec__.name, sys.path[0], __file__)"},
        ),
        ("python -m package a", {"package/__main__.py": "import sys; print(sys.argv, __name__)", "package/__init__.py": "print('init')"}),
        ("python -m package.bad", {"package/bad.py": "raise ValueError(1)"}),
        ("python -m nowhere.tool", {}),
        ("python -m package", {"package/__init__.py": ""}),
        (
            "python -u sub/train.py",
            {"sub/train.py": "import sys; print(sys.argv, sys.path[0], __file__); import near", "sub/near.py": "print('near')"},
        ),
        ("python ./train.py", {"train.py": "import sys; print(sys.argv, sys.path[0], __file__); 1 / 0"}),
        ("python3 sub/../train.py", {"train.py": "print(__file__)", "sub/x.py": ""}),
        ("python  train.py\n", {"train.py": "print(1)"}),
    ],
)
def test_ways_to_call_python(house: Warm, command: str, files: dict[str, str]) -> None:
    house.both(files, command)


def test_what_was_not_closed_is_written(house: Warm) -> None:
    house.both({"train.py": SAME["unclosed file"]}, "python train.py")
    written = house.home / "artifacts" / f"mimicked-{house.count}" / "outputs"
    assert {path.name: path.read_text() for path in written.iterdir()} == {"x.txt": "text", "y.txt": "text"}


def test_random_numbers_differ_from_step_to_step(house: Warm) -> None:
    script = "import random, uuid, os, numpy as np; print(random.random(), np.random.rand(), uuid.uuid4(), np.random.default_rng().random())"
    first, second = (house.run({"train.py": script}, "python train.py", warm=True)[1].split() for _ in range(2))
    assert all(one != other for one, other in zip(first, second, strict=True))


def test_the_zygote_is_not_harmed_by_what_its_copies_do(house: Warm) -> None:
    harm = "import sys, os, numpy, pandas; numpy.random = None; pandas.DataFrame = None; sys.modules.clear(); os.chdir('/'); os.kill(0, 9)"
    house.run({"train.py": harm}, "python train.py", warm=True)
    assert house.both({"train.py": "import pandas; print(pandas.DataFrame)"}, "python train.py")[0] == 0


@pytest.mark.parametrize(
    ("files", "command", "variables", "text"),
    [
        ({"train.py": "import inspect; print(inspect.mine)", "inspect.py": "mine = 1"}, "python train.py", {}, "1"),
        ({"train.py": "import os; print(os.environ['OMP_NUM_THREADS'])"}, "python train.py", {"OMP_NUM_THREADS": "1"}, "1"),
        ({"train.py": "import extra"}, "python train.py", {"PYTHONPATH": "more"}, "No module named 'extra'"),
        ({"train.py": "print(1)"}, "python train.py | cat", {}, "1"),
        (
            {"train.py": "import matplotlib; print(matplotlib.rcParams['lines.linewidth'])", "matplotlibrc": "lines.linewidth: 7"},
            "python train.py",
            {},
            "7.0",
        ),
        ({"train.py": "print(1)"}, "python missing.py", {}, "can't open file"),
        ({"train.py": "import sys; print(sys.flags.optimize)"}, "python -O train.py", {}, "1"),
        ({"train.py": "print(1)"}, "python train.py > outputs/x && cat outputs/x", {}, "1"),
        ({"train.py": "import sys; print(sys.argv)"}, "python train.py $HOME *.py", {}, "train.py"),
    ],
)
def test_what_a_warm_process_cannot_be_is_a_fresh_one(house: Warm, files: dict[str, str], command: str, variables: dict[str, str], text: str) -> None:
    fresh = house.run(files, command, warm=False, **variables)
    assert house.run(files, command, warm=True, **variables) == fresh
    assert text in fresh[1]


def test_stopping_a_warm_step_ends_its_tree(house: Warm) -> None:
    script = "import subprocess, time; subprocess.Popen(['sleep', '1000'], start_new_session=True); print('ready', flush=True); time.sleep(1000)"
    code = house.home / "code" / "stopped"
    code.mkdir(parents=True)
    (code / "train.py").write_text(script)
    house.place.start(task(house.home, "stopped", "python train.py", code=str(code), warm=True))
    from compute.watching import until

    until(lambda: log_of(house.home, "stopped").exists() and "ready" in log_of(house.home, "stopped").read_text())
    house.place.stop("stopped")
    assert house.watch.end("stopped").state == "cancelled"


def test_the_zygote_says_what_it_is(house: Warm) -> None:
    status = zygotes.status(house.zygotes[0])
    assert status is not None
    assert "pandas" in status["imported"] and status["rss"] > 50_000_000


def test_a_step_of_a_virtual_environment_starts_warm_in_it(house: Warm) -> None:
    venv = house.home / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    python = str(venv / "bin" / "python")
    zygote = warming.start(house.home / "warm", python, warming.PLAIN, wait=True)
    (house.home / "venv-code").mkdir()
    (house.home / "venv-code" / "train.py").write_text("import os, sys; print(sys.prefix, sys.executable, os.environ['VIRTUAL_ENV'], sys.path)")
    texts = []
    for key in ("venv-fresh", "venv-warm"):
        code = str(house.home / "venv-code")
        house.place.start(task(house.home, key, "python train.py", code=code, python=python, warm=key == "venv-warm"))
        assert house.watch.end(key).state == "succeeded"
        texts.append(log_of(house.home, key).read_text().replace(key, "KEY"))
    assert texts[0] == texts[1] and texts[0].startswith(f"{venv} {python} {venv} ")
    status = zygotes.status(zygote)
    assert status is not None and status["made"] == 1
