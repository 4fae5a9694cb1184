"""The two hubs as the command line reaches them: their addresses, tokens and limits."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubtrace.graph.urls import Hosts
    from hubtrace.ingest.source import Progress
    from hubtrace.ingest.sources.github.host import GitHubHost
    from hubtrace.ingest.sources.huggingface import HuggingFace
    from hubtrace.ingest.sources.live import LiveSource
    from hubtrace.ingest.workers import CancelToken


@dataclass(frozen=True, slots=True)
class Clients:
    """The clients of both hubs."""

    github: "GitHubHost"
    hugging_face: "HuggingFace"
    web: "Hosts"
    tokens: dict[str, str]
    """Host → the token that git may send to it."""

    def source(self, cache: Path | None, show: "Progress", stop: "CancelToken") -> "LiveSource":
        """Return a source, without a request; without `cache` it does not use git."""
        from hubtrace.graph.urls import Side
        from hubtrace.ingest.source import Host
        from hubtrace.ingest.sources.git.source import GitSource
        from hubtrace.ingest.sources.live import LiveSource

        hosts: dict[Side, Host] = {Side.UPSTREAM: self.github, Side.DOWNSTREAM: self.hugging_face}
        git = GitSource(cache, stop.reading(show), tokens=self.tokens) if cache else None
        return LiveSource(hosts, git, web=self.web)

    def models_of(
        self, owner: str, most: int
    ) -> tuple[Sequence[tuple[str, str | None]], str | None]:
        """Return an owner's models with their heads, most downloaded first, and what was cut."""
        from hubtrace.ingest.sources.huggingface import ModelFilter

        listing = self.hugging_face.models(ModelFilter(author=owner, most=most))
        return [(model.name, model.head) for model in listing.models], listing.cut

    def repositories_of(self, owner: str) -> Sequence[str]:
        """Return an owner's repositories without forks; nothing for an unknown owner."""
        from hubtrace.ingest.source import ProjectGone

        try:
            return [one.full_name for one in self.github.repositories(owner) if not one.fork]
        except ProjectGone:
            return []


@contextmanager
def open_clients(
    github_url: str | None, hf_endpoint: str | None, waiting: "Progress", *, patient: bool = True
) -> Iterator[Clients]:
    """Find addresses and tokens, and yield the clients; no request is made yet.

    Without `patient`, a failed request is retried at once.

    Raises:
        SourceError: an address or a token is invalid.
    """
    from hubtrace.graph.urls import Hosts, is_loopback, origin_of
    from hubtrace.ingest.http import Sleeper
    from hubtrace.ingest.sources.github.host import GitHubHost
    from hubtrace.ingest.sources.github.tokens import PUBLIC, find_tokens, parse_address
    from hubtrace.ingest.sources.huggingface import HuggingFace, stored_token

    sleep = time.sleep if patient else lambda _: None
    address = parse_address(github_url) if github_url else PUBLIC
    tokens, hub_token = find_tokens(address, os.environ), stored_token()
    hub = HuggingFace(hf_endpoint, token=hub_token, sleeper=Sleeper(waiting, sleep=sleep))
    for_git = {origin_of(address.web): tokens[0].text} if tokens else {}
    if hub_token:
        for_git[origin_of(hub.endpoint)] = hub_token
    # A GitHub on this machine stands for github.com.
    web = {} if is_loopback(address.host) else {"github": address.web}
    with GitHubHost(address, tokens, Sleeper(waiting, sleep=sleep)) as github:
        yield Clients(github, hub, Hosts(**web, mirror=hub.endpoint), for_git)
