"""Studies: a space of designs, what is simulated for each point, and what makes one good."""

from accelsim.study.load import STUDIES, load_study
from accelsim.study.settings import Plan, Task
from accelsim.study.space import Parameter, Parameters, Space
from accelsim.study.study import Constraint, Objective, Study

__all__ = [
    "STUDIES",
    "Constraint",
    "Objective",
    "Parameter",
    "Parameters",
    "Plan",
    "Space",
    "Study",
    "Task",
    "load_study",
]
