"""Records are decoded in several threads at once; a crash would end the tests, so in a child."""

import subprocess
import sys

_MANY_THREADS = """
import sys, threading
import msgspec
from hubtrace.graph.decoding import convert, decode_json

sys.setswitchinterval(1e-6)
for number in range(300):
    class Inner(msgspec.Struct):
        number: int
        files: dict[str, str] | None = None

    class Outer(msgspec.Struct):
        parts: tuple[Inner, ...]
        marks: dict[str, str]

    ready, found = threading.Barrier(4), []

    def read():
        ready.wait()
        found.append(decode_json(b'{"parts": [{"number": 1}], "marks": {"a": "b"}}', Outer))
        found.append(convert({"parts": [{"number": 1}], "marks": {"a": "b"}}, Outer))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [Outer((Inner(1),), {"a": "b"})] * 8, found
"""


def test_threads_that_use_a_type_first_at_the_same_time() -> None:
    done = subprocess.run([sys.executable, "-c", _MANY_THREADS], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
