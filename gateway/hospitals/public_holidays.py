"""Public holidays, on which other people are on duty and clinics are closed: the country's, and
those that its government adds at short notice.
"""

from collections.abc import Callable, Collection
from datetime import date
from functools import lru_cache

import holidays


def public_holidays(country: str, added: Collection[date] = ()) -> Callable[[date], bool]:
    """Whether a date is a public holiday in the country (ISO 3166 alpha-2), or one of those that
    were added. Of a country that nobody has written the holidays of, only the latter.
    """
    try:
        known = holidays.country_holidays(country)
    except NotImplementedError:
        return frozenset(added).__contains__
    # Asked three times for every ranking.
    return lru_cache(lambda day: day in known or day in added)
