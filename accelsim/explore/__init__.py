"""Design-space exploration: points chosen, evaluated in processes, stored; the front of them."""

from accelsim.explore.outcome import Outcome
from accelsim.explore.run import Explored
from accelsim.explore.session import Options, Session, opened

__all__ = ["Explored", "Options", "Outcome", "Session", "opened"]
