"""The benchmark of change types: commits that are named with their labels are read from clones."""

import json
from pathlib import Path

from benchmarks.kappa import of_real, real, with_interval
from tests.hubs.worlds import World


def test_commits_of_clones_are_read_with_their_messages_and_paths(tmp_path: Path) -> None:
    world = World(tmp_path / "acme+lumen")
    world.commit(
        {b"config.json": b"{}", b"model.bin": b"1"}, message=b"Repair the tokenizer\n\nx\n"
    )
    world.commit({b"README.md": b"1"}, message=b"\xff\n")
    rows = [
        {"set": "real", "side": "downstream", "commit": f"acme/lumen@{sha}", "label_a": label}
        for sha, label in zip(world.commits, ("preprocessing", "sharing"), strict=True)
    ]
    elsewhere = {**rows[0], "commit": "acme/absent@" + "1" * 40}
    labels = tmp_path / "labels.jsonl"
    labels.write_text("\n".join(json.dumps(row) for row in [*rows, elsewhere]))
    found = real(tmp_path, labels)
    assert [row["commit"] for row in found] == [row["commit"] for row in rows]
    assert [row["files"] for row in found] == [
        [{"status": "A", "path": "config.json"}, {"status": "A", "path": "model.bin"}],
        [{"status": "A", "path": "README.md"}],
    ]
    ((agreed, pairs),) = of_real(found)
    assert (agreed.set, agreed.labels, agreed.commits) == ("real", "reading a, rules", 2)
    assert agreed.same == 0.5
    low, high = with_interval(agreed, pairs, samples=100).interval or (None, None)
    assert low is not None
    assert high is not None
    assert low <= (agreed.kappa or 0) <= high
