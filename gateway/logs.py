"""Structured logs, one JSON object a line, to standard error. No name, number or medical fact
goes in.
"""

import logging
import sys

import structlog


def configure(*, readable: bool = False) -> None:
    """Sets up logging for this process; `readable` is for people at a terminal."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks
            if not readable
            else structlog.processors.ExceptionPrettyPrinter(),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
