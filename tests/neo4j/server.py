"""Starting, killing and stopping a throw-away Neo4j on free ports of this machine.

python -m tests.neo4j.server        start one, print how to reach it, stop it on Ctrl-C
"""

import hashlib
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Protocol

import neo4j

from hubtrace.graph.atomic_files import exclusive_lock
from hubtrace.graph.errors import GraphLocked
from tests.neo4j.arcadedb import FromArcadeDB
from tests.neo4j.artifacts import Unavailable, free_port, jars, java

_STARTS_WITHIN = 120
_OPENS = ("java.nio", "java.io", "java.lang", "sun.nio.ch")
# For a server that lives for minutes: half the CPU time of the usual choice, on two cores.
_FLAGS = [
    "-Xms256m",
    "-Xmx1g",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Dio.netty.tryReflectionSetAccessible=true",
]
COMPOSE = Path(__file__).parents[2] / "docker-compose.yml"


class Server(Protocol):
    """A Neo4j that belongs to the tests."""

    uri: str
    user: str
    password: str
    database: str | None

    def stop(self) -> None:
        """Stop it and remove what it wrote."""
        ...


@dataclass
class Given:
    """A server that `NEO4J_URI` names; it is emptied, and left running."""

    uri: str = field(default_factory=lambda: os.environ["NEO4J_URI"])
    user: str = field(default_factory=lambda: os.environ.get("NEO4J_USERNAME", "neo4j"))
    password: str = field(default_factory=lambda: os.environ.get("NEO4J_PASSWORD", ""))
    database: str | None = field(default_factory=lambda: os.environ.get("NEO4J_DATABASE"))

    def __post_init__(self) -> None:
        """Keep every other test process off: they would remove each other's nodes.

        Workers share one only where xdist keeps groups together: with pytest 9.2 it does not
        (pytest-xdist#1386).
        """
        name = hashlib.sha256(f"{self.uri} {self.database}".encode()).hexdigest()[:16]
        lock_file = Path(tempfile.gettempdir()) / f"hubtrace-{name}.lock"
        self._lock = exclusive_lock(lock_file, "NEO4J_URI", GraphLocked)
        try:
            self._lock.__enter__()
        except GraphLocked as locked:
            raise Unavailable(f"{locked}; run pytest without workers (-n 0)") from None

    def stop(self) -> None:
        """Leave it running."""
        self._lock.__exit__(None, None, None)


class FromMaven:
    """A server from Maven's jars, with a home of its own that goes with it."""

    user = "neo4j"
    database: str | None = None
    certificate: Path | None = None
    """Its own, self-signed; None where it takes no encrypted connections."""

    def __init__(self, *, started: bool = True) -> None:
        self._java, self._jars = java(), jars()
        self.password = secrets.token_hex(16)
        self._port = free_port()
        self.uri = f"bolt://127.0.0.1:{self._port}"
        self.home = Path(tempfile.mkdtemp(prefix="hubtrace-neo4j-"))
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._configure()
            if started:
                self.start()
        except BaseException:
            self.stop()
            raise

    def start(self) -> None:
        """Start it, the first time or after a kill, and wait until it answers."""
        with (self.home / "out").open("ab") as out:
            self._process = subprocess.Popen(
                [*self._command("org.neo4j.server.CommunityEntryPoint"), *self._places()],
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        wait_until_it_answers(self)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """End it in order, so that everything is in its files."""
        assert self._process
        self._process.terminate()
        self._process.wait()

    def stop(self) -> None:
        """End it and remove its home. An orderly end would take ten seconds more."""
        if self.running():
            self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    def running(self) -> bool:
        """Return True while its process lives."""
        return self._process is not None and self._process.poll() is None

    def admin(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `neo4j-admin` of the same version on the same home."""
        command = [str(self.admin_program()), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def admin_program(self) -> Path:
        """Return a program that is `neo4j-admin` for this home, as an installation has it."""
        program = self.home / "bin" / "neo4j-admin"
        if not program.exists():
            program.parent.mkdir()
            conf = self.home / "conf"
            places = f"NEO4J_HOME={shlex.quote(str(self.home))} NEO4J_CONF={shlex.quote(str(conf))}"
            java = shlex.join(self._command("org.neo4j.cli.AdminTool"))
            program.write_text(f'#!/bin/sh\nexec env {places} {java} "$@"\n')
            program.chmod(0o755)
        return program

    def _configure(self) -> None:
        for folder in ("conf", "data", "logs", "plugins", "import", "run", "lib", "licenses"):
            (self.home / folder).mkdir()
        settings = {
            "server.default_listen_address": "127.0.0.1",
            "server.bolt.listen_address": f"127.0.0.1:{self._port}",
            # What a client that asks for a routing table is told.
            "server.bolt.advertised_address": f"127.0.0.1:{self._port}",
            "server.http.enabled": "false",
            "server.https.enabled": "false",
            "server.memory.pagecache.size": "256m",
            "db.memory.transaction.max": "128m",
            "dbms.usage_report.enabled": "false",
            **self._encryption(),
        }
        lines = (f"{name}={value}\n" for name, value in settings.items())
        (self.home / "conf" / "neo4j.conf").write_text("".join(lines))
        done = self.admin("dbms", "set-initial-password", self.password)
        if done.returncode:
            raise Unavailable(f"the password could not be set: {done.stderr.strip()[:200]}")

    def _encryption(self) -> dict[str, str]:
        """Make a certificate that nobody vouches for; without OpenSSL the server has none."""
        openssl = shutil.which("openssl")
        if openssl is None:
            return {}
        folder = self.home / "certificates"
        folder.mkdir()
        names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
        made = subprocess.run(
            [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names,
             "-keyout", str(folder / "private.key"), "-out", str(folder / "public.crt")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise Unavailable(f"no certificate could be made: {made.stderr.strip()[-200:]}")
        self.certificate = folder / "public.crt"
        policy = {"enabled": "true", "base_directory": str(folder), "client_auth": "NONE"}
        return {f"dbms.ssl.policy.bolt.{name}": value for name, value in policy.items()} | {
            "server.bolt.tls_level": "OPTIONAL"
        }

    def _command(self, main: str) -> list[str]:
        opens = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENS]
        return [self._java, *_FLAGS, *opens, "-cp", f"{self._jars}/*", main]

    def _places(self) -> list[str]:
        return [f"--home-dir={self.home}", f"--config-dir={self.home / 'conf'}"]


class FromDocker:
    """The server of our own Compose file, under a project name of its own."""

    user = "neo4j"
    database: str | None = None

    def __init__(self) -> None:
        self.password = secrets.token_hex(16)
        port = free_port()
        self.uri = f"bolt://127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            "NEO4J_PASSWORD": self.password,
            "NEO4J_BOLT_PORT": str(port),
            "NEO4J_HTTP_PORT": str(free_port()),
            "COMPOSE_PROJECT_NAME": f"hubtrace-test-{secrets.token_hex(4)}",
        }
        try:
            self._compose("up", "--detach", "--wait", "neo4j")
            wait_until_it_answers(self)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it and remove its volumes."""
        self._compose("down", "--volumes", "--timeout", "10")

    def _compose(self, *arguments: str) -> None:
        command = ["docker", "compose", "--file", str(COMPOSE), *arguments]
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Unavailable(f"docker compose failed: {done.stderr.strip()[-200:]}")


def start() -> Server:
    """Start a server: the given one, else in Docker, else from Maven; or ArcadeDB, if asked for.

    Raises:
        Unavailable: none can be had; the message is one line that says why.
    """
    if os.environ.get("NEO4J_URI"):
        given = Given()
        try:
            wait_until_it_answers(given)
            _refuse_what_is_in_use(given)
        except BaseException:
            given.stop()
            raise
        return given
    if os.environ.get("HUBTRACE_BOLT_SERVER") == "arcadedb":
        arcadedb = FromArcadeDB()
        try:
            wait_until_it_answers(arcadedb)
        except BaseException:
            arcadedb.stop()
            raise
        return arcadedb
    return FromDocker() if _docker_answers() else FromMaven()


def wait_until_it_answers(server: Server) -> None:
    """Return when the server takes our password.

    Raises:
        Unavailable: it does not within two minutes, or its process ended.
    """
    auth, end = (server.user, server.password), monotonic() + _STARTS_WITHIN
    while True:
        try:
            with neo4j.GraphDatabase.driver(
                server.uri, auth=auth, max_transaction_retry_time=0
            ) as driver:
                driver.execute_query("RETURN 1", database_=server.database)
                return
        except neo4j.exceptions.AuthError:
            raise Unavailable(f"the server at {server.uri} refuses its password") from None
        except (neo4j.exceptions.DriverError, neo4j.exceptions.Neo4jError) as error:
            dead = isinstance(server, FromMaven | FromArcadeDB) and not server.running()
            if dead or monotonic() > end:
                raise Unavailable(f"the server at {server.uri} does not answer: {error}") from None
        sleep(0.3)


def _refuse_what_is_in_use(server: Given) -> None:
    """Raise Unavailable if the database holds anything: the tests would remove it."""
    auth = (server.user, server.password)
    with neo4j.GraphDatabase.driver(server.uri, auth=auth) as driver:
        found = driver.execute_query("MATCH (n) RETURN count(n)", database_=server.database)
        count = found.records[0].value()
    if count:
        raise Unavailable(
            f"the database at NEO4J_URI holds {count} nodes, which the tests would remove; "
            "name an empty one"
        )


def _docker_answers() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        done = subprocess.run([docker, "info"], capture_output=True, check=False, timeout=10)
        has_compose = subprocess.run(
            [docker, "compose", "version"], capture_output=True, check=False, timeout=10
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == has_compose.returncode == 0


@contextmanager
def running() -> Iterator[Server]:
    """Start a server and stop it when the block ends."""
    server = start()
    try:
        yield server
    finally:
        server.stop()


def main() -> None:
    """Start a server, print how to reach it, and stop it on Ctrl-C."""
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    try:
        with running() as server:
            print(f"export HUBTRACE_GRAPH={server.uri}")
            print(f"export NEO4J_USERNAME={server.user} NEO4J_PASSWORD={server.password}")
            print("# Ctrl-C stops it and removes its data", flush=True)
            signal.pause()
    except Unavailable as reason:
        raise SystemExit(f"no Neo4j: {reason}") from None
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
