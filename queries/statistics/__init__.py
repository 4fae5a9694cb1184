"""The statistics of the study (arXiv 2508.10157), over any set of families.

facts = gather(store)
statistics(facts).switches.by_pattern.p_value
"""

from hubtrace.queries.statistics.inference import DRAWS, LEVEL, SEED
from hubtrace.queries.statistics.measures import (
    PUBLISHED,
    Facts,
    ages,
    change_types,
    contributors,
    gather,
    label_shares,
    moves,
    switches,
)
from hubtrace.queries.statistics.records import Statistics

__all__ = ["Facts", "Statistics", "gather", "statistics"]


def statistics(facts: Facts) -> Statistics:
    """Count, average and test what is known about some families."""
    return Statistics(
        families=len(facts.patterns),
        with_pattern=len(facts.codes),
        level=LEVEL,
        seed=SEED,
        draws=DRAWS,
        labels=tuple(label_shares(facts.patterns, dimension) for dimension in PUBLISHED),
        switches=switches(facts),
        change_types=change_types(facts.change_type_counts),
        contributors=contributors(facts),
        moves=moves(facts.patterns),
        ages=ages(facts.patterns, facts.ages()),
    )
