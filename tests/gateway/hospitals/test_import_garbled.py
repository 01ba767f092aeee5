"""Whatever stands in a file, an import says so in words: nothing but InvalidInput comes out of
reading it, and what is read can be stored.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.hospitals.hospital_record import HospitalRecord
from gateway.hospitals.importers.opening import open_hospital_file
from gateway.importing.reading import UNREADABLE
from shared.errors import InvalidInput
from shared.geo import COUNTRY_BOXES

_FACILITY: dict[str, Any] = {
    "id": "a-1",
    "code": 99001,
    "name": "Bahati Hospital",
    "official_name": "Bahati",
    "keph_level_name": "Level 4",
    "owner_name": "MoH",
    "number_of_beds": 40,
    "open_whole_day": True,
    "operation_status_name": "Operational",
    "county_name": "Nairobi",
    "lat_long": [-0.72, 37.15],
    "geometry": {"type": "Point", "coordinates": [37.15, -0.72]},
    "closed": False,
    "closed_date": "2031-01-01",
    "facility_services": [{"service_name": "Xray", "option_name": "Yes"}],
}
_FEATURE: dict[str, Any] = {
    "type": "Feature",
    "id": "node/1",
    "properties": {
        "amenity": "hospital",
        "name": "Bahati",
        "beds": "4",
        "osm_type": "way",
        "osm_id": 3,
        "healthcare:speciality": "trauma;dialysis",
        "opening_hours": "24/7",
    },
    "geometry": {"type": "Polygon", "coordinates": [[[37, -1], [37.1, -1], [37.1, -1.1]]]},
}
_CSV = (
    "Country,Admin1,Facility name,Facility type,Ownership,Lat,Long,LL source\n"
    'Kenya,Nairobi,"Bahati, the first",Dispensary,MoH,-1.3,36.8,GPS\n'
    "Kenya,Nairobi,Kituo,Health Centre,MoH,-1.31,36.81,GPS\n"
)
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        ["24/7", "-4", "0,0", "a,b,c", "way/99999999999999999999999", "a\0b", "x" * 300]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "coordinates", "geometry", "service_name", "tags", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


def _read(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "list"
        path.write_bytes(content)
        try:
            file = open_hospital_file(path, "KE")
            for _, fields in file.rows():
                if UNREADABLE in fields:
                    continue
                try:
                    parsed = file.parse(fields)
                except InvalidInput:
                    continue
                if parsed is not None:
                    _check_storable(parsed.record)
        except InvalidInput:
            return


def _check_storable(record: HospitalRecord) -> None:
    longest = {"source": 32, "source_id": 64, "name": 200, "official_name": 200, "owner": 120}
    longest |= {"county": 80, "sub_county": 80, "ward": 80}
    for column, length in longest.items():
        written = getattr(record, column)
        assert len(written) <= length
        assert "\0" not in written
        written.encode()
    assert record.name
    assert record.source_id
    assert 0 <= record.level <= 6
    assert record.beds is None or 0 < record.beds < 2**31
    assert not record.has & record.lacks
    assert record.position is None or COUNTRY_BOXES["KE"].holds(*record.position)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(_FACILITY)), _VALUES)
def test_a_facility_with_any_value_in_a_member(member: str, value: Any) -> None:
    _read(json.dumps([_FACILITY, {**_FACILITY, "lat_long": None, member: value}]).encode())


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted([*_FEATURE, *_FEATURE["properties"]])), _VALUES)
def test_a_feature_with_any_value_in_a_member(member: str, value: Any) -> None:
    feature = dict(_FEATURE)
    if member in feature:
        feature[member] = value
    else:
        feature["properties"] = {**_FEATURE["properties"], member: value}
    _read(json.dumps({"features": [_FEATURE, feature]}).encode())


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([json.dumps({"results": [_FACILITY]}), json.dumps([_FEATURE] * 2), _CSV]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=3)), max_size=4),
    st.floats(0, 1),
)
def test_a_file_that_was_damaged(
    whole: str, changes: list[tuple[float, bytes]], kept: float
) -> None:
    content = bytearray(whole.encode())
    for place, written in changes:
        at = int(place * len(content))
        content[at : at + 2] = written
    _read(bytes(content[: max(int(kept * len(content)), len(content) // 2)]))
