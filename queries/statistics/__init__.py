"""The statistics of the study (arXiv 2508.10157), over any set of families.

facts = gather(store)
statistics(facts).switches.by_pattern.p_value
"""

from hubtrace.queries.statistics.measures import Facts, gather, statistics
from hubtrace.queries.statistics.records import Statistics

__all__ = ["Facts", "Statistics", "gather", "statistics"]
