"""What GitHub tells of a repository, part by part, as records."""

from ingest.facts import Asset, Details, Facts, PullHead, Release
from ingest.github.asking import Asking
from ingest.github.client import Refused
from ingest.github.fields import Fields
from ingest.names import repository_url
from ingest.records import Ref, RefKind

_HEADS, _TAGS = "refs/heads/", "refs/tags/"


def facts_of(told: Fields) -> Facts:
    """Return the facts of GitHub's `full-repository`."""
    name, parent, licence = told.text("full_name"), told.inner_or_none("parent"), None
    repository_url(name)  # or it is no name, and would lead elsewhere
    named = told.inner_or_none("license")
    if named is not None:
        licence = named.text_or_none("spdx_id") or named.text("key")
    branch = told.text_or_none("default_branch")
    return Facts(
        host_id=str(told.number("id")),
        name=name,
        default_branch=f"{_HEADS}{branch}" if branch else None,
        created_at=told.moment("created_at"),
        pushed_at=told.moment("pushed_at"),
        licence=licence.lower() if licence else None,
        description=told.text_or_none("description"),
        homepage=told.text_or_none("homepage") or None,
        tags=told.texts("topics"),
        archived=told.flag("archived"),
        private=told.flag("private"),
        disabled=told.flag("disabled"),
        fork_of=parent.text("full_name") if parent else None,
        likes=told.number("stargazers_count"),
    )


def refs_of(asking: Asking, moved: bool) -> tuple[tuple[Ref, ...], bool]:
    """Return branches and tags, and whether they are those of the last look.

    `moved` says that something was pushed since.
    """
    limit, found, same = asking.client.limits.refs, list[Ref](), True
    for kind, prefix, ref in (
        ("branches", _HEADS, RefKind.BRANCH),
        ("tags", _TAGS, RefKind.TAG),
    ):
        told = asking.whole(kind, _named_sha, limit, moved=moved)
        if told is None:
            found += [known for known in asking.seen.refs if known.kind is ref]
        else:
            same = False
            found += [Ref(f"{prefix}{name}", ref, sha) for name, sha in told.items()]
    return tuple(sorted(found, key=lambda known: known.name)), same


def _named_sha(told: Fields) -> tuple[str, str]:
    return told.text("name"), told.inner("commit").sha("sha")


def releases_of(asking: Asking, known: Details | None) -> tuple[Release, ...]:
    """Return the published releases, the newest first, as GitHub lists them."""
    limit, held = asking.client.limits.releases, known.releases if known else ()
    try:
        told = asking.whole("releases", _numbered_release, limit, moved=False)
    except Refused as refused:
        return () if asking.is_missing("releases", refused) else held
    if told is None:
        return held
    return tuple(release for release in told.values() if release is not None)


def _numbered_release(told: Fields) -> tuple[str, Release | None]:
    """Return a release by its number; a draft is nothing that anybody has released."""
    return str(told.number("id")), None if told.flag("draft") else _release(told)


def _release(told: Fields) -> Release:
    return Release(
        tag=told.text("tag_name"),
        name=told.text_or_none("name") or "",
        published_at=told.moment("published_at"),
        assets=tuple(
            Asset(item.text("name"), item.number("size"), item.text_or_none("digest"))
            for item in told.inners("assets")
            if item.text("state") == "uploaded"
        ),
    )


def pulls_of(asking: Asking, known: Details | None) -> tuple[PullHead, ...]:
    """Return the pull requests' heads by number: those held, and those updated since.

    GitHub lists the last updated first, so that reading stops at what was seen already.
    """
    held = {pull.number: pull for pull in known.pulls} if known else {}
    since = int(asking.mark("pulls?until") or 0)
    order = {"state": "all", "sort": "updated", "direction": "desc"}
    try:
        pages = asking.pages("pulls", order)
    except Refused as refused:
        return () if asking.is_missing("pulls", refused) else tuple(held.values())
    if pages is None:
        return tuple(held.values())
    limit, fresh, newest = asking.client.limits.pulls, dict[int, PullHead](), since
    for page in pages:
        before = len(fresh)
        times = [item.moment("updated_at") or 0 for item in page]
        newest = max(newest, *times) if times else newest
        fresh |= {item.number("number"): _pull(item) for item in page}
        if len(fresh) >= limit:
            asking.cut_off("pulls", f"only the {limit:,} last updated are kept")
            fresh = dict(list(fresh.items())[:limit])
            break
        if times and min(times) < since:
            break
        if page and len(fresh) == before:
            asking.cut_off("pulls", "the list repeats itself and has no end")
            break
    asking.marks["pulls?until"] = str(newest)
    return tuple(pull for _, pull in sorted((held | fresh).items()))


def _pull(told: Fields) -> PullHead:
    merged = told.moment("merged_at") is not None
    state = "merged" if merged else told.text("state")
    return PullHead(told.number("number"), state, told.inner("head").sha("sha"))


def as_it_was(facts: Facts, known: Details | None) -> bool:
    """Return True if nothing was pushed since the last look."""
    return known is not None and known.facts.pushed_at == facts.pushed_at
