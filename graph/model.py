"""The model of the graph, declared once: labels, relationship types, properties, keys."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from hubtrace.graph.errors import ModelError

EPOCH = "seconds since 1970-01-01T00:00:00Z"
SECONDS = "seconds"
COMMITS = "commits"


class PropertyType(StrEnum):
    """The types that every store keeps unchanged."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    STRINGS = "list of strings"


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a node or relationship; absent (null) where it is not known."""

    name: str
    description: str
    unit: str | None = None
    type: PropertyType = PropertyType.STRING
    indexed: bool = False
    """Looked up by value. Never for unbounded text (docs/design.md, section 5)."""


@dataclass(frozen=True, slots=True)
class NodeType:
    """A label, the property that identifies its nodes, and what they hold."""

    label: str
    description: str
    properties: tuple[Property, ...]
    """The first one is the key."""

    @property
    def key(self) -> str:
        """The name of the property that identifies a node of this label."""
        return self.properties[0].name


@dataclass(frozen=True, slots=True)
class RelationshipType:
    """A relationship type, the labels it joins, and what it holds.

    Between two nodes there is at most one relationship of a type (docs/design.md, section 5).
    """

    type: str
    starts: tuple[str, ...]
    ends: tuple[str, ...]
    description: str
    properties: tuple[Property, ...] = ()
    owns: bool = False
    """True if the end nodes are derived from the start node and are replaced with it."""


@dataclass(frozen=True, slots=True)
class Model:
    """All node and relationship types, and the version that a store is stamped with."""

    version: int
    nodes: tuple[NodeType, ...]
    relationships: tuple[RelationshipType, ...]

    def __post_init__(self) -> None:
        """Refuse a model that names a label it does not declare, or anything twice."""
        labels = [node.label for node in self.nodes]
        types = [relationship.type for relationship in self.relationships]
        for names in (labels, types):
            if len(set(names)) != len(names):
                raise ModelError(
                    f"declared twice: {sorted({n for n in names if names.count(n) > 1})}"
                )
        for relationship in self.relationships:
            for label in relationship.starts + relationship.ends:
                if label not in labels:
                    raise ModelError(f"{relationship.type} joins {label}, which is not declared")

    def node(self, label: str) -> NodeType:
        """Return the node type with this label.

        Raises:
            ModelError: the model has no such label.
        """
        found = next((node for node in self.nodes if node.label == label), None)
        if found is None:
            raise ModelError(f"the model has no label {label}")
        return found

    def relationship(self, type_: str) -> RelationshipType:
        """Return the relationship type with this name.

        Raises:
            ModelError: the model has no such relationship type.
        """
        found = next((each for each in self.relationships if each.type == type_), None)
        if found is None:
            raise ModelError(f"the model has no relationship type {type_}")
        return found

    def triples(self) -> Iterator[tuple[RelationshipType, NodeType, NodeType]]:
        """Yield every (relationship type, start, end) that the model allows."""
        for relationship in self.relationships:
            for start in relationship.starts:
                for end in relationship.ends:
                    yield relationship, self.node(start), self.node(end)


string = Property
strings = partial(Property, type=PropertyType.STRINGS)
integer = partial(Property, type=PropertyType.INTEGER)
time = partial(Property, type=PropertyType.INTEGER, unit=EPOCH)
number = partial(Property, type=PropertyType.FLOAT)
boolean = partial(Property, type=PropertyType.BOOLEAN)


def _node(label: str, description: str, *properties: Property) -> NodeType:
    return NodeType(label, description, properties)


def _joins(
    triple: str, description: str, *properties: Property, owns: bool = False
) -> RelationshipType:
    """Return the relationship type of `START TYPE END`; several labels are joined by `|`."""
    starts, type_, ends = triple.split()
    labels = tuple(starts.split("|")), tuple(ends.split("|"))
    return RelationshipType(type_, *labels, description, properties, owns)


LONGEST = 512
"""Characters of a key. Neo4j's range index takes 8,167 bytes, UTF-8 needs up to 4 a character."""

_DIGEST = 64


def key_of_parts(*parts: object) -> str:
    """Return the parts joined by spaces; a longer key is cut and ends in its SHA-256."""
    key = " ".join(map(str, parts))
    if len(key) <= LONGEST:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{key[: LONGEST - _DIGEST - 1]}#{digest}"


_PROJECT = (
    string("key", "first-seen canonical URL in lower case; survives renames"),
    string("name", "`owner/name` on its host, as last seen", indexed=True),
    string("url", "its public page; empty if it has none"),
    string("default_branch", "full name of the default branch's ref; null if empty"),
    boolean("shallow", "true if the history was cut, so that ancestry is incomplete"),
    strings("looks", "each observation: its time, a space, the head of the default branch then"),
    time("observed_at", "when the project was last observed"),
    time("first_observed_at", "when it was first observed: only between two looks is change seen"),
    time("failed_at", "when it could not be read, if that was the last try; else null"),
    boolean("ancestry", "false if its source does not know the parents of commits"),
    string("unread", "what its host did not let us read, in words; null if that is nothing"),
    time("gone_at", "when its host first answered that it does not exist (deleted or private)"),
    string("moved_to", "its new name, if its host says it moved"),
    string("host_id", "the host's own id, which outlives renames; null if no host was asked"),
    strings("aliases", "keys of other names that it had or has; null if there are none"),
    string("licence", "its licence as the host reports it, in lower case"),
    time("created_at", "when its host says it was made; early Hub models have a later date"),
    boolean("private", "true if it is visible to its owner's members only"),
    string("fingerprint", "hash of what was loaded; equal means nothing is new"),
)

FAMILY = _node(
    "Family",
    "one upstream and the variants released from it",
    string("name", "the family's name"),
    time("observed_at", "the time up to which its projects are known; the default `until`"),
    string("published_lag", "lag that a publication gave it, to compare with"),
    string("published_sync", "sync type that a publication gave it"),
    string("published_intensity", "intensity that a publication gave it"),
    string("published_code", "pattern code that a publication gave it"),
    string("fingerprint", "hash of what its switches were derived from"),
)
REPOSITORY = _node(
    "Repository",
    "a GitHub repository, the upstream side",
    *_PROJECT,
    boolean("archived", "true if its owner archived it"),
    string("fork_of", "`owner/name` of the repository it was forked from"),
)
VARIANT = _node(
    "Variant",
    "a Hugging Face model repository, the downstream side",
    *_PROJECT,
    string("gated", "`auto` or `manual` if access must be requested"),
    boolean("disabled", "true if the Hub has shut it"),
    string("library", "the library that loads it, e.g. `transformers`"),
    string("task", "what it does, e.g. `text-generation`"),
    strings("card", "what its card says: a field, a tab, its place there, a tab, the text"),
    integer("downloads", "downloads in the 30 days before it was last seen to change"),
    string("copies_fingerprint", "hash of what its copies were derived from"),
)
COMMIT = _node(
    "Commit",
    "a git commit; it has no side, because forks share commits",
    string("sha", "the commit id; `day:<variant>:<date>` if only its day is known"),
    string("subject", "first line of the message"),
    string("author", "the author's name as the commit has it, without e-mail addresses"),
    time("authored_at", "author date"),
    time("committed_at", "committer date"),
)
BRANCH = _node(
    "Branch",
    "a git ref that commits are pushed to",
    string("key", "project key, a space, the full ref name"),
    string("name", "full ref name, e.g. `refs/heads/main`"),
    string("kind", "`branch`, `pull_request` or `convert`"),
    string(
        "status",
        "the part of its status that does not depend on time: `default`, `merged`, `landed`, "
        "`special`, `published`, `closed`, `orphaned`, else `open`; query `branch_status` adds "
        "the time",
    ),
    string(
        "landing",
        "how it is known that it landed: `blobs`, `patches` or `pull_request`; `unknown` if "
        "contents were needed and could not be read; null if it did not",
    ),
    string("head", "sha of its head"),
    time("head_committed_at", "committer date of its head"),
    integer("ahead", "commits on it that the default branch lacks", COMMITS),
    integer("behind", "commits on the default branch that it lacks", COMMITS),
    string("merge_base", "sha of the best common ancestor with the default branch"),
    time("vanished_at", "when it was first seen to be gone"),
)
TAG = _node(
    "Tag",
    "a git tag, peeled to its commit",
    string("key", "project key, a space, the full ref name"),
    string("name", "full ref name, e.g. `refs/tags/v1.0`"),
)
CONTRIBUTOR = _node(
    "Contributor",
    "an author of commits; e-mail addresses are not stored",
    string(
        "key", "`<host>:<login>`, or `hmac:` and an HMAC of the e-mail under the snapshot's key"
    ),
    string("login", "their login on the host, if known", indexed=True),
)
SWITCH = _node(
    "Switch",
    "two neighbours in a family's merged timeline that lie on different sides",
    string("key", "family, from_side, from sha and to sha, joined by spaces"),
    string("from_side", "`upstream` or `downstream`: the side of the earlier commit"),
    time("from_at", "time of the earlier commit on its side"),
    time("to_at", "time of the later commit on its side"),
    integer("lag_seconds", "to_at - from_at; displayed in whole days", SECONDS),
)
ASSESSMENT = _node(
    "Assessment",
    "the pattern of a family at one time",
    string("key", "family, a space, `until`"),
    time("until", "the time that the pattern describes"),
    time("assessed_at", "when it was computed"),
    string("thresholds", "the thresholds used, as JSON"),
    string("lag", "`upstream_first`, `downstream_first` or `simultaneous`"),
    string("sync", "`CS`, `PS`, `AS`, or the detail `VS`"),
    string("intensity", "`R`, `S` or `F`"),
    string("code", "three letters, e.g. `PSS`; null if a side is silent"),
    string("pattern", "the pattern's name; null if a side is silent"),
    string("reason", "why there is no pattern: `no_upstream_commits`, `no_variant_commits`"),
    number("stability", "share of the 14 day offsets of the bins that give the same code"),
    string("runner_up", "the most frequent other code among the offsets"),
    string("code_7_days", "the code for bins of 7 days"),
    string("code_28_days", "the code for bins of 28 days"),
    string("early_code", "the code of the first half of the family's life"),
    string("late_code", "the code of the second half of the family's life"),
)
EVIDENCE = _node(
    "Evidence",
    "one observation that a variant comes from a repository",
    string("key", "hash of variant, repository, method and location; if gone, of its times too"),
    string("method", "`same_blob`, `card_link`, … (docs/design.md, section 4)", indexed=True),
    integer("rank", "1 is the strongest"),
    string("place", "where it was seen: a path, a URL, a sha"),
    string("said", "the text that was seen there"),
    number("strength", "how much this one observation is worth, 0 to 1"),
    string("reason", "why it is worth less than its method; null if it is not"),
    time("observed_at", "when it was first seen"),
    time("gone_at", "when it was first missed; null while it can be seen"),
)
COPY = _node(
    "Copy",
    "a file of a variant that is, byte for byte, a file of a repository",
    string("key", "hash of variant, repository, blob and path"),
    string("blob", "git blob id of the variant's file", indexed=True),
    string("path", "path in the variant"),
    string("origin_path", "path in the repository"),
    string("kind", "`blob`, `lfs`, `asset`, or `readme` (equal without front matter)"),
    boolean("boilerplate", "true if the file is common to many repositories: weight 0"),
    integer(
        "lag_seconds",
        "variant commit - origin commit (an asset: its release); negative: it flowed back",
        SECONDS,
    ),
    time("gone_at", "when the variant's default branch lost it; null while its head has it"),
)
RELEASE = _node(
    "Release",
    "a GitHub release",
    string("key", "project key, a space, the release's tag"),
    string("name", "its name"),
    time("published_at", "when it was published"),
)
ASSET = _node(
    "Asset",
    "a file attached to a release",
    string("key", "release key, a space, the file name"),
    string("name", "file name"),
    string("digest", "`sha256:…`, null for assets uploaded before mid-2025", indexed=True),
    integer("size", "size of the file", "bytes"),
)
FILE = _node(
    "File",
    "what a variant has, or had, at a path where a large file or a copy is or was",
    string("key", "variant key, path and blob, joined by spaces"),
    string("path", "path in the variant"),
    string("blob", "git blob id (of a large file that of its LFS pointer); null for any other"),
    string("sha256", "SHA-256 of a large file, as the Hub listed it; else null", indexed=True),
    integer("size", "size of a large file; else null", "bytes"),
)
ATTESTATION = _node(
    "Attestation",
    "what a signed bundle says of a large file of a variant, or that none was found for it",
    string("key", "hash of variant, file, place and what was found"),
    string("sha256", "SHA-256 of the file; empty for a bundle that cannot be read", indexed=True),
    string("place", "the owner's page on GitHub that lists it, or its path in the variant"),
    string("verdict", "`verified`, `claimed` (not verified here), `refused`, or `none`"),
    string("why", "why it is not verified; null if it is"),
    string("repository", "`owner/name` of the repository whose workflow or release it is"),
    string("source_sha", "the commit that the workflow ran at"),
    string("workflow", "the workflow's file and ref"),
    string("predicate", "the type of its statement, a URL"),
    time("observed_at", "when it was first found"),
)
ACTIVITY = _node(
    "Activity",
    "when a project's default branch moved: of its `HAS_COMMIT` what a label counts, in one place",
    string("key", "the project's key"),
    strings(
        "times",
        "for all commits of one `entered_at` and `left_at`: these two (`-` for null), the first "
        "commit's `at`, and the seconds from each to the next, joined by spaces",
    ),
)
SNAPSHOT = _node(
    "Snapshot",
    "the snapshot that the graph was loaded from",
    string("key", "the snapshot's id"),
    string("digest", "SHA-256 over its projects' and families' fingerprints"),
    string("tool", "name and version of the program that loaded it"),
    time("observed_at", "when any of its projects was last observed"),
)
EVENT = _node(
    "Event",
    "something that happened to a project between two observations",
    string("key", "project key, time, kind and subject, joined by spaces"),
    string("kind", "`history_rewritten`, `branch_deleted`, …", indexed=True),
    time("observed_at", "when it was noticed"),
    string("subject", "the ref it happened to; empty for the project"),
    string("before", "what was there before, e.g. a sha"),
    string("after", "what was there after"),
)
MODEL = Model(
    version=2,  # since `Activity`: a load that does not know it would leave what it says behind
    nodes=(
        *(FAMILY, REPOSITORY, VARIANT, COMMIT, BRANCH, TAG, CONTRIBUTOR, SWITCH),
        *(ACTIVITY, ASSESSMENT, ATTESTATION, EVIDENCE, COPY),
        *(RELEASE, ASSET, FILE, EVENT, SNAPSHOT),
    ),
    relationships=(
        _joins(
            "Family UPSTREAM Repository",
            "the repository builds the family",
            strings("paths", "path prefixes it is limited to; null for the whole repository"),
        ),
        _joins("Family RELEASES Variant", "the family ships the variant"),
        _joins(
            "Family IN_SCOPE Commit",
            "the commit changes a path that the family's upstream is limited to",
        ),
        _joins("Family HAS_ASSESSMENT Assessment", "what its pattern was", owns=True),
        _joins(
            "Variant LINKS_TO Repository",
            "the sum of the evidence between the two",
            number("confidence", "0 to 1, from the evidence by a documented, monotone rule"),
            string("best_method", "the strongest evidence's method"),
            string(
                "role",
                "`upstream`: the variant is of this repository's family; `derived`: its best "
                "link, but not enough to be of the family; `weaker`: another one is better",
            ),
        ),
        _joins("Variant HAS_EVIDENCE Evidence", "why it may come from a repository", owns=True),
        _joins("Evidence POINTS_TO Repository", "the repository it speaks for"),
        _joins(
            "Variant DERIVED_FROM Variant",
            "its base model",
            string("relation", "`finetune`, `adapter`, `merge` or `quantized`"),
        ),
        _joins("Repository|Variant HAS_BRANCH Branch", "a branch of the project", owns=True),
        _joins("Branch HEAD Commit", "the commit it points to"),
        _joins(
            "Repository|Variant HAS_COMMIT Commit",
            "the commit is, or was, in the project's history",
            time("at", "the commit's time on this side: author date upstream, else commit date"),
            time(
                "settled_at",
                "when it can have been made, where its clock cannot be right; else null",
            ),
            boolean("on_default", "true if the default branch's head reaches it"),
            time("landed_at", "when it came into the default branch; null if it never did"),
            time(
                "entered_at",
                "when it was first seen on the default branch, if it was not there at an earlier "
                "observation that is younger than `landed_at`; else null",
            ),
            time(
                "left_at",
                "when it was first missed on the default branch; null if it never was there or is",
            ),
            time(
                "absent_at",
                "the last observation that missed it, if that is not before `at`: it came later "
                "than its clock says; else null",
            ),
            time("vanished_at", "when no ref was first seen to reach it; null if one does"),
            string(
                "reverts", "sha of the variant's commit that it takes back, as `git revert` does"
            ),
            strings("change_types", "what it changed, of the study's 15 types; primary first"),
            string("change_rule", "the rule that gave the types"),
            strings("areas", "what its paths belong to: `code`, `tokenizer`, `docs`, …"),
            boolean("bot", "true if a program wrote it"),
        ),
        _joins(
            "Repository|Variant HAS_ACTIVITY Activity",
            "when its default branch moved; where there is none, its commits are asked",
            owns=True,
        ),
        _joins(
            "Commit PARENT Commit",
            "the commit it was made on",
            integer("position", "0 for the first parent"),
        ),
        _joins("Repository|Variant HAS_TAG Tag", "a tag of the project", owns=True),
        _joins("Tag TAGS Commit", "the commit it points to"),
        _joins("Repository HAS_RELEASE Release", "a release of the repository", owns=True),
        _joins("Release HAS_ASSET Asset", "a file of the release", owns=True),
        _joins("Variant HAS_ATTESTATION Attestation", "what attests a large file", owns=True),
        _joins("Variant HAS_FILE File", "a file that it holds or held", owns=True),
        _joins("File ADDED_IN Commit", "the commit put it at its path"),
        _joins("Commit AUTHORED_BY Contributor", "who wrote it"),
        _joins(
            "Contributor SAME_PERSON Contributor",
            "the same human under two keys",
            string("method", "how that is known"),
        ),
        _joins(
            "Commit REFERENCES Commit",
            "its message names the other side's commit",
            string("method", "how it was found"),
        ),
        _joins("Variant HAS_COPY Copy", "a file of the variant that a repository holds", owns=True),
        _joins(
            "Copy COPIED_FROM Repository",
            "the repository that holds it; of forks the one where its origin landed",
        ),
        _joins("Copy COPIED_IN Commit", "the variant commit that has the file"),
        _joins("Copy ORIGINATES_IN Commit", "the commit it comes from"),
        _joins("Family HAS_SWITCH Switch", "a switch in its merged timeline", owns=True),
        _joins("Switch FROM Commit", "the earlier commit"),
        _joins("Switch TO Commit", "the later commit"),
        _joins("Event ABOUT Repository|Variant|Branch", "what it happened to"),
    ),
)
