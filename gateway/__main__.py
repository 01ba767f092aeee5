"""`python -m gateway` is `haven-gateway`."""

from gateway.cli import main

main()
