"""Reading single fields of a row. All raise InvalidInput that names the column and what it should
hold.
"""

from collections.abc import Mapping
from unicodedata import category

from shared.errors import InvalidInput
from shared.geo import check_in_country

_YES = {"true", "yes", "y", "1"}
_NO = {"false", "no", "n", "0"}
_UNWRITABLE = {"Cc", "Cs"}


def text(fields: Mapping[str, str], column: str, longest: int) -> str:
    """The column's text, which may be empty."""
    value = " ".join(fields.get(column, "").split())
    # PostgreSQL takes no NUL, and nothing that is drawn or said has a use for the others.
    if any(category(character) in _UNWRITABLE for character in value):
        raise InvalidInput(f"{column} holds a control character; write it anew.")
    if len(value) > longest:
        raise InvalidInput(f"{column} has {len(value)} characters; at most {longest} fit.")
    return value


def required_text(fields: Mapping[str, str], column: str, longest: int) -> str:
    """The column's text, which must be there."""
    value = text(fields, column, longest)
    if not value:
        raise InvalidInput(f"{column} is empty.")
    return value


def count(fields: Mapping[str, str], column: str) -> int | None:
    """A whole number of 0 or more; None where the column is empty. `25673.0` is 25673."""
    value = fields.get(column, "")
    if not value:
        return None
    digits = value.removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise InvalidInput(f"{column} is {value[:20]!r}; it should be a whole number from 0 on.")
    return int(digits)


def flag(fields: Mapping[str, str], column: str) -> bool | None:
    """Yes or no; None where the column is empty."""
    value = fields.get(column, "").lower()
    if not value:
        return None
    if value in _YES:
        return True
    if value in _NO:
        return False
    raise InvalidInput(f"{column} is {value[:20]!r}; it should be yes or no.")


def position(
    fields: Mapping[str, str], lat_column: str, lon_column: str, country: str
) -> tuple[float, float] | None:
    """Latitude and longitude in degrees, inside the country; None where both are empty."""
    lat_text, lon_text = fields.get(lat_column, ""), fields.get(lon_column, "")
    if not lat_text and not lon_text:
        return None
    try:
        lat, lon = float(lat_text), float(lon_text)
    except ValueError:
        raise InvalidInput(
            f"{lat_column}, {lon_column} are {lat_text[:20]!r}, {lon_text[:20]!r}; "
            "they should be degrees such as -1.2921 and 36.8219."
        ) from None
    check_in_country(lat, lon, country)
    return lat, lon
