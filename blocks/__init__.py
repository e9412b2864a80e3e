"""What an operator sees and edits in Prefect, and what it opens.

A block configures and opens; it never judges. Fields are only ever appended, with a default.
"""

from blocks.circuit import Circuit, CircuitPage
from blocks.on_call import OnCall
from blocks.store_address import StoreAddress
from blocks.switches import Switch, Switches
from blocks.x_account import Unopened, XAccount

__all__ = [
    "Circuit",
    "CircuitPage",
    "OnCall",
    "StoreAddress",
    "Switch",
    "Switches",
    "Unopened",
    "XAccount",
]
