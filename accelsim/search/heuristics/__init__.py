"""Searches that look at some candidates only: good mappings of spaces too large for a proof."""

from accelsim.search.heuristics.registry import METHODS, Search, search_named
from accelsim.search.heuristics.run import Budget, Outcome, Progress
from accelsim.search.heuristics.space import Space

__all__ = ["METHODS", "Budget", "Outcome", "Progress", "Search", "Space", "search_named"]
