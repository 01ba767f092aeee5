"""Hospitals as an EDXL-HAVE 1.0 message (OASIS Standard, 1 November 2008): `HospitalStatus`.

The names, their order and their values are those of its schema, as NIEM publishes it
(niem/external/have/1.0/have.xsd). Every element that is left out is one that the schema allows to
be left out: what nobody reported is unknown, not zero.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import StringIO
from xml.sax.saxutils import escape, quoteattr

from gateway.hospitals.feeds.published import BedsReported, PublishedHospital
from shared.bed_type import BedType
from shared.capability import Capability, codes
from shared.hospital import HospitalStatus

MEDIA_TYPE = "application/xml"
_NAMESPACES = (
    ("have", "urn:oasis:names:tc:emergency:EDXL:HAVE:1.0"),
    ("xnl", "urn:oasis:names:tc:ciq:xnl:3"),
    ("gml", "http://www.opengis.net/gml"),
)
# What XML 1.0 has no way to write; a register may hold it.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# LastUpdateTime has to be there: whoever never reported was last heard of when time began.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_TRAFFIC = {
    HospitalStatus.NORMAL: "Normal",
    HospitalStatus.ADVISORY: "Advisory",
    HospitalStatus.DIVERTING: "Closed",
    HospitalStatus.CLOSED: "Closed",
    HospitalStatus.EVACUATING: "Closed",
}
# An advisory and a diversion say nothing of the building.
_FACILITY = {
    HospitalStatus.NORMAL: "Normal",
    HospitalStatus.CLOSED: "Closed",
    HospitalStatus.EVACUATING: "Evacuating",
}
# In the schema's order: the path below ServiceCoverageStatus, and the capability that it asks for.
_SERVICES: tuple[tuple[tuple[str, ...], int], ...] = (
    (("Burn",), int(Capability.BURNS)),
    (("CardiologyIndicator", "Cardiology"), int(Capability.CARDIAC)),
    (("Dialysis",), int(Capability.DIALYSIS)),
    (("EmergencyDepartment",), int(Capability.EMERGENCY_24H)),
    (("Neonatology",), int(Capability.NEWBORN_UNIT)),
    (("NeurologyIndicator", "Neurology"), int(Capability.STROKE)),
    (("OBGYNIndicator", "OBGYN"), int(Capability.BEMONC)),
    (("Orthopedic",), int(Capability.ORTHOPAEDICS)),
    (("Pediatrics",), int(Capability.PAEDIATRICS)),
    (("PsychiatricIndicator", "Psychiatric"), int(Capability.PSYCHIATRY)),
    (("SurgeryIndicator", "Surgery"), int(Capability.THEATRE)),
    (
        ("TransportServicesIndicator", "TransportServicesSubType", "AmbulanceServices"),
        int(Capability.AMBULANCE),
    ),
    (("TraumaCenterServicesIndicator", "TraumaCenterServices"), int(Capability.TRAUMA_SURGERY)),
)


def hospital_status(hospitals: Sequence[PublishedHospital]) -> bytes:
    """The message. One about no hospital at all is an empty `HospitalStatus`, though the schema
    wants at least one.
    """
    xml = _Writer()
    names = "".join(f' xmlns:{prefix}="{name}"' for prefix, name in _NAMESPACES)
    xml.raw(f'<?xml version="1.0" encoding="UTF-8"?>\n<have:HospitalStatus{names}>')
    for hospital in hospitals:
        with xml.element("have:Hospital"):
            _write(xml, hospital)
    xml.raw("</have:HospitalStatus>\n")
    return xml.text.encode()


def _write(xml: "_Writer", hospital: PublishedHospital) -> None:
    with xml.element("have:Organization"):
        with xml.element("have:OrganizationInformation"):
            identifier = quoteattr(f"urn:haven:hospital:{hospital.id}")
            with xml.element("xnl:OrganisationName", f" xnl:ID={identifier}"):
                xml.leaf("xnl:NameElement", hospital.name)
        if hospital.lat is not None and hospital.lon is not None:
            # WGS 84, latitude first, as the standard's subset of GML has it.
            with xml.element("have:OrganizationGeoLocation"), xml.element("gml:Point"):
                xml.leaf("gml:pos", f"{hospital.lat:.6f} {hospital.lon:.6f}")
        if hospital.county:
            xml.comment(f"County: {hospital.county}")
        if hospital.level:
            xml.comment(f"KEPH level: {hospital.level}")
        if hospital.heard_at is None:
            xml.comment("Never reported; what is known comes from a register or from operators.")
    with xml.element("have:EmergencyDepartmentStatus"), xml.element("have:EMSTraffic"):
        xml.leaf("have:EMSTrafficStatus", _TRAFFIC[hospital.status])
    _write_beds(xml, _beds(hospital))
    _write_services(xml, hospital)
    if hospital.status in _FACILITY:
        with xml.element("have:HospitalFacilityStatus"):
            xml.leaf("have:FacilityStatus", _FACILITY[hospital.status])
    _write_stock(xml, hospital)
    xml.leaf("have:LastUpdateTime", _instant(hospital.heard_at or _NEVER))


def _beds(hospital: PublishedHospital) -> list[BedsReported]:
    """The counts by sort; those for emergencies of any kind are an emergency department's."""
    beds = list(hospital.beds)
    at = hospital.beds_reported_at
    if at is not None:
        emergency = BedsReported(BedType.EMERGENCY, hospital.staffed_beds, hospital.free_beds, at)
        beds = [emergency, *(each for each in beds if each.sort is not BedType.EMERGENCY)]
    return [each for each in beds if each.free is not None or each.staffed is not None]


def _write_beds(xml: "_Writer", beds: Sequence[BedsReported]) -> None:
    if not beds:
        return
    with xml.element("have:HospitalBedCapacityStatus"):
        for each in beds:
            with xml.element("have:BedCapacity"):
                xml.leaf("have:BedType", each.sort.value)
                with xml.element("have:Capacity"):
                    # CapacityStatus is left out: the standard's printings write its values
                    # differently, and the counts say it.
                    if each.free is not None:
                        xml.leaf("have:AvailableCount", str(each.free))
                    if each.staffed is not None:
                        xml.leaf("have:BaselineCount", str(each.staffed))
                xml.comment(f"Reported at {_instant(each.reported_at)}")


def _write_services(xml: "_Writer", hospital: PublishedHospital) -> None:
    known = hospital.has | hospital.lacks
    if not known:
        return
    with xml.element("have:ServiceCoverageStatus"):
        for path, bit in _SERVICES:
            if known & bit:
                xml.nested(path, "true" if hospital.has & bit else "false")
        for words, mask in (("Has", hospital.has), ("Does not have", hospital.lacks)):
            if mask:
                xml.comment(f"{words}: {', '.join(codes(mask))}")


def _write_stock(xml: "_Writer", hospital: PublishedHospital) -> None:
    at = hospital.stock_reported_at
    if at is None or not hospital.stock_has | hospital.stock_lacks:
        return
    with xml.element("have:HospitalResourcesStatus"):
        for words, mask in (("in stock", hospital.stock_has), ("used up", hospital.stock_lacks)):
            for code in codes(mask):
                text = f"{code}: {words}, reported at {_instant(at)}"
                xml.leaf("have:ResourcesInformationText", text)


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class _Writer:
    """Writes elements one after another; text is escaped, and what XML cannot hold left out."""

    def __init__(self) -> None:
        self._written = StringIO()

    @property
    def text(self) -> str:
        return self._written.getvalue()

    def raw(self, xml: str) -> None:
        self._written.write(xml)

    @contextmanager
    def element(self, name: str, attributes: str = "") -> Iterator[None]:
        self._written.write(f"<{name}{attributes}>")
        yield
        self._written.write(f"</{name}>")

    def leaf(self, name: str, text: str) -> None:
        self._written.write(f"<{name}>{escape(_UNWRITABLE.sub('', text))}</{name}>")

    def comment(self, text: str) -> None:
        self.leaf("have:CommentText", text)

    def nested(self, path: Sequence[str], text: str) -> None:
        *outer, leaf = path
        self._written.write("".join(f"<have:{name}>" for name in outer))
        self.leaf(f"have:{leaf}", text)
        self._written.write("".join(f"</have:{name}>" for name in reversed(outer)))
