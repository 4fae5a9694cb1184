"""Loopback hubs: servers that speak the hubs' wire formats to the real clients and the real git.

`server.py` is what both share, `faults.py` what can go wrong, `git_http.py` git over smart HTTP,
`shelf.py` the projects of a hub; `github.py` and `huggingface.py` are the hubs themselves.
Nothing here needs pytest, so that a demonstration can run the same hubs.
"""
