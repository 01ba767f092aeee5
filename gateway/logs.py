"""Structured logs, one JSON object a line, to standard error. No name, number or medical fact
goes in.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog


def configure() -> None:
    """Sets up logging for this process."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where_without_words,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _where_without_words(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Says what was raised and where. An error's own words, and the values of variables, may quote
    a name, a number or a medical fact: they stay out.
    """
    if event.pop("exc_info", None):
        error = sys.exc_info()[1]
        raised = []
        while error is not None:
            raised.append(
                {
                    "type": type(error).__name__,
                    "at": [
                        f"{frame.filename}:{frame.lineno} {frame.name}"
                        for frame in traceback.extract_tb(error.__traceback__)
                    ],
                }
            )
            error = error.__cause__ or error.__context__
        event["raised"] = raised
    return event
