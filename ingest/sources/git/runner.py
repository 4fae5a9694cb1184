"""The only place that starts git, with our settings and no others."""

import fcntl
import functools
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from hubtrace.graph.errors import SourceError
from hubtrace.graph.text import for_people, to_text

CLONING = "file:https:http:ssh:git"
"""The protocols that git may speak while it clones or fetches (`GIT_ALLOW_PROTOCOL`)."""

READING = ""
"""The protocols that git may speak while it reads our clone: none, so nothing is fetched lazily."""

_KEPT = frozenset(
    {
        "GIT_PROXY_SSL_CAINFO",
        "GIT_PROXY_SSL_CERT",
        "GIT_PROXY_SSL_CERT_PASSWORD_PROTECTED",
        "GIT_PROXY_SSL_KEY",
        "GIT_SSL_CAINFO",
        "GIT_SSL_CAPATH",
        "GIT_SSL_CERT",
        "GIT_SSL_KEY",
        "GIT_SSL_VERSION",
    }
)
_DROPPED = frozenset(
    {"EDITOR", "LANGUAGE", "PAGER", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "VISUAL"}
)

_FIXED = {
    "GIT_ADVICE": "0",
    "GIT_ASKPASS": "",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_FLUSH": "0",  # else git log writes, and wakes us, after every commit
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    "SSH_ASKPASS": "",
    "SSH_ASKPASS_REQUIRE": "never",
}

# `fetch.fsckObjects` stays off: real histories hold zero-padded modes and dates that fsck refuses,
# and a trace must not end at a commit that someone wrote badly in 2009.
_SETTINGS = (
    ("core.askPass", ""),
    ("core.attributesFile", os.devnull),
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("credential.helper", ""),
    ("diff.external", ""),
    ("diff.ignoreSubmodules", "none"),
    ("diff.orderFile", os.devnull),
    ("fetch.fsckObjects", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("gc.auto", "0"),
    ("http.followRedirects", "false"),  # it would follow one to another origin, too
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "300"),  # seconds without a byte until a dead connection is given up
    ("i18n.logOutputEncoding", "UTF-8"),
    ("log.mailmap", "false"),
    ("log.showRoot", "true"),
    ("log.showSignature", "false"),
    ("maintenance.auto", "false"),
    ("safe.bareRepository", "explicit"),
)

# git starts the server side of a `file://` fetch in the foreign repository, without our settings
# (it drops GIT_CONFIG_* for that process). Its command line is ours, though, and what stands there
# wins over the repository's own configuration. No protocol is allowed to it: before 2.39.4 the
# server would fetch blobs that a partial clone lacks, by the program of the repository's choice.
_SERVING = (
    ("core.alternateRefsCommand", "false"),
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.sshCommand", "false"),
    ("uploadpack.allowFilter", "true"),
)


def environment(
    git_dir: str, protocols: str, settings: Iterable[tuple[str, str]], secrets: Mapping[str, str]
) -> dict[str, str]:
    """Return the whole environment of one git process that works on `git_dir`.

    `settings` are added to ours and win over them; `secrets` are variables for a credential
    helper, since an argument or a configuration file would show them to others.
    """
    configured = (*_SETTINGS, *settings)
    chosen = {"GIT_CONFIG_COUNT": str(len(configured))}
    for position, (key, value) in enumerate(configured):
        chosen[f"GIT_CONFIG_KEY_{position}"] = key
        chosen[f"GIT_CONFIG_VALUE_{position}"] = value
    return {
        **inherited(),
        **_FIXED,
        **chosen,
        **secrets,
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_DIR": git_dir,
    }


def inherited() -> dict[str, str]:
    """Return what git may know of the user's environment: all but what steers git itself."""
    return {
        key: value
        for key, value in os.environ.items()
        if key in _KEPT or not (key.startswith("GIT_") or key in _DROPPED)
    }


def serving_command(trusted: Iterable[str]) -> str:
    """Return the shell command that serves a local repository to a `file://` fetch.

    `trusted` are the user's own `safe.directory` values: a repository of another owner, as in a
    container, is read only if the user allows it.
    """
    settings = (*_SERVING, *(("safe.directory", directory) for directory in trusted))
    options = " ".join(f"-c {shlex.quote(f'{key}={value}')}" for key, value in settings)
    return f"GIT_ALLOW_PROTOCOL= GIT_NO_LAZY_FETCH=1 git {options} upload-pack"


OLDEST = (2, 31)
"""The oldest git that reads as we need: `--diff-merges=first-parent` and GIT_CONFIG_COUNT."""

_BLOCK = 1 << 18
_PIPE = 1 << 20
_PATIENCE = 5.0  # seconds that git gets to clean up after itself before it is killed

_Files = int | IO[bytes]

# What git says after the reason, or instead of it when the reason came from the other side.
_AFTERWORDS = re.compile(
    r"Please make sure you have the correct access rights|and the repository exists\.|"
    r"(fatal|error): (Could not read from remote repository|early EOF|"
    r"(the remote end|The remote end) hung up|protocol error: bad pack header|"
    r"fetch-pack: |index-pack |could not fetch )|hint: |warning: "
)


@dataclass(frozen=True, slots=True)
class Git:
    """git, bound to one git directory and to the location that is being read.

    Every method raises SourceError, one sentence that names the location and git's reason, if git
    is missing, too old, or fails.
    """

    git_dir: Path
    """Our bare clone. It need not exist for `ls-remote`; its parent directory must."""
    shown: str
    """The location in error messages; without credentials."""
    protocols: str = READING
    settings: tuple[tuple[str, str], ...] = ()
    """Configuration on top of ours."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Environment variables of a credential helper."""
    held: tuple[int, ...] = ()
    """Open lock files that git inherits, so that a lock outlives a killed hubtrace until its git
    has ended too."""

    def run(self, *arguments: str, feed: bytes = b"") -> bytes:
        """Run git to its end on the standard input `feed`, and return all that it printed."""
        return b"".join(self.stream(*arguments, feed=feed))

    def stream(self, *arguments: str, feed: bytes = b"") -> Generator[bytes, None, None]:
        """Run git on the standard input `feed` and yield what it prints, in blocks.

        git is started by the first `next` and ended by `close`, or when the iterator is dropped.
        """
        with _file_of(feed) as given, _file_of(b"") as complaints:
            with self._started(arguments, given, subprocess.PIPE, complaints) as process:
                pipe = _pipe(process.stdout)
                _widen(pipe)
                while block := os.read(pipe, _BLOCK):
                    yield block
                failed = process.wait() != 0
            if failed:
                complaints.seek(0)
                raise SourceError(_sentence(self.shown, complaints.read().split(b"\n")))

    def blobs(self, shas: Iterable[str], most: int) -> Iterator[tuple[str, bytes | None]]:
        """Yield the content of each blob; None in place of one of more than `most` bytes.

        All of them must be in the clone.
        """
        feed = "".join(f"{sha}\n" for sha in shas).encode()
        sizes = self.run("cat-file", "--batch-check=%(objectname) %(objectsize)", feed=feed)
        small = []
        for line in sizes.decode().splitlines():
            sha, size = line.split(" ")
            if int(size) > most:
                yield sha, None
            else:
                small.append(sha)
        output = self.run("cat-file", "--batch", feed="".join(f"{s}\n" for s in small).encode())
        position = 0
        for sha in small:
            begin = output.index(b"\n", position) + 1
            position = begin + int(output[position:begin].split()[2])
            yield sha, output[begin:position]
            position += 1

    def merged(self, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
        """Return what git makes of two versions of a text; None if they conflict."""
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder, name) for name in ("ours", "base", "theirs")]
            for file, content in zip(files, (ours, base, theirs), strict=True):
                file.write_bytes(content)
            try:
                return self.run("merge-file", "-p", "-q", *map(str, files))
            except SourceError:  # its exit status is the number of conflicts
                return None

    def watch(self, *arguments: str) -> Generator[str, None, None]:
        """Run git and yield the lines of its progress, which it writes to standard error.

        git is started and ended as by `stream`.
        """
        last: list[bytes] = []
        nothing = subprocess.DEVNULL
        with self._started(arguments, nothing, nothing, subprocess.PIPE) as process:
            for line in _lines(_pipe(process.stderr)):
                last = [*last[-50:], line]
                yield to_text(line)
            failed = process.wait() != 0
        if failed:
            raise SourceError(_sentence(self.shown, last))

    @contextmanager
    def _started(
        self, arguments: tuple[str, ...], stdin: _Files, stdout: _Files, stderr: _Files
    ) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(
            [git_program(), *arguments],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            bufsize=0,
            cwd=self.git_dir.parent,
            env=environment(str(self.git_dir), self.protocols, self.settings, self.secrets),
            pass_fds=self.held,
            start_new_session=True,  # no terminal to ask on; one group to end with all its children
        )
        try:
            yield process
        finally:
            _end(process)


def git_program() -> str:
    """Return the path of the git program.

    Raises:
        SourceError: git is not installed, or older than `OLDEST`.
    """
    program = shutil.which("git")
    if program is None:
        raise SourceError("git is not installed, or not on the PATH; hubtrace needs git 2.31")
    version = git_version(program)
    if version < OLDEST:
        raise SourceError(f"{program} is git {version[0]}.{version[1]}; hubtrace needs git 2.31")
    return program


def trusted_directories(cwd: Path) -> list[str]:
    """Return the user's own `safe.directory` settings, read in `cwd`, a directory of ours."""
    names = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
    user_files = {name: os.environ[name] for name in names if name in os.environ}
    listed = subprocess.run(
        [git_program(), "config", "--null", "--get-all", "safe.directory"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,  # it fails if there is none
        cwd=cwd,
        env={**inherited(), **user_files, "GIT_DIR": str(cwd / "none"), "LC_ALL": "C"},
    )
    return [os.fsdecode(value) for value in listed.stdout.split(b"\0")[:-1]]


@functools.cache
def git_version(program: str) -> tuple[int, int]:
    """Return the first two numbers of a git program's version.

    Raises:
        SourceError: it cannot be started, or prints no version.
    """
    try:
        printed = subprocess.run(
            [program, "version"], stdin=subprocess.DEVNULL, capture_output=True, check=False
        ).stdout
    except OSError as error:
        raise SourceError(f"{program} cannot be started: {error.strerror}") from error
    found = re.match(rb"git version (\d+)\.(\d+)", printed)
    if found is None:
        raise SourceError(f"{program} does not print its version; hubtrace needs git 2.31")
    return int(found[1]), int(found[2])


@contextmanager
def _file_of(content: bytes) -> Iterator[IO[bytes]]:
    # A file, where a pipe could fill up while the other end is not read.
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        yield file


def _pipe(stream: IO[bytes] | None) -> int:
    if stream is None:
        raise ValueError("the process was started without this pipe")
    return stream.fileno()


def _widen(pipe: int) -> None:
    # A wide pipe lets git run ahead of us instead of in turns. It is an offer: other systems have
    # no such call, and a user who has many pipes may be refused.
    if sys.platform == "linux":
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _lines(pipe: int) -> Iterator[bytes]:
    # Progress lines end with a carriage return, all others with a line feed.
    rest = b""
    while block := os.read(pipe, _BLOCK):
        *lines, rest = re.split(rb"[\r\n]+", rest + block)
        yield from lines
    yield rest


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        last_resort = threading.Timer(_PATIENCE, _signal_group, (process, signal.SIGKILL))
        last_resort.start()
        try:
            process.wait()
        finally:
            last_resort.cancel()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _sentence(shown: str, complaints: list[bytes]) -> str:
    lines = [for_people(to_text(line.strip())) for line in complaints if line.strip()]
    text = "\n".join(lines)
    if "dubious ownership" in text or "is owned by someone else" in text:
        advice = next((line for line in lines if "--add safe.directory" in line), "")
        return f"cannot read {shown}: it belongs to another user; `{advice}` lets git read it"
    if "terminal prompts disabled" in text or "Authentication failed" in text:
        return f"cannot read {shown}: it does not exist, or needs a token that allows reading it"
    if re.search(r"does not appear to be a git rep|not a git repository|invalid gitfile", text):
        return f"cannot read {shown}: it is not a git repository or a git bundle, or is damaged"
    if re.search(r"returned error: 30\d", text):
        return f"cannot read {shown}: it redirects to another address; give that one"
    reasons = [line for line in lines if not _AFTERWORDS.match(line)] or lines
    reason = reasons[-1].removeprefix("remote: ").removeprefix("fatal: ") if reasons else "no word"
    return f"cannot read {shown}: {reason}"
