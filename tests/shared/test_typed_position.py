"""Positions in what people type, paste and pass on: many forms, one meaning."""

from math import cos, radians

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared import geohash, plus_code
from shared.geo import COUNTRY_BOXES, distance_m
from shared.typed_position import (
    Hashed,
    Read,
    ShortCode,
    TypedPosition,
    Unreadable,
    WithoutLink,
    read_position,
)

KENYA = COUNTRY_BOXES["KE"]
# The middle of Nairobi, as all of these say it.
NAIROBI = (-1.2921, 36.8219)


def read(text: str) -> Read | None:
    return read_position(text, KENYA)


@pytest.mark.parametrize(
    "text",
    [
        "-1.2921, 36.8219",
        "-1.2921,36.8219",
        "  -1.2921 36.8219  ",
        "(-1.2921, 36.8219)",
        "-1.2921; 36.8219",
        "−1.2921, 36.8219",
        "-1.2921°, 36.8219°",
        "-1.292100000, 36.821900000",
        "-1,2921 36,8219",
        "-1,2921; 36,8219",
        "we are at -1.2921,36.8219 please hurry",
        "1.2921S 36.8219E",
        "1.2921 S, 36.8219 E",
        "1.2921° S, 36.8219° E",
        "S1.2921 E36.8219",
        "S 1.2921, E 36.8219",
        "36.8219E, 1.2921S",
        "help 1.2921s 36.8219e",
        "1°17'31.56\"S 36°49'18.84\"E",
        "1° 17′ 31.56″ S, 36° 49′ 18.84″ E",
        "1º17’31.56”S,36º49’18.84”E",
        "36°49'18.84\"E 1°17'31.56\"S",
        "1 17 31.56 S 36 49 18.84 E",
        "S 01 17.526 E 036 49.314",
        "S1° 17.526' E36° 49.314'",
        "lat:-1.2921 lon:36.8219",
        "Lat: -1.2921, Long: 36.8219",
        "Latitude -1.2921 Longitude 36.8219",
        "latitude=-1.2921&longitude=36.8219",
        "lng:36.8219, lat:-1.2921",
        "https://maps.google.com/?q=-1.2921,36.8219",
        "https://maps.google.com/maps?q=-1.2921%2C36.8219&z=17&hl=en",
        "http://maps.google.com/maps?q=loc:-1.2921,36.8219",
        "https://www.google.com/maps?q=-1.2921,+36.8219",
        "https://www.google.com/maps/@-1.2921,36.8219,17z",
        "https://www.google.com/maps/search/?api=1&query=-1.2921%2C36.8219",
        "https://www.google.com/maps/place/-1.2921,36.8219",
        "https://www.google.com/maps/search/-1.2921,+36.8219?entry=tts",
        "https://www.google.com/maps/dir//-1.2921,36.8219",
        "https://www.google.com/maps/place/KICC/@-1.3,36.9,17z/data=!3m1!4b1!4m5!3m4!1s0x0"
        "!8m2!3d-1.2921!4d36.8219",
        "maps.google.com/maps?q=-1.2921,36.8219",
        "google.co.ke/maps?q=-1.2921,36.8219",
        "https://maps.apple.com/?ll=-1.2921,36.8219&q=Dropped%20Pin",
        "https://maps.apple.com/?q=Dropped%20Pin&ll=-1.2921,36.8219",
        "https://www.openstreetmap.org/#map=17/-1.2921/36.8219",
        "https://www.openstreetmap.org/?mlat=-1.2921&mlon=36.8219#map=15/-1.4/36.9",
        "https://www.bing.com/maps?cp=-1.2921~36.8219&lvl=16",
        "https://waze.com/ul?ll=-1.2921%2C36.8219&navigate=yes",
        "geo:-1.2921,36.8219",
        "geo:-1.2921,36.8219;u=30",
        "geo:0,0?q=-1.2921,36.8219(Home)",
        "nisaidie haraka https://maps.google.com/?q=-1.2921,36.8219 ajali",
        "Location: https://maps.google.com/?q=-1.2921,36.8219\nShared from WhatsApp",
        'A"ML=1;lt=-1.29210;lg=+36.82190;rd=14;top=20261123171748;lc=68;pm=W;mcc=639;mnc=02;ml=126',
    ],
)
def test_every_form_is_the_same_position(text: str) -> None:
    found = read(text)
    assert isinstance(found, TypedPosition)
    assert distance_m(found.lat, found.lon, *NAIROBI) < 1
    assert not found.swapped


@pytest.mark.parametrize(
    ("text", "radius_m"),
    [
        ("-1.2921, 36.8219", 50),
        ("-1.292, 36.822", 79),
        ("-1.29, 36.82", 786),
        ("1.3S 36.8E", 7863),
        ("1°17'31\"S 36°49'18\"E", 50),
        ("1°17'S 36°49'E", 1310),
        ("geo:-1.2921,36.8219;u=30", 30),
        ("geo:-1.29,36.82;u=30", 786),
        ('A"ML=1;lt=-1.29210;lg=36.82190;rd=14;top=20261123171748;lc=68', 14),
        ('A"ML=1;lt=-1.29210;lg=36.82190;rd=2500.5;lc=68;pm=C', 2500),
        ("6GCRPR5C+5Q", 10),
        ("6GCRPR5C+5QG", 2),
        ("6GCRPR00+", 3930),
    ],
)
def test_the_radius_is_what_the_writing_leaves_open(text: str, radius_m: float) -> None:
    found = read(text)
    assert isinstance(found, TypedPosition)
    assert round(found.radius_m) == pytest.approx(radius_m, abs=1)


@pytest.mark.parametrize(
    "text", ["36.8219, -1.2921", "lat: 36.8219, lon: -1.2921", "geo:36.8219,-1.2921"]
)
def test_two_numbers_in_the_wrong_order_are_turned_and_marked(text: str) -> None:
    found = read(text)
    assert found == TypedPosition(-1.2921, 36.8219, 50.0, swapped=True)


@pytest.mark.parametrize(
    "text",
    [
        "6GCRPR5C+5Q",
        "6gcrpr5c+5q",
        "6GCR PR5C+5Q",
        "6GCRPR5C +5Q",
        "6GCRPR5C5Q",
        "niko 6GCRPR5C+5Q karibu na soko",
        "6GCRPR5C+5Q, Nairobi, Kenya",
        "https://plus.codes/6GCRPR5C+5Q",
        "https://www.google.com/maps/search/6GCRPR5C%2B5Q",
        "https://maps.google.com/?q=6GCRPR5C%2B5Q",
    ],
)
def test_a_whole_plus_code_is_found_in_any_writing(text: str) -> None:
    found = read(text)
    assert isinstance(found, TypedPosition)
    assert distance_m(*_at(found), *NAIROBI) < found.radius_m


@pytest.mark.parametrize(
    ("text", "behind"),
    [
        ("PR5C+5Q Nairobi", " Nairobi"),
        ("pr5c+5q nairobi", " nairobi"),
        ("PR5C + 5Q, Nairobi", ", Nairobi"),
        ("tuko PR5C+5Q", ""),
        ("CRPR5C+5Q Nairobi", " Nairobi"),
        ("https://www.google.com/maps/place/PR5C%2B5Q+Nairobi/data=!4", " Nairobi"),
        ("https://www.google.com/maps/place/PR5C+5Q,+Nairobi/data=!4", ", Nairobi"),
    ],
)
def test_a_short_plus_code_counts_from_what_is_named_with_it(text: str, behind: str) -> None:
    found = read(text)
    assert isinstance(found, ShortCode)
    assert found.behind == behind
    # Thika is 40 km away: near enough.
    for near in (NAIROBI, (-1.0333, 37.0693)):
        assert distance_m(*_at(found.near(*near)), *NAIROBI) < 15


def _at(position: TypedPosition) -> tuple[float, float]:
    return position.lat, position.lon


@pytest.mark.parametrize("text", ["kzf0tvm", "KZF0TVM", "niko kzf0tvm saidia"])
def test_a_geohash_is_found(text: str) -> None:
    found = read(text)
    assert isinstance(found, Hashed)
    assert found.word == "kzf0tvm"
    assert distance_m(*_at(found.position), -1.2860, 36.8241) < 2_000
    assert 50 < found.position.radius_m < 120


@pytest.mark.parametrize(
    "text",
    [
        "-26.2041, 28.0473",
        "51.5072, -0.1276",
        "26.2041S 28.0473E",
        "https://maps.google.com/?q=51.5072,-0.1276",
        "https://www.google.com/maps/@48.85,2.35,12z",
        "geo:48.2010,16.3695",
        "9C3XGV4C+XV",
        'A"ML=1;lt=+51.53321;lg=-0.12601;rd=14;top=20220131171748;lc=68;pm=W;mcc=234;mnc=15;ml=126',
    ],
)
def test_a_position_abroad_is_never_taken_silently(text: str) -> None:
    assert read(text) is Unreadable.ABROAD


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://maps.app.goo.gl/AbCdEf123", Unreadable.LINK),
        ("https://goo.gl/maps/AbCdEf123", Unreadable.LINK),
        ("maps.app.goo.gl/AbCdEf123", Unreadable.LINK),
        ("niko hapa https://maps.app.goo.gl/AbC1", WithoutLink("niko hapa")),
        ("https://maps.google.com/?q=Kenyatta+Hospital", WithoutLink("Kenyatta Hospital")),
        (
            "https://www.google.com/maps/place/Kenyatta+National+Hospital/data=!4m2",
            WithoutLink("Kenyatta National Hospital"),
        ),
        ("///filled.count.soap", Unreadable.THREE_WORDS),
        ("https://w3w.co/filled.count.soap", Unreadable.LINK),
        ('A"ML=1;lt=+00.00000;lg=+000.00000;rd=N;top=20261123171748;lc=0;pm=N', Unreadable.NO_FIX),
        ('A"ML=1;garbled', Unreadable.NO_FIX),
    ],
)
def test_what_nobody_can_read_says_why(text: str, expected: Read) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kerugoya",
        "githurai 45",
        "githurai45",
        "1, 2",
        "45",
        "-1.2921",
        "-1,2921,36,8219",
        "2 people hurt, 3 dead at 4.30 p.m./5 a.m.",
        "5 s 4 w",
        "0722000111",
        "+254722000111",
        "call 0722 000+111",
        "paid 12.30 45.20 for it",
        "KDG 123K KDG123K",
        "ward 12/14",
        "Awasi/Onjiko",
        "6GCR0000+",
        "1°75'00\"S 36°49'00\"E",
        "95.1234, 96.8123",
        "0.0000, 0.0000",
        "7K2F",
    ],
)
def test_words_and_numbers_that_are_no_position_are_left_alone(text: str) -> None:
    assert read(text) is None


_LATS = st.floats(KENYA.south + 0.01, KENYA.north - 0.01)
_LONS = st.floats(KENYA.west + 0.01, KENYA.east - 0.01)


@given(_LATS, _LONS)
@example(-1.2921, 36.8219)
def test_a_plus_code_holds_the_position_that_it_was_made_of(lat: float, lon: float) -> None:
    digits = plus_code.encode(lat, lon)
    found = read(f"{digits[:8]}+{digits[8:]}")
    assert isinstance(found, TypedPosition)
    assert abs(found.lat - lat) <= 1 / 16_000 + 1e-9
    assert abs(found.lon - lon) <= 1 / 16_000 + 1e-9
    assert distance_m(*_at(found), lat, lon) <= found.radius_m + 0.01


@given(_LATS, _LONS, st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_a_short_code_near_its_place_is_the_whole_one(
    lat: float, lon: float, north: float, east: float
) -> None:
    digits = plus_code.encode(lat, lon)
    square = plus_code.recover(f"{digits[4:8]}+{digits[8:]}", lat + north, lon + east)
    whole = plus_code.decode(digits)
    assert square.lat == pytest.approx(whole.lat, abs=1e-9)
    assert square.lon == pytest.approx(whole.lon, abs=1e-9)


@given(st.text("0123456789bcdefghjkmnpqrstuvwxyz", min_size=1, max_size=12))
def test_a_geohash_begins_with_that_of_the_square_around_it(word: str) -> None:
    inner, outer = geohash.decode(word), geohash.decode(word[:-1] or word)
    assert abs(inner.lat - outer.lat) <= outer.height / 2
    assert abs(inner.lon - outer.lon) <= outer.width / 2
    # The first digit of 5 bits halves the longitude three times and the latitude twice.
    bits = 5 * len(word)
    assert inner.width == 360 / 2 ** -(-bits // 2)
    assert inner.height == 180 / 2 ** (bits // 2)


@given(_LATS, _LONS, st.sampled_from(["{}, {}", "{} {}", "geo:{},{}", "help at {},{} now"]))
def test_what_was_written_is_read(lat: float, lon: float, form: str) -> None:
    found = read(form.format(f"{lat:.5f}", f"{lon:.5f}"))
    if (f"{lat:.5f}") in ("0.00000", "-0.00000"):
        return
    assert isinstance(found, TypedPosition)
    assert abs(found.lat - lat) < 1e-5
    assert abs(found.lon - lon) * cos(radians(lat)) < 1e-5


_PIECES = st.sampled_from(
    [
        *(
            "-1.29",
            "36.82",
            ",",
            " ",
            "°",
            "'",
            '"',
            "S",
            "E",
            "lat",
            "lon:",
            "6GCRPR5C",
            "+",
            "5Q",
        ),
        *(
            "geo:",
            "https://maps.google.com/",
            "?q=",
            "@",
            "/",
            "!3d",
            "!4d",
            'A"ML=1;',
            "lt=",
            ";lg=",
        ),
        *("rd=N", "///", "a.b.c", "kzf0tvm", "٣٤", "%2C", "1,2921", "\u200f", "\x00", "1" * 400),
    ]
)


@settings(max_examples=400)
@given(st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=25).map("".join)))
def test_whatever_is_typed_gives_a_position_in_the_country_or_none(text: str) -> None:
    found = read(text)
    if isinstance(found, Hashed):
        found = found.position
    if isinstance(found, TypedPosition):
        assert KENYA.holds(found.lat, found.lon)
        assert 1 <= found.radius_m <= 1_000_000
    assert read_position(text, None) is None or text


@pytest.mark.parametrize(
    "piece",
    ["1 ", "-1.29 ", "a.", "6GCR", "1°2'", "/", "S1.1", "https://a", "\u202e", "\U0001f691", "+"],
)
def test_long_rubbish_is_read_too(piece: str) -> None:
    found = read(piece * 10_000)
    assert found is None or isinstance(found, Unreadable | WithoutLink | TypedPosition)
