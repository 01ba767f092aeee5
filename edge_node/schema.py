"""Every table of a box, so that its store is made with all of them."""

from edge_node import epochs as epochs
from edge_node.modem import tables as modem_tables
from edge_node.tables import metadata as metadata

__all__ = ["epochs", "metadata", "modem_tables"]
