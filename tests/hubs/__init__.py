"""Loopback hubs: servers that speak the hubs' wire formats to the real clients and the real git.

`server.py` is what both share, `faults.py` what can go wrong, `git_http.py` git over smart HTTP,
`projects.py` the projects of a hub; `github/` and `huggingface/` are the hubs themselves.
`worlds.py` makes their git repositories. All but the tests and `described.py` needs nothing from
outside this folder: a wheel carries it as `hubtrace/loopback` for `hubtrace demo --live`
(docs/decisions/0016-loopback-hubs-in-the-wheel.md).
"""
