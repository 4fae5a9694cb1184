"""git over smart HTTP, by git's own CGI program: read-only, with partial clones allowed."""

import os
import subprocess
from pathlib import Path

from .wire import Answer, Request

_SETTINGS = {
    "http.receivepack": "false",
    "http.uploadpack": "true",
    "safe.directory": "*",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
}


def serve_git(request: Request, repository: Path, rest: str) -> Answer:
    """Answer a git client; `rest` is the path within the repository, e.g. `info/refs`."""
    done = subprocess.run(
        ["git", "http-backend"],
        input=request.body,
        env=_environment(request, repository, rest),
        capture_output=True,
        check=True,
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    status = int(headers.pop("Status", "200").split()[0])
    return Answer(status, body, headers)


def _environment(request: Request, repository: Path, rest: str) -> dict[str, str]:
    """Return what CGI wants to know, and git's settings, which reach the program it starts."""
    environment = {name: value for name, value in os.environ.items() if name[:4] != "GIT_"}
    environment |= {
        "GIT_CONFIG_COUNT": str(len(_SETTINGS)),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "PATH_TRANSLATED": f"{repository}/{rest}",
        "QUERY_STRING": request.target.partition("?")[2],
        "REQUEST_METHOD": request.method,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
    }
    for number, (name, value) in enumerate(_SETTINGS.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = name
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment
