"""What a git process is told and what it is not: our settings, and nobody else's.

A repository's own configuration can name programs to run, and a user's can change what git
prints. So every process gets its whole configuration from here, by environment, where it wins
over any file; the user's `GIT_*` variables are dropped, but for those that a network needs.
(`GIT_CONFIG_GLOBAL` is honoured from git 2.32 on. With 2.31 the user's own `~/.gitconfig` is read
too, below our settings.)
"""

import os
import shlex
from collections.abc import Iterable, Mapping

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
    container, is read only if the user said so.
    """
    settings = (*_SERVING, *(("safe.directory", directory) for directory in trusted))
    options = " ".join(f"-c {shlex.quote(f'{key}={value}')}" for key, value in settings)
    return f"GIT_ALLOW_PROTOCOL= GIT_NO_LAZY_FETCH=1 git {options} upload-pack"
