"""What is read of GitHub's JSON, validated while it is decoded; other fields are skipped.

https://docs.github.com/en/rest. Texts of users are cut by their readers; names are not,
and one that is longer than any real one is an error.
"""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Raw, Struct

LONGEST = 4_096
"""Characters of a name; git's own refs are files, with names of 4,096 bytes at most."""

Name = Annotated[str, Meta(max_length=LONGEST)]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Sha = Annotated[str, Meta(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")]


class Error(Struct):
    """The body of an error."""

    message: str = ""


class _License(Struct):
    key: Name | None = None
    spdx_id: Name | None = None


class _Parent(Struct):
    full_name: Name


class ListedRepository(Struct):
    """`minimal-repository`: an entry of an owner's list."""

    full_name: Name
    fork: bool | None = None
    archived: bool | None = None


class Repository(Struct):
    """`full-repository`."""

    id: Number
    full_name: Name
    stargazers_count: Number
    default_branch: Name | None = None
    created_at: datetime | None = None
    pushed_at: datetime | None = None
    license: _License | None = None
    description: str | None = None
    homepage: str | None = None
    topics: list[str] | None = None
    archived: bool | None = None
    private: bool | None = None
    disabled: bool | None = None
    parent: _Parent | None = None


class _Object(Struct):
    sha: Sha


class NamedRef(Struct):
    """A branch or a tag."""

    name: Name
    commit: _Object


class Asset(Struct):
    """A file that is attached to a release."""

    name: Name
    size: Number
    state: Name
    digest: Name | None = None


class Release(Struct):
    """A release, or the draft of one."""

    id: Number
    tag_name: Name
    draft: bool | None = None
    name: str | None = None
    published_at: datetime | None = None
    assets: list[Asset] = []


class _Base(Struct):
    """The branch that a pull request is to be merged into."""

    ref: Name


class PullRequest(Struct):
    """A pull request, open or not."""

    number: Number
    state: Name
    head: _Object
    base: _Base | None = None
    updated_at: datetime | None = None
    merged_at: datetime | None = None


class Blob(Struct, kw_only=True):
    """A file with its content in base64; GitHub leaves out what is longer than 1 MB."""

    sha: Sha
    encoding: Name
    size: Number
    content: str = ""


class Readme(Blob, kw_only=True):
    """A repository's README."""

    path: Name


class FolderEntry(Struct):
    """A file in a folder."""

    name: Name
    path: Name
    type: Name
    sha: Sha
    size: Number


class Signature(Struct):
    """Who and when, as git keeps it."""

    name: str | None = None
    email: str | None = None
    date: datetime | None = None


class _GitCommit(Struct):
    message: str | None = None
    author: Signature | None = None
    committer: Signature | None = None


class _Account(Struct):
    login: Name | None = None


class Commit(Struct):
    """A commit of a list."""

    sha: Sha
    commit: _GitCommit
    parents: list[_Object] = []
    author: _Account | None = None


class _Core(Struct):
    limit: Number
    remaining: Number
    reset: Number


class _Resources(Struct):
    core: _Core


class RateLimits(Struct):
    """`/rate_limit`."""

    resources: _Resources


class Listed(Struct):
    """An attestation of a list.

    The bundle is in the response, or (since July 2026 always) behind `bundle_url`.
    """

    bundle: Raw = Raw(b"null")
    bundle_url: str | None = None


class Attestations(Struct):
    """The attestations of one file."""

    attestations: list[Listed] = []


class _PageInfo(Struct):
    has_next: bool = False
    next: str | None = None


class BulkAttestations(Struct):
    """`/orgs|users/…/attestations/bulk-list`: attestations by the digests asked for."""

    attestations_subject_digests: dict[str, list[Listed] | None] = {}
    page_info: _PageInfo | None = None
