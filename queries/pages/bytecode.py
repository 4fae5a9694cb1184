"""Compiled templates, kept as Python keeps compiled modules (docs/decisions/0065)."""

import os
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from jinja2.bccache import Bucket, BytecodeCache


class Compiled(BytecodeCache):
    """Compiled templates in `__pycache__`: compiling the audit's page takes longer than the audit.

    They are one environment's, which escapes in its own way: `module` is the file that makes it. A
    template or a module that changed is compiled anew; where nothing can be written, every time.
    """

    def __init__(self, module: str) -> None:
        self._module = Path(module)

    def get_source_checksum(self, source: str) -> str:
        """Return the checksum of a template, of its environment and of this Python."""
        made = self._module.stat().st_mtime_ns
        return f"{super().get_source_checksum(source)} {made} {sys.version}"

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load a template, if it was kept; another one's is not taken."""
        try:
            with self._place(bucket).open("rb") as file:
                bucket.load_bytecode(file)
        except Exception:  # no file, or one of any content: Python takes such a module for missing
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template, if it may be: a file is whole or not there."""
        if sys.dont_write_bytecode:
            return
        place = self._place(bucket)
        draft = place.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            place.parent.mkdir(exist_ok=True)
            draft.write_bytes(bucket.bytecode_to_string())
            draft.replace(place)

    def _place(self, bucket: Bucket) -> Path:
        source = self._module.with_name(f"{self._module.stem}-{bucket.key[:16]}.py")
        return Path(cache_from_source(str(source)))
