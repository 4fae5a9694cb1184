"""What hubtrace did before it was rebuilt, frozen: every command, row, request and score.

    .venv/bin/pytest tests/golden                              # compare
    HUBTRACE_REFREEZE=1 .venv/bin/pytest tests/golden          # write anew; then read `git diff`

A golden that differs is a change that somebody can see. If it is meant, freeze anew and let the
commit's diff show it; if not, it is a bug of the move that made it. Never freeze anew to make a
move of code pass.

| module | what it holds |
|---|---|
| `sheet.py` | the commands that are asked, page by page, and parameters of the stored questions |
| `recording.py` | a process of its own that asks them, with a fixed clock, secret and ports |
| `pages.py` | how what was printed and written becomes a page |
| `frozen.py` | comparing a page with the golden of its name, or freezing it |
| `kept.py` | a snapshot and a graph file that every later code must read |
| `data/sample/` | `hubtrace demo` and what can be asked of its graph |
| `data/demonstration/` | the loopback world: a look, a month, another look, and an unchanged one |
| `data/evidence/` | precision and recall of every method |
| `data/kept/` | the kept files, and what they answer |

- Nothing of hubtrace is imported here but `hubtrace` and `hubtrace.cli`: goldens survive moves.
- What would vary is fixed before hubtrace is imported, and not replaced afterwards (`recording.py`
  tells what), so ids, hashes and orders that hang on it are frozen, too. Only the doctor's words
  on this machine are left out.
- A page of more than 65 kB is packed (`.gz`); a failure shows the difference all the same.
- `--help` of every command is in `help.json` alone, refusals are on the page `refusals.txt` alone.
- Pages hold hashes of Parquet files (`snapshot.txt`, the node `Snapshot`): another pyarrow may
  change them.
- A server is compared with the goldens of the embedded store; it has none of its own.
- Freezing anew leaves `snapshot.tar.gz` and `graph.kgl.gz` alone. They are made anew if they are
  removed first, which is right only when compatibility with them is given up on purpose.
- Two runs at the same time wait for each other, because the ports are fixed.
"""
