"""The mapper: from a dataflow and a machine to a mapping."""

from accelsim.search.plan import OBJECTIVES, Plan, plan_layer

__all__ = ["OBJECTIVES", "Plan", "plan_layer"]
