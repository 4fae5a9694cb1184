"""The statistics once more, from the sample's files with pandas and scipy; nothing of ours.

Written from docs/design.md, not from the code: periods as sets, switches as shifted rows.
"""

import io
import json
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd


def commits() -> pd.DataFrame:
    """Return every commit up to the study's end: family, side (`U` or `D`), project, at."""
    sample = files("hubtrace") / "sample"
    packed = io.BytesIO((sample / "repository_commits.csv.gz").read_bytes())
    history = pd.read_csv(packed, compression="gzip")
    history["at"] = pd.to_datetime(history["authored_at"], utc=True)
    parts = []
    for line in (sample / "families.jsonl").read_text().splitlines():
        family = json.loads(line)
        until = pd.Timestamp(family["until"])
        up = history[history["repository"] == family["repository"]][["at"]].assign(side="U")
        parts.append(up.assign(project=family["repository"], family=family["family"], until=until))
        for variant, days in family["variant_commit_days"].items():
            down = pd.DataFrame({"at": pd.to_datetime(days, utc=True), "side": "D"})
            parts.append(down.assign(project=variant, family=family["family"], until=until))
    table: pd.DataFrame = pd.concat(parts, ignore_index=True).query("at <= until")
    return table


def labels(table: pd.DataFrame) -> pd.DataFrame:
    """Return lag, sync, intensity and code of every family that is active on both sides."""
    return pd.DataFrame(
        {str(name): _label(family) for name, family in table.groupby("family")}
    ).T.dropna(how="all")


def _label(family: pd.DataFrame, part: str = "whole") -> dict[str, Any]:
    days = (family["at"] - family["at"].min()) // pd.Timedelta(days=1)
    family = family.assign(period=days // 14)
    half = (int(family["period"].max()) + 2) // 2
    if part != "whole":
        early = family["period"] < half
        family = family[early if part == "early" else ~early]
    up = set(family.loc[family["side"] == "U", "period"])
    downs = [set(group["period"]) for _, group in family[family["side"] == "D"].groupby("project")]
    if not up or not downs:
        return {}
    first_up, first_down = min(up), min(min(down) for down in downs)
    lag = "simultaneous" if first_up == first_down else "downstream_first"
    lag = "upstream_first" if first_up < first_down else lag
    sync = "PS" if any(down & up for down in downs) else "AS"
    sync = "CS" if all(down <= up for down in downs) else sync
    runs = any(all(p + i in down & up for i in range(5)) for down in downs for p in down)
    intensity = "F" if runs else "S"
    intensity = "R" if all(len(down) <= 3 for down in downs) else intensity
    return {"lag": lag, "sync": sync, "intensity": intensity, "code": f"{sync[0]}S{intensity}"}


def halves(table: pd.DataFrame) -> pd.DataFrame:
    """Return the codes of the early and the late half of every family that has both."""
    codes = {
        str(name): {part: _label(family, part).get("code") for part in ("early", "late")}
        for name, family in table.groupby("family")
    }
    return pd.DataFrame(codes).T.dropna()


def switches(table: pd.DataFrame) -> pd.DataFrame:
    """Return every switch: family, from_side, whole days."""
    order = table.assign(rank=(table["side"] == "D").astype(int))
    order = order.sort_values(["family", "at", "rank"], kind="stable")
    before = order.shift(1)
    switched = (order["family"] == before["family"]) & (order["side"] != before["side"])
    return pd.DataFrame(
        {
            "family": order["family"],
            "from_side": before["side"],
            "days": (order["at"] - pd.to_datetime(before["at"], utc=True)) // pd.Timedelta(days=1),
        }
    )[switched].astype({"days": int})


def ages(table: pd.DataFrame) -> "pd.Series[float]":
    """Return the mean age of every family's variants, in days."""
    down = table[table["side"] == "D"].groupby(["family", "project"])["at"]
    lives = down.agg(lambda times: (times.max() - times.min()).total_seconds() / 86_400)
    means: pd.Series[float] = lives.groupby("family").mean()
    return means


def nearest_rank(values: "pd.Series[int] | np.ndarray[Any, Any]", share: float = 0.9) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    return float(np.percentile(values, 100 * share, method="inverted_cdf"))


def bootstrap(groups: list[list[float]], seed: int, draws: int) -> list[tuple[float, float]]:
    """Return percentile intervals of mean, median and 90th percentile over whole groups."""
    drawn = np.random.default_rng(seed).integers(0, len(groups), (draws, len(groups)))
    figures = []
    for row in drawn:
        values = np.concatenate([groups[i] for i in row])
        figures.append((values.mean(), np.median(values), nearest_rank(values)))
    return [tuple(np.quantile(column, [0.025, 0.975])) for column in np.array(figures).T]
