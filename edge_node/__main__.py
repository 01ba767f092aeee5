"""`python -m edge_node` is `haven-edge`."""

from edge_node.cli import main

main()
