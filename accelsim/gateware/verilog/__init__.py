"""Verilog of a component: written to be read, the same for the same component.

Amaranth's own way goes through Yosys, which keeps neither conditions nor names of values that have
none of their own. Here ``if`` stays ``if``, values that are read once stand where they are read,
modules that are alike become one, and names need no escapes.
"""

from accelsim.gateware.verilog.design import verilog_of

__all__ = ["verilog_of"]
