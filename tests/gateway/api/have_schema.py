"""What Haven uses of the schema of EDXL-HAVE 1.0 (OASIS Standard; read from NIEM's release, which
holds have.xsd): a check that a message keeps to it.
"""

from datetime import UTC, datetime
from xml.etree.ElementTree import Element, fromstring

from shared.bed_type import BedType

HAVE_NS = "{urn:oasis:names:tc:emergency:EDXL:HAVE:1.0}"
XNL = "{urn:oasis:names:tc:ciq:xnl:3}"
GML = "{http://www.opengis.net/gml}"
BOOLEAN = ("true", "false")
# What we use of the schema of EDXL-HAVE 1.0: the children of each element in the order that it
# demands ("+": any number), those that must be there ("!"), or the values of a leaf.
SCHEMA: dict[str, tuple[str, ...]] = {
    "HospitalStatus": ("Hospital+",),
    "Hospital": (
        "Organization!",
        "EmergencyDepartmentStatus",
        "HospitalBedCapacityStatus",
        "ServiceCoverageStatus",
        "HospitalFacilityStatus",
        "HospitalResourcesStatus",
        "LastUpdateTime!",
    ),
    "Organization": ("OrganizationInformation!", "OrganizationGeoLocation", "CommentText+"),
    "OrganizationInformation": (f"{XNL}OrganisationName!",),
    f"{XNL}OrganisationName": (f"{XNL}NameElement",),
    "OrganizationGeoLocation": (f"{GML}Point!",),
    f"{GML}Point": (f"{GML}pos!",),
    "EmergencyDepartmentStatus": ("EMSTraffic",),
    "EMSTraffic": ("EMSTrafficStatus",),
    "HospitalBedCapacityStatus": ("BedCapacity+",),
    "BedCapacity": ("BedType", "Capacity", "CommentText+"),
    "Capacity": ("AvailableCount", "BaselineCount"),
    "ServiceCoverageStatus": (
        "Burn",
        "CardiologyIndicator",
        "Dialysis",
        "EmergencyDepartment",
        "Neonatology",
        "NeurologyIndicator",
        "OBGYNIndicator",
        "Orthopedic",
        "Pediatrics",
        "PsychiatricIndicator",
        "SurgeryIndicator",
        "TransportServicesIndicator",
        "TraumaCenterServicesIndicator",
        "CommentText+",
    ),
    "CardiologyIndicator": ("Cardiology",),
    "NeurologyIndicator": ("Neurology",),
    "OBGYNIndicator": ("OBGYN",),
    "PsychiatricIndicator": ("Psychiatric",),
    "SurgeryIndicator": ("Surgery",),
    "TransportServicesIndicator": ("TransportServicesSubType",),
    "TransportServicesSubType": ("AmbulanceServices",),
    "TraumaCenterServicesIndicator": ("TraumaCenterServices",),
    "HospitalFacilityStatus": ("FacilityStatus",),
    "HospitalResourcesStatus": ("ResourcesInformationText+",),
}
VALUES: dict[str, tuple[str, ...] | None] = {
    "EMSTrafficStatus": ("Normal", "Advisory", "Closed", "NotApplicable"),
    "FacilityStatus": ("Normal", "Compromised", "Evacuating", "Closed"),
    "BedType": tuple(sort.value for sort in BedType),
    **dict.fromkeys(
        (
            "Burn",
            "Cardiology",
            "Dialysis",
            "EmergencyDepartment",
            "Neonatology",
            "Neurology",
            "OBGYN",
            "Orthopedic",
            "Pediatrics",
            "Psychiatric",
            "Surgery",
            "AmbulanceServices",
            "TraumaCenterServices",
        ),
        BOOLEAN,
    ),
}
COUNTS = ("AvailableCount", "BaselineCount")
TEXTS = ("CommentText", "ResourcesInformationText", f"{XNL}NameElement")


def parsed(message: bytes | str) -> Element:
    """The root of a message that keeps to the schema; AssertionError where it does not."""
    root = fromstring(message)  # noqa: S314  # the tests' own messages
    check(root)
    return root


def check(element: Element) -> None:
    """Raises AssertionError for what the schema does not allow."""
    name = element.tag.removeprefix(HAVE_NS)
    children = [child.tag.removeprefix(HAVE_NS) for child in element]
    if name in SCHEMA:
        assert not (element.text or "").strip()
        rest = list(children)
        for allowed in SCHEMA[name]:
            bare = allowed.rstrip("+!")
            count = 0
            while rest and rest[0] == bare:
                rest.pop(0)
                count += 1
            assert count <= 1 or allowed.endswith("+"), (name, bare)
            assert count == 1 or not allowed.endswith("!"), (name, bare)
        assert not rest, (name, rest)
        for child in element:
            check(child)
        return
    assert not children
    text = element.text or ""
    if name in COUNTS:
        assert int(text) >= 0
    elif name == "LastUpdateTime":
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    elif name == f"{GML}pos":
        assert len([float(part) for part in text.split()]) == 2
    elif name not in TEXTS:
        values = VALUES[name]
        assert values is not None
        assert text in values


def texts(root: Element, *names: str) -> list[str | None]:
    """The texts of the elements at this path below the root, one name after another."""
    path = "/".join(name if name.startswith("{") else f"{HAVE_NS}{name}" for name in names)
    return [found.text for found in root.iterfind(path)]
