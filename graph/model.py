"""The graph of hubtrace, declared once (DESIGN.md section 5).

Load statements, constraints, indexes, the schema page and the checks on queries are all derived
from `MODEL`. Property names avoid `id`, `title` and `type`, which the embedded engine owns.
"""

from graph.elements import COMMITS, SECONDS, Model, NodeType, RelationshipType
from graph.properties import boolean as _boolean
from graph.properties import integer as _integer
from graph.properties import number as _float
from graph.properties import string as _string
from graph.properties import strings as _strings
from graph.properties import time as _time

_PROJECT = (
    _string("key", "first-seen canonical URL in lower case; survives renames"),
    _string("name", "`owner/name` on its host, as last seen", indexed=True),
    _string("url", "where people find it; empty if it has no public place"),
    _string("default_branch", "full name of the default branch's ref; null if empty"),
    _boolean("shallow", "true if the history was cut, so that ancestry is incomplete"),
    _time("observed_at", "when the project was last observed"),
    _time("gone_at", "when its host first answered that it does not exist (deleted or private)"),
    _string("moved_to", "its new name, if its host says it moved"),
    _string("host_id", "the host's own id, which outlives renames; null if no host was asked"),
    _string("licence", "its licence as the host tells it, in lower case"),
    _time("created_at", "when its host says it was made; early Hub models have a later date"),
    _boolean("private", "true if only its owner's people can see it"),
    _string("fingerprint", "hash of what was loaded; equal means nothing is new"),
)

FAMILY = NodeType(
    "Family",
    "one upstream and the variants released from it",
    (
        _string("name", "the family's name"),
        _time("observed_at", "the moment up to which its projects are known; the default `until`"),
        _string("published_lag", "lag that a publication gave it, to compare with"),
        _string("published_sync", "sync type that a publication gave it"),
        _string("published_intensity", "intensity that a publication gave it"),
        _string("published_code", "pattern code that a publication gave it"),
        _string("fingerprint", "hash of what its switches were derived from"),
    ),
)
REPOSITORY = NodeType(
    "Repository",
    "a GitHub repository, the upstream side",
    (
        *_PROJECT,
        _boolean("archived", "true if its owner archived it"),
        _string("fork_of", "`owner/name` of the repository it was forked from"),
    ),
)
VARIANT = NodeType(
    "Variant",
    "a Hugging Face model repository, the downstream side",
    (
        *_PROJECT,
        _string("gated", "`auto` or `manual` if people must ask for access"),
        _boolean("disabled", "true if the Hub has shut it"),
        _string("library", "the library that loads it, e.g. `transformers`"),
        _string("task", "what it does, e.g. `text-generation`"),
        _integer("downloads", "downloads in the 30 days before it was last seen to change"),
        _string("copies_fingerprint", "hash of what its copies were derived from"),
    ),
)
COMMIT = NodeType(
    "Commit",
    "a git commit; it has no side, because forks share commits",
    (
        _string("sha", "the commit id; `day:<variant>:<date>` if only its day is known"),
        _string("subject", "first line of the message"),
        _string("author", "the author's name as the commit has it, without e-mail addresses"),
        _time("authored_at", "author date"),
        _time("committed_at", "committer date"),
    ),
)
BRANCH = NodeType(
    "Branch",
    "a git ref that people push to",
    (
        _string("key", "project key, a space, the full ref name"),
        _string("name", "full ref name, e.g. `refs/heads/main`"),
        _string("kind", "`branch`, `pull_request` or `convert`"),
        _string(
            "status",
            "the part of its status that does not depend on time: `default`, `merged`, `landed`, "
            "`special`, `orphaned`, else `open`; query `branch_status` adds the time",
        ),
        _string("head", "sha of its head"),
        _time("head_committed_at", "committer date of its head"),
        _integer("ahead", "commits on it that the default branch lacks", COMMITS),
        _integer("behind", "commits on the default branch that it lacks", COMMITS),
        _string("merge_base", "sha of the best common ancestor with the default branch"),
        _time("vanished_at", "when it was first seen to be gone"),
    ),
)
TAG = NodeType(
    "Tag",
    "a git tag, peeled to its commit",
    (
        _string("key", "project key, a space, the full ref name"),
        _string("name", "full ref name, e.g. `refs/tags/v1.0`"),
    ),
)
CONTRIBUTOR = NodeType(
    "Contributor",
    "an author of commits; e-mail addresses are not stored",
    (
        _string(
            "key", "`<host>:<login>`, or `hmac:` and an HMAC of the e-mail under the snapshot's key"
        ),
        _string("login", "their login on the host, if known", indexed=True),
    ),
)
SWITCH = NodeType(
    "Switch",
    "two neighbours in a family's merged timeline that lie on different sides",
    (
        _string("key", "family, from_side, from sha and to sha, joined by spaces"),
        _string("from_side", "`upstream` or `downstream`: the side of the earlier commit"),
        _time("from_at", "time of the earlier commit on its side"),
        _time("to_at", "time of the later commit on its side"),
        _integer("lag_seconds", "to_at - from_at; people are shown whole days", SECONDS),
    ),
)
ASSESSMENT = NodeType(
    "Assessment",
    "the pattern of a family at one moment",
    (
        _string("key", "family, a space, `until`"),
        _time("until", "the moment the question was asked for"),
        _time("assessed_at", "when it was computed"),
        _string("thresholds", "the thresholds used, as JSON"),
        _string("lag", "`upstream_first`, `downstream_first` or `simultaneous`"),
        _string("sync", "`CS`, `PS`, `AS`, or the detail `VS`"),
        _string("intensity", "`R`, `S` or `F`"),
        _string("code", "three letters, e.g. `PSS`; null if a side is silent"),
        _string("pattern", "the pattern's name; null if a side is silent"),
        _string("reason", "why there is no pattern: `no_upstream_commits`, `no_variant_commits`"),
        _float("stability", "share of the 14 day offsets of the bins that give the same code"),
        _string("runner_up", "the most frequent other code among the offsets"),
        _string("code_7_days", "the code for bins of 7 days"),
        _string("code_28_days", "the code for bins of 28 days"),
        _string("early_code", "the code of the first half of the family's life"),
        _string("late_code", "the code of the second half of the family's life"),
    ),
)
EVIDENCE = NodeType(
    "Evidence",
    "one observation that a variant comes from a repository",
    (
        _string("key", "hash of variant, repository, method and place"),
        _string("method", "`same_blob`, `card_link`, … (DESIGN.md section 4)", indexed=True),
        _integer("rank", "1 is the strongest"),
        _string("place", "where it was seen: a path, a URL, a sha"),
        _string("said", "what it said"),
        _float("strength", "how much this one observation is worth, 0 to 1"),
        _string("reason", "why it is worth less than its method; null if it is not"),
        _time("observed_at", "when it was seen"),
    ),
)
COPY = NodeType(
    "Copy",
    "a file of a variant that is, byte for byte, a file of a repository",
    (
        _string("key", "hash of variant, repository, blob and path"),
        _string("blob", "git blob id of the variant's file", indexed=True),
        _string("path", "path in the variant"),
        _string("origin_path", "path in the repository"),
        _string("kind", "`blob`, `lfs`, `asset`, or `readme` (equal without front matter)"),
        _boolean("boilerplate", "true if the file is in everybody's repositories: weight 0"),
        _integer(
            "lag_seconds",
            "variant commit - origin commit (an asset: its release); negative: it flowed back",
            SECONDS,
        ),
        _time("gone_at", "when the variant's default branch lost it; null while its head has it"),
    ),
)
RELEASE = NodeType(
    "Release",
    "a GitHub release",
    (
        _string("key", "project key, a space, the release's tag"),
        _string("name", "its name"),
        _time("published_at", "when it was published"),
    ),
)
ASSET = NodeType(
    "Asset",
    "a file attached to a release",
    (
        _string("key", "release key, a space, the file name"),
        _string("name", "file name"),
        _string("digest", "`sha256:…`, null for assets uploaded before mid-2025", indexed=True),
        _integer("size", "size of the file", "bytes"),
    ),
)
FILE = NodeType(
    "File",
    "a large file at the head of a variant's default branch, as the Hub told it",
    (
        _string("key", "variant key, a space, the path"),
        _string("path", "path in the variant"),
        _string("blob", "git blob id of its LFS pointer"),
        _string("sha256", "SHA-256 of the file", indexed=True),
        _integer("size", "size of the file", "bytes"),
    ),
)
SNAPSHOT = NodeType(
    "Snapshot",
    "the snapshot that the graph was loaded from",
    (
        _string("key", "the snapshot's id"),
        _string("digest", "SHA-256 over its projects' and families' fingerprints"),
        _string("tool", "name and version of the program that loaded it"),
        _time("observed_at", "when any of its projects was last observed"),
    ),
)
EVENT = NodeType(
    "Event",
    "something that happened to a project between two observations",
    (
        _string("key", "project key, time, kind and subject, joined by spaces"),
        _string("kind", "`history_rewritten`, `branch_deleted`, …", indexed=True),
        _time("observed_at", "when it was noticed"),
        _string("subject", "the ref it happened to; empty for the project"),
        _string("before", "what was there before, e.g. a sha"),
        _string("after", "what was there after"),
    ),
)

_PROJECTS = ("Repository", "Variant")

MODEL = Model(
    version=1,
    nodes=(
        FAMILY,
        REPOSITORY,
        VARIANT,
        COMMIT,
        BRANCH,
        TAG,
        CONTRIBUTOR,
        SWITCH,
        ASSESSMENT,
        EVIDENCE,
        COPY,
        RELEASE,
        ASSET,
        FILE,
        EVENT,
        SNAPSHOT,
    ),
    relationships=(
        RelationshipType(
            "UPSTREAM",
            ("Family",),
            ("Repository",),
            "the repository builds the family",
            (_strings("paths", "path prefixes it is limited to; null for the whole repository"),),
        ),
        RelationshipType("RELEASES", ("Family",), ("Variant",), "the family ships the variant"),
        RelationshipType(
            "IN_SCOPE",
            ("Family",),
            ("Commit",),
            "the commit changes a path that the family's upstream is limited to",
        ),
        RelationshipType(
            "HAS_ASSESSMENT", ("Family",), ("Assessment",), "what its pattern was", owns=True
        ),
        RelationshipType(
            "LINKS_TO",
            ("Variant",),
            ("Repository",),
            "the sum of the evidence between the two",
            (
                _float("confidence", "0 to 1, from the evidence by a documented, monotone rule"),
                _string("best_method", "the strongest evidence's method"),
                _string(
                    "role",
                    "`upstream`: the variant is of this repository's family; `derived`: its best "
                    "link, but not enough to be of the family; `weaker`: another one is better",
                ),
            ),
        ),
        RelationshipType(
            "HAS_EVIDENCE",
            ("Variant",),
            ("Evidence",),
            "why it may come from a repository",
            owns=True,
        ),
        RelationshipType(
            "POINTS_TO", ("Evidence",), ("Repository",), "the repository it speaks for"
        ),
        RelationshipType(
            "DERIVED_FROM",
            ("Variant",),
            ("Variant",),
            "its base model",
            (_string("relation", "`finetune`, `adapter`, `merge` or `quantized`"),),
        ),
        RelationshipType(
            "HAS_BRANCH", _PROJECTS, ("Branch",), "a branch of the project", owns=True
        ),
        RelationshipType("HEAD", ("Branch",), ("Commit",), "the commit it points to"),
        RelationshipType(
            "HAS_COMMIT",
            _PROJECTS,
            ("Commit",),
            "the commit is, or was, in the project's history",
            (
                _time(
                    "at", "the commit's time on this side: author date upstream, else commit date"
                ),
                _boolean("on_default", "true if the default branch's head reaches it"),
                _time("landed_at", "when it came into the default branch; null if it never did"),
                _time("vanished_at", "when no ref was first seen to reach it; null if one does"),
                _strings("change_types", "what it changed, of the study's 15 types; primary first"),
                _string("change_rule", "the rule that gave the types"),
                _strings("areas", "what its paths belong to: `code`, `tokenizer`, `docs`, …"),
                _boolean("bot", "true if a program wrote it"),
            ),
        ),
        RelationshipType(
            "PARENT",
            ("Commit",),
            ("Commit",),
            "the commit it was made on",
            (_integer("position", "0 for the first parent"),),
        ),
        RelationshipType("HAS_TAG", _PROJECTS, ("Tag",), "a tag of the project", owns=True),
        RelationshipType("TAGS", ("Tag",), ("Commit",), "the commit it points to"),
        RelationshipType(
            "HAS_RELEASE", ("Repository",), ("Release",), "a release of it", owns=True
        ),
        RelationshipType("HAS_ASSET", ("Release",), ("Asset",), "a file of it", owns=True),
        RelationshipType(
            "HAS_FILE", ("Variant",), ("File",), "a large file that it holds now", owns=True
        ),
        RelationshipType("AUTHORED_BY", ("Commit",), ("Contributor",), "who wrote it"),
        RelationshipType(
            "SAME_PERSON",
            ("Contributor",),
            ("Contributor",),
            "the same human under two keys",
            (_string("method", "how that is known"),),
        ),
        RelationshipType(
            "REFERENCES",
            ("Commit",),
            ("Commit",),
            "its message names the other side's commit",
            (_string("method", "how it was found"),),
        ),
        RelationshipType(
            "HAS_COPY", ("Variant",), ("Copy",), "a file of it that a repository holds", owns=True
        ),
        RelationshipType(
            "COPIED_FROM",
            ("Copy",),
            ("Repository",),
            "the repository that holds it; of forks the one where its origin landed",
        ),
        RelationshipType(
            "COPIED_IN", ("Copy",), ("Commit",), "the variant commit that has the file"
        ),
        RelationshipType("ORIGINATES_IN", ("Copy",), ("Commit",), "the commit it comes from"),
        RelationshipType(
            "HAS_SWITCH", ("Family",), ("Switch",), "a switch in its merged timeline", owns=True
        ),
        RelationshipType("FROM", ("Switch",), ("Commit",), "the earlier commit"),
        RelationshipType("TO", ("Switch",), ("Commit",), "the later commit"),
        RelationshipType(
            "ABOUT", ("Event",), ("Repository", "Variant", "Branch"), "what it happened to"
        ),
    ),
)
