"""What is asked: pages of commands for each world, and parameters for the stored questions."""

from collections.abc import Mapping, Sequence
from typing import Any

Pages = Mapping[str, Sequence[str]]
"""Page → the commands on it. What a command writes goes below `out/`, and onto the page."""

_ROWS = ("table", "json", "csv", "markdown")
_AUDIT = ("text", "markdown", "html", "json", "cyclonedx", "in-toto")
_CHECK = ("text", "json", "markdown", "sarif")
_REPORT = "report -o out --format html --format markdown --format json --format parquet"

COMMITS = "commits.jsonl"
"""A file beside the graph, for `classify`."""

TO_CLASSIFY = """\
{"side": "upstream", "message": "Fix the loss of the last batch", "files": ["src/train.py"]}
{"side": "upstream", "message": "Bump torch", "files": ["requirements.txt"], "author": "a[bot]"}
{"side": "upstream", "message": "Merge pull request #3 from b/c", "title": "Add a tokenizer"}
{"side": "downstream", "message": "Upload folder using huggingface_hub"}
{"side": "downstream", "message": "Update README.md", "files": ["README.md"]}
{"side": "downstream", "message": "Add weights", "files": [{"path": "w.bin", "status": "A"}]}
{"side": "downstream", "message": "eval results", "files": ["eval/mmlu.json", "config.json"]}
"""


def _in(formats: Sequence[str], *commands: str) -> list[str]:
    return [f"{command} --format {one}" for command in commands for one in formats]


def _each(name: str, formats: Sequence[str], command: str) -> Pages:
    return {f"{name}-{one}": [f"{command} --format {one}"] for one in formats}


_ALIKE: Pages = {
    "schema": ["schema", "schema --format json", "schema audit", "schema report"],
    "queries": _in(_ROWS, "queries"),  # the Cypher of a question is no promise, its rows are
    "classify": [
        f"classify {COMMITS}",
        *_in(_ROWS, "classify --rules"),
    ],
}
"""Pages that no graph can change; they are asked once."""

SAMPLE: Pages = {
    "patterns": [
        "patterns --format json",
        "patterns augmxnt_shisa --until 2024-01-01 --period-days 7 --rare-periods 1 --format json",
        "patterns EleutherAI_gpt --no-stability --frequent-periods 2 --format json",
    ],
    "flags": ["flags --format csv", "flags --abandon-after 30 --all --format json"],
    **_each("audit", _AUDIT, "audit Qwen/Qwen-VL-Chat"),
    "audit-until": ["audit Qwen/Qwen-VL-Chat --until 2023-12-01 --abandon-after 30 --format json"],
    "check-json": ["check --all --format json"],
    "check-some": [
        *_in(_CHECK, "check augmxnt_shisa"),
        "check augmxnt_shisa Qwen/Qwen-VL-Chat --max-lag 300d --fail-on lag,abandoned",
        "check EleutherAI_gpt --until 2023-01-01 --areas code,tokenizer --format json",
        "check --fail-on help",
    ],
    "report": [f"{_REPORT} augmxnt_shisa EleutherAI_gpt --period-days 7 --since 2024-03-31"],
    "diff": ["diff hubtrace.kgl@2024-01-01 hubtrace.kgl --exit-code --format json"],
    "trace": ["trace ad2deaab6a", "trace Qwen/Qwen-VL-Chat", "trace ad2deaab6a --format json"],
    "why": _in(("table", "json"), "why Qwen/Qwen-VL-Chat QwenLM/Qwen-VL"),
    "history": ["history augmxnt_shisa", "history augmxnt_shisa --format json"],
    "export-family": [
        "export graphml out/shisa.graphml --family augmxnt_shisa",
        "export node-link out/shisa.json --family augmxnt_shisa",
    ],
    "snapshot": [
        *("snapshot verify snapshot --format json", "snapshot verify snapshot"),
        *("snapshot info snapshot --format json", "load snapshot"),
    ],
    "query": [
        *_in(("table", "csv"), "query switches --param families=augmxnt_shisa"),
        "query sync_type --param until=2024-01-01 --param vs_periods=2 --format json",
        'query --cypher "MATCH (f:Family {name: $f}) RETURN f" --param f=augmxnt_shisa -f json',
    ],
    "plot": ["plot timeline augmxnt_shisa -o out/shisa.svg"],
}

_EARLY: Pages = {
    "first-look": [
        *_in(("json",), "patterns", "flags", "audit acme/atlas-7b", "check --all"),
        *_in(("json",), "query links", "query evidence", "snapshot info hubtrace-snapshot"),
        "snapshot verify hubtrace-snapshot --format json",
    ]
}

DEMONSTRATION: Pages = {
    **_ALIKE,
    "patterns": [*_in(_ROWS, "patterns"), "patterns acme-lab/atlas --until 2020-10-15 -f json"],
    "flags": [*_in(_ROWS, "flags"), *_in(_ROWS, "flags --abandon-after 30 --all")],
    **_each("audit", _AUDIT, "audit acme/atlas-7b"),
    "audit-others": [
        "audit acme/atlas-7b --revision v1.0 --until 2020-10-15 --format json",
        *_in(("text", "json"), "audit acme/atlas-7b-chat", "audit borealis/aurora-small"),
        *_in(("text", "json"), "audit thebits/atlas-7b-gguf", "audit dusk/lost-1b"),
        *_in(("text",), "audit echo/silent", "audit cirrus/nimbus-3b"),
        *_in(("text",), "audit https://huggingface.co/acme/atlas-70b", "audit acme/atlas-1b"),
    ],
    **_each("check", _CHECK, "check --all"),
    "init": ["init acme/atlas-7b acme/atlas-1b --dry-run"],
    "check-some": [
        *_in(_CHECK, "check acme/atlas-7b --max-lag 400d"),
        "check acme-lab/atlas echo/silent --fail-on abandoned,orphaned,dead_link --areas code",
    ],
    "report": [f"{_REPORT} --since hubtrace-before"],
    "diff": [
        "diff hubtrace-before hubtrace-snapshot --format json",
        *_in(_ROWS, "diff hubtrace.kgl@2020-11-01 hubtrace.kgl"),
        "diff hubtrace.kgl hubtrace.kgl --exit-code",
        "diff hubtrace.kgl@2020-10-15 hubtrace.kgl --family acme-lab/atlas --exit-code",
    ],
    "history": [
        *_in(_ROWS, "history acme/atlas-7b-chat"),
        *_in(("table", "json"), "history atlas-foundation/atlas", "history borealis-ai/aurora"),
        *_in(("json",), "history cirrus/nimbus", "history https://huggingface.co/echo/silent"),
    ],
    "trace": [
        *_in(_ROWS, "trace 89bbb886df", "trace acme/atlas-7b", "trace acme/atlas-7b:config.json"),
        *_in(("json",), "trace 174c2250650d6da545ad9b6f1b89e2c7002c754e", "trace acme/atlas-70b"),
        "trace https://github.com/acme-lab/atlas/commit/89bbb886df5597983c45f33904fc1d2c7e46320a",
        "trace https://huggingface.co/acme/atlas-7b/blob/main/config.json --format json",
        "trace acme/atlas-7b@v1.0:config.json --format json",
    ],
    "why": [
        *_in(_ROWS, "why acme/atlas-7b acme-lab/atlas"),
        *_in(("table", "json"), "why thebits/atlas-7b-gguf atlas-foundation/atlas --all"),
        *_in(("table", "json"), "why echo/silent borealis-ai/aurora"),
    ],
    "export-graphml": ["export graphml out/all.graphml"],
    "export-node-link": ["export node-link out/all.json"],
    "export-family": [
        "export graphml out/nimbus.graphml --family cirrus/nimbus",
        "export node-link out/nimbus.json --family cirrus/nimbus",
        "export tables out/nimbus --family cirrus/nimbus --until 2020-10-15 --format json",
    ],
    "export-tables": ["export tables out/all"],
    "export-neo4j-import": ["export neo4j-import out/import"],
    "plot": [
        *("plot patterns -o out/patterns.svg", "plot lag -o out/lag.svg"),
        *("plot changes -o out/changes.svg",),
    ],
    "query": [
        *_in(_ROWS, "query links", "query family_overview"),
        'query --cypher "MATCH (r:Repository) RETURN r.key AS k ORDER BY k" --format csv',
        'query --cypher "MATCH (c:Commit) WHERE c.sha STARTS WITH $s RETURN c" --param s=89bb'
        " --format json",
        'query --cypher "CREATE (n:Family {name: 1})"',
    ],
    "snapshot": [
        *("snapshot verify hubtrace-snapshot --format json", "snapshot verify hubtrace-snapshot"),
        *_in(_ROWS, "snapshot info hubtrace-snapshot"),
        *("load hubtrace-snapshot", "load hubtrace-snapshot --graph again.kgl"),
        *("copy again.kgl copied.kgl", "copy hubtrace-snapshot copied.kgl"),
        *("diff again.kgl copied.kgl --exit-code",),
    ],
    "refusals": [
        *("patterns acme-lab/atla", "audit acme/atlas-7c", "check nobody/nothing", "check"),
        *("query linkz", "query links --param x=1", "query", "queries linkz", "patterns --until x"),
        *("history acme/other", "trace zzz", "trace 0000000", "why acme/atlas-7b acme/other"),
        *("load nowhere", "snapshot info nowhere", "diff nowhere hubtrace.kgl", "schema nothing"),
        *("audit acme/atlas-7b --revision v9", "patterns --graph none.kgl", "report --since x"),
        *("export graphml out/x --family nobody", "plot timeline nobody -o out/x.svg"),
        *("query --cypher 'MATCH (n) RETURN'", "patterns --graph ftp://x", "nothing"),
        *("check --all --fail-on nothing", "check acme/atlas-7b --max-lag soon", "classify none"),
        "reproduce nowhere",
    ],
    "tag": [  # writes into the graph: the last page
        *("tag", "query assessments --format json", "tag --until 2020-10-15 --period-days 7"),
        *_in(("json", "csv"), "query assessments"),
    ],
}

KEPT: Pages = {
    "snapshot": [
        *("snapshot verify snapshot --format json", "snapshot info snapshot --format json"),
        *("load snapshot", "load snapshot --graph kept.kgl"),
    ],
    "graph": [
        *("patterns --graph kept.kgl --format json", "flags --graph kept.kgl --format json"),
        *("audit acme/atlas-7b --graph kept.kgl", "check --all --graph kept.kgl"),
        *("query timeline --graph kept.kgl --format csv", "query origins --graph kept.kgl -f csv"),
        *("history acme/atlas-7b-chat --graph kept.kgl", "trace 89bbb886df --graph kept.kgl"),
    ],
}
"""What is asked of the snapshot and of the graph file that are kept."""

LOOKS: Mapping[str, Pages] = {"first": _EARLY, "second": {}, "third": DEMONSTRATION}
"""The pages that are asked after each look at the loopback world."""

_ATLAS, _HUB = "https://github.com/acme-lab/atlas", "https://huggingface.co"
_SEVEN, _CHAT, _GGUF = (
    f"{_HUB}/{name}" for name in ("acme/atlas-7b", "acme/atlas-7b-chat", "thebits/atlas-7b-gguf")
)
_FIRST = "89bbb886df5597983c45f33904fc1d2c7e46320a"
_MARK = {
    **{"mark": "m", "repository": _ATLAS, "family": "acme-lab/atlas"},
    **{"since": 1_600_000_000, "until": 1_604_000_000},
}

FITTING: Mapping[str, Any] = {
    "families": ["acme-lab/atlas", "cirrus/nimbus"],
    "until": 1_602_720_000,
    "abandon_after": 30 * 86_400,
    **{"period_days": 7, "offset_days": 3, "most": 1},
    **{"vs_periods": 1, "vs_variants": 1, "rare_periods": 1},
    "grids": [{"grid": "g", "period_days": 7, "offset_days": 2, "part": "early"}],
    "variant": _GGUF,
    "variants": [_SEVEN, _CHAT, _GGUF],
    "repository": _ATLAS,
    "target": _CHAT,
    "project": _SEVEN,
    "projects": [_ATLAS, _CHAT],
    "blobs": ["174c2250650d6da545ad9b6f1b89e2c7002c754e"],
    "commits": [_FIRST],
    "sha": _FIRST[:4],
    "path": "configs/model.json",
    "marks": [_MARK],
    "contributors": ["github.com:ada-l"],
}
"""Parameter → what it is set to in the loopback world, where a question has it."""
