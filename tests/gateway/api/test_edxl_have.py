"""Hospitals as EDXL-HAVE: the standard's names, in its order, with its values."""

from xml.etree.ElementTree import Element

import pytest

from gateway.hospitals.availability_report import BedCount
from gateway.hospitals.feeds.edxl_have import hospital_status
from shared.bed_type import BedType
from shared.capability import Capability, mask
from shared.hospital import HospitalStatus
from tests.gateway.api.have_schema import BOOLEAN, GML, HAVE_NS, XNL, parsed, texts
from tests.gateway.api.reported import is_registered, reports
from tests.gateway.api.smartphone import BASE, NAIROBI_WEST
from tests.journeys.world import World


def _have(world: World) -> Element:
    answer = world.client.get(f"{BASE}/hospitals/have")
    assert answer.status_code == 200
    assert answer.mimetype == "application/xml"
    return parsed(answer.get_data())


def test_edxl_have_says_the_same_by_the_schemas_names(world: World) -> None:
    box = world.hospital(
        "Mbagathi <& Sons> Hospital",
        *NAIROBI_WEST,
        ("emergency_24h", "theatre", "ambulance"),
        lacks=("burns", "bemonc"),
    )
    reports(
        world,
        box.id,
        status=HospitalStatus.ADVISORY,
        staffed_beds=20,
        free_beds=0,
        stock_has=int(mask(("blood", "oxygen"))),
        stock_lacks=int(Capability.ANTIVENOM),
        beds={BedType.ADULT_ICU: BedCount(6, None), BedType.EMERGENCY: BedCount(9, 9)},
    )
    root = _have(world)
    assert root.tag == f"{HAVE_NS}HospitalStatus"
    organization = ("Hospital", "Organization")
    name = root.find(f".//{XNL}OrganisationName")
    assert name is not None
    assert name.get(f"{XNL}ID") == f"urn:haven:hospital:{box.id}"
    assert texts(name, f"{XNL}NameElement") == ["Mbagathi <& Sons> Hospital"]
    # Latitude first, unlike GeoJSON.
    place = (*organization, "OrganizationGeoLocation", f"{GML}Point", f"{GML}pos")
    assert texts(root, *place) == ["-1.310000 36.800000"]
    assert texts(root, *organization, "CommentText") == ["County: Nairobi", "KEPH level: 5"]
    traffic = ("EmergencyDepartmentStatus", "EMSTraffic", "EMSTrafficStatus")
    assert texts(root, "Hospital", *traffic) == ["Advisory"]
    beds = ("Hospital", "HospitalBedCapacityStatus", "BedCapacity")
    assert texts(root, *beds, "BedType") == ["EmergencyDepartment", "AdultICU"]
    assert texts(root, *beds, "Capacity", "AvailableCount") == ["0"]
    assert texts(root, *beds, "Capacity", "BaselineCount") == ["20", "6"]
    assert texts(root, *beds, "CommentText") == ["Reported at 2026-11-23T09:00:00Z"] * 2
    services = ("Hospital", "ServiceCoverageStatus")
    assert texts(root, *services, "Burn") == ["false"]
    assert texts(root, *services, "EmergencyDepartment") == ["true"]
    assert texts(root, *services, "Dialysis") == []
    assert texts(root, *services, "SurgeryIndicator", "Surgery") == ["true"]
    assert texts(root, *services, "CommentText") == [
        "Has: emergency_24h, theatre, ambulance",
        "Does not have: bemonc, burns",
    ]
    stock = ("Hospital", "HospitalResourcesStatus", "ResourcesInformationText")
    assert texts(root, *stock) == [
        "blood: in stock, reported at 2026-11-23T09:00:00Z",
        "oxygen: in stock, reported at 2026-11-23T09:00:00Z",
        "antivenom: used up, reported at 2026-11-23T09:00:00Z",
    ]
    assert texts(root, "Hospital", "LastUpdateTime") == ["2026-11-23T09:00:00Z"]


@pytest.mark.parametrize(
    ("status", "traffic", "facility"),
    [
        (HospitalStatus.NORMAL, "Normal", ["Normal"]),
        (HospitalStatus.ADVISORY, "Advisory", []),
        (HospitalStatus.DIVERTING, "Closed", []),
        (HospitalStatus.EVACUATING, "Closed", ["Evacuating"]),
        (HospitalStatus.CLOSED, "Closed", ["Closed"]),
    ],
)
def test_every_status_in_the_standards_words(
    world: World, status: HospitalStatus, traffic: str, facility: list[str]
) -> None:
    box = world.hospital("Mbagathi Hospital", *NAIROBI_WEST)
    reports(world, box.id, status=status)
    root = _have(world)
    names = ("EmergencyDepartmentStatus", "EMSTraffic", "EMSTrafficStatus")
    assert texts(root, "Hospital", *names) == [traffic]
    assert texts(root, "Hospital", "HospitalFacilityStatus", "FacilityStatus") == facility


def test_every_service_at_once_and_names_that_xml_cannot_hold(world: World) -> None:
    for sort in ("has", "lacks"):
        box = world.hospital(f"{sort} Hospital", *NAIROBI_WEST)
        everything = {"has": 0, "lacks": 0, sort: (1 << 27) - 1}
        is_registered(world, box.id, name=f"Bell\x07 {sort}\ufffe", **everything)
    root = _have(world)
    assert [name.text for name in root.iter(f"{XNL}NameElement")] == ["Bell has", "Bell lacks"]
    said = [leaf.text for leaf in root.iter() if leaf.text in BOOLEAN]
    assert said == ["true"] * 13 + ["false"] * 13


def test_who_never_reported_is_said_to_be_unknown(world: World) -> None:
    world.hospital("Mbagathi Hospital", *NAIROBI_WEST, ())
    root = _have(world)
    comments = texts(root, "Hospital", "Organization", "CommentText")
    assert "Never reported" in str(comments[-1])
    assert texts(root, "Hospital", "LastUpdateTime") == ["1970-01-01T00:00:00Z"]
    assert root.find(f".//{HAVE_NS}ServiceCoverageStatus") is None


@pytest.mark.parametrize(
    "wrong",
    [
        "<have:Hospital></have:Hospital>",
        "<have:Other/>",
        "text",
        "<have:Hospital><have:LastUpdateTime>2026-11-23T09:00:00Z</have:LastUpdateTime>"
        "<have:Organization/></have:Hospital>",
    ],
)
def test_the_check_finds_what_the_schema_does_not_allow(wrong: str) -> None:
    namespace = HAVE_NS.strip("{}")
    with pytest.raises(AssertionError):
        parsed(f'<have:HospitalStatus xmlns:have="{namespace}">{wrong}</have:HospitalStatus>')
    assert list(parsed(hospital_status([]))) == []
