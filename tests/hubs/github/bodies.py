"""GitHub's answers as JSON, with every field that GitHub's published description requires.

`test_github.py` checks them against that description where it is at hand.
"""

import base64
import zlib
from dataclasses import dataclass
from typing import Any

from .reading import Entry, Told
from .world import Asset, Pull, Release, Repository, iso

Body = dict[str, Any]


def _words(text: str) -> list[str]:
    return text.split()


_REPOSITORY_LINKS = _words(
    """archive assignees blobs branches collaborators comments commits compare contents
    contributors deployments downloads events forks git_commits git_refs git_tags hooks
    issue_comment issue_events issues keys labels languages merges milestones notifications pulls
    releases stargazers statuses subscribers subscription tags teams trees"""
)
_USER_LINKS = _words(
    "events followers following gists organizations received_events repos starred subscriptions"
)
_PULL_LINKS = _words("comments commits html issue review_comment review_comments self statuses")
_NAMES = {"mit": ("MIT", "MIT License"), "apache-2.0": ("Apache-2.0", "Apache License 2.0")}


@dataclass(frozen=True, slots=True)
class Bodies:
    """Makes the bodies of one hub; `api` and `web` are its two addresses."""

    api: str
    web: str

    def user(self, login: str) -> Body:
        """Return `simple-user`."""
        url = f"{self.api}/users/{login}"
        return {
            "login": login,
            "id": zlib.crc32(login.lower().encode()),
            "node_id": _node("U", login),
            "avatar_url": f"{self.web}/{login}.png",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.web}/{login}",
            "type": "User",
            "site_admin": False,
            **{f"{link}_url": f"{url}/{link}" for link in _USER_LINKS},
        }

    def public_user(self, login: str) -> Body:
        """Return `public-user`."""
        counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
        nothing = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio"))
        times = {"created_at": iso(0), "updated_at": iso(0)}
        return {**self.user(login), **counts, **nothing, "blog": "", **times}

    def minimal_repository(self, it: Repository) -> Body:
        """Return `minimal-repository`, which lists show; with the fields that they share."""
        url, page = f"{self.api}/repos/{it.name}", f"{self.web}/{it.name}"
        return {
            "id": it.number,
            "node_id": _node("R", it.number),
            "name": it.name.partition("/")[2],
            "full_name": it.name,
            "private": it.private,
            "owner": self.user(it.owner),
            "html_url": page,
            "description": it.description,
            "fork": it.fork_of is not None,
            "url": url,
            "clone_url": f"{page}.git",
            "git_url": f"git:{page.partition(':')[2]}.git",
            "ssh_url": f"git@example.org:{it.name}.git",
            "svn_url": page,
            "mirror_url": None,
            "homepage": it.homepage,
            "language": "Python",
            "size": 1,
            "license": _licence(it.licence),
            "topics": list(it.topics),
            "default_branch": it.default_branch,
            "archived": it.archived,
            "disabled": it.disabled,
            "visibility": "private" if it.private else "public",
            "has_issues": True,
            "has_projects": True,
            "has_downloads": True,
            "has_wiki": True,
            "has_pages": False,
            "has_discussions": False,
            **dict.fromkeys(("forks", "forks_count", "open_issues", "open_issues_count"), 0),
            **dict.fromkeys(("watchers", "watchers_count", "stargazers_count"), it.stars),
            "created_at": iso(it.created_at),
            "updated_at": iso(it.pushed_at),
            "pushed_at": iso(it.pushed_at),
            **{f"{link}_url": f"{url}/{link.replace('_', '/')}" for link in _REPOSITORY_LINKS},
        }

    def repository(self, it: Repository) -> Body:
        """Return `full-repository`."""
        counts = {"network_count": 0, "subscribers_count": 0}
        parents = {}
        if it.fork_of is not None:
            parent = self.minimal_repository(it.fork_of)
            parents = {"parent": parent, "source": parent}
        return {**self.minimal_repository(it), **counts, **parents}

    def branch(self, it: Repository, name: str, sha: str) -> Body:
        """Return `short-branch`."""
        return {"name": name, "commit": self._link(it, sha), "protected": False}

    def tag(self, it: Repository, name: str, sha: str) -> Body:
        """Return `tag`."""
        url = f"{self.api}/repos/{it.name}"
        return {
            "name": name,
            "commit": self._link(it, sha),
            "zipball_url": f"{url}/zipball/refs/tags/{name}",
            "tarball_url": f"{url}/tarball/refs/tags/{name}",
            "node_id": _node("REF", name),
        }

    def release(self, it: Repository, release: Release) -> Body:
        """Return `release`."""
        url = f"{self.api}/repos/{it.name}/releases/{release.number}"
        published = iso(release.published_at) if release.published_at is not None else None
        return {
            "url": url,
            "assets_url": f"{url}/assets",
            "upload_url": f"{url}/assets{{?name,label}}",
            "html_url": f"{self.web}/{it.name}/releases/tag/{release.tag}",
            "id": release.number,
            "node_id": _node("RE", release.number),
            "author": self.user(it.owner),
            "tag_name": release.tag,
            "target_commitish": "main",
            "name": release.name,
            "body": None,
            "draft": release.draft,
            "prerelease": False,
            "immutable": False,
            "created_at": published or iso(it.created_at),
            "published_at": published,
            "assets": [self._asset(it, n, asset) for n, asset in enumerate(release.assets, 1)],
            "tarball_url": f"{url}/tarball",
            "zipball_url": f"{url}/zipball",
        }

    def _asset(self, it: Repository, number: int, asset: Asset) -> Body:
        return {
            "url": f"{self.api}/repos/{it.name}/releases/assets/{number}",
            "browser_download_url": f"{self.web}/{it.name}/releases/download/{asset.name}",
            "id": number,
            "node_id": _node("RA", number),
            "name": asset.name,
            "label": None,
            "state": "uploaded",
            "content_type": "application/octet-stream",
            "size": asset.size,
            "digest": asset.digest,
            "download_count": 0,
            "created_at": iso(it.created_at),
            "updated_at": iso(it.created_at),
            "uploader": self.user(it.owner),
        }

    def pull(self, it: Repository, end: Body, pull: Pull) -> Body:
        """Return `pull-request-simple`; `end` is what both its ends say of the repository."""
        url = f"{self.api}/repos/{it.name}/pulls/{pull.number}"
        page = f"{self.web}/{it.name}/pull/{pull.number}"
        closed = iso(pull.updated_at) if pull.state != "open" else None
        base = pull.base or it.default_branch
        return {
            "url": url,
            "id": pull.number,
            "node_id": _node("PR", pull.number),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            **{
                f"{link}_url": f"{url}/{link}"
                for link in _PULL_LINKS
                if link not in ("html", "self")
            },
            "number": pull.number,
            "state": "open" if pull.state == "open" else "closed",
            "locked": False,
            "title": f"Change {pull.number}",
            "user": self.user(it.owner),
            "body": None,
            "labels": [],
            "milestone": None,
            "assignee": None,
            "created_at": iso(it.created_at),
            "updated_at": iso(pull.updated_at),
            "closed_at": closed,
            "merged_at": closed if pull.state == "merged" else None,
            "merge_commit_sha": None,
            "head": {"label": "o:topic", "ref": "topic", "sha": pull.head, **end},
            "base": {"label": f"o:{base}", "ref": base, "sha": pull.head, **end},
            "_links": {link: {"href": f"{url}/{link}"} for link in _PULL_LINKS},
            "author_association": "OWNER",
            "auto_merge": None,
        }

    def end(self, it: Repository) -> Body:
        """Return the part of a pull request's head and base that all of them share."""
        return {"repo": self.minimal_repository(it), "user": self.user(it.owner)}

    def entry(self, it: Repository, entry: Entry) -> Body:
        """Return an item of `content-directory`."""
        url = f"{self.api}/repos/{it.name}/contents/{entry.path}"
        blob = f"{self.api}/repos/{it.name}/git/blobs/{entry.blob}"
        page = f"{self.web}/{it.name}/blob/{it.default_branch}/{entry.path}"
        return {
            "name": entry.path.rpartition("/")[2],
            "path": entry.path,
            "sha": entry.blob,
            "size": entry.size,
            "url": url,
            "html_url": page,
            "git_url": blob,
            "download_url": None if entry.kind == "dir" else f"{page}?raw=1",
            "type": entry.kind,
            "_links": {"self": url, "git": blob, "html": page},
        }

    def file(self, it: Repository, entry: Entry, content: bytes) -> Body:
        """Return `content-file`; beyond 1 MB GitHub leaves the content out."""
        whole = len(content) <= 1 << 20
        told = base64.encodebytes(content).decode() if whole else ""
        encoding = "base64" if whole else "none"
        return {**self.entry(it, entry), "content": told, "encoding": encoding}

    def blob(self, it: Repository, sha: str, content: bytes) -> Body:
        """Return `blob`."""
        return {
            "sha": sha,
            "node_id": _node("B", sha),
            "size": len(content),
            "url": f"{self.api}/repos/{it.name}/git/blobs/{sha}",
            "content": base64.encodebytes(content).decode(),
            "encoding": "base64",
        }

    def commit(self, it: Repository, told: Told, login: str | None) -> Body:
        """Return `commit`."""
        url, page = f"{self.api}/repos/{it.name}/commits", f"{self.web}/{it.name}/commit"
        git_url = f"{self.api}/repos/{it.name}/git"
        author = {"name": told.author, "email": told.email, "date": iso(told.authored_at)}
        inner = {
            "author": author,
            "committer": {**author, "date": iso(told.committed_at)},
            "message": told.message,
            "tree": {"sha": told.tree, "url": f"{git_url}/trees/{told.tree}"},
            "url": f"{git_url}/commits/{told.sha}",
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        }
        return {
            "sha": told.sha,
            "node_id": _node("C", told.sha),
            "commit": inner,
            "url": f"{url}/{told.sha}",
            "html_url": f"{page}/{told.sha}",
            "comments_url": f"{url}/{told.sha}/comments",
            "author": self.user(login) if login else None,
            "committer": self.user(login) if login else None,
            "parents": [
                {"sha": sha, "url": f"{url}/{sha}", "html_url": f"{page}/{sha}"}
                for sha in told.parents
            ],
        }

    def _link(self, it: Repository, sha: str) -> Body:
        return {"sha": sha, "url": f"{self.api}/repos/{it.name}/commits/{sha}"}


def _node(kind: str, what: object) -> str:
    return f"{kind}_{what}"


def _licence(key: str | None) -> Body | None:
    if key is None:
        return None
    spdx, name = _NAMES.get(key, ("NOASSERTION", "Other"))
    return {"key": key, "name": name, "spdx_id": spdx, "url": None, "node_id": _node("L", key)}
