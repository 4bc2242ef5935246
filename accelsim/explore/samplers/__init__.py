"""Which points of a space are evaluated, one after the other."""

from accelsim.explore.samplers.ordered import Exhaustive, Random
from accelsim.explore.samplers.sampler import Asked, Sampler, Told
from accelsim.explore.samplers.start import sampler_of

__all__ = ["Asked", "Exhaustive", "Random", "Sampler", "Told", "sampler_of"]
