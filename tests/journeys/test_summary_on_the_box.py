"""What a patient shares, on the real box of the hospital that the real gateway asks."""

from pathlib import Path

import pytest

from edge_node.lease import Dark
from edge_node.summaries import Summary
from gateway.sites.bundles import write_bundle
from gateway.sites.enrolment import issue_code
from shared.dispatch import DispatchState
from sync.sealing import NodeKeys
from tests.edge_node.two_sides import Hospital
from tests.journeys.box_with_modem import BoxWithModem, forward
from tests.journeys.test_it_is_me import ALLERGY, patient, raises, says_it_is_them
from tests.journeys.world import KEYS

WEEK_S = 7 * 24 * 3600


def summary(hospital: Hospital) -> Summary | None:
    """What the box shows beside its latest patient."""
    shown = hospital.box.dispatches()
    return hospital.box.summaries([shown[0].id]).get(shown[0].id) if shown else None


def test_it_comes_is_changed_and_goes(
    box: BoxWithModem, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    phone = raises(patient(box.world))
    box.passes(1)
    assert box.knows().rings
    assert summary(box.hospital) is None
    phone.dials().chooses("8", "1").sees("what you allowed")
    box.passes(1)
    shown = summary(box.hospital)
    assert shown is not None
    assert (shown.blood_type, shown.allergies) == ("O-", ALLERGY)
    phone.dials().chooses("6", "9", "2", "3", "5").sees("Saved")
    box.passes(1)
    shown = summary(box.hospital)
    assert shown is not None
    assert shown.blood_type == "B+"
    phone.texts("NOT ME")
    box.passes(1)
    assert summary(box.hospital) is None
    assert box.knows().rings
    # structlog prints, libraries log: neither side says anything of it.
    assert ALLERGY not in "".join((*capsys.readouterr(), caplog.text))


def test_without_the_internet_texts_go_on_and_carry_none_of_it(box: BoxWithModem) -> None:
    box.cuts()
    box.passes(1)
    says_it_is_them(patient(box.world))
    box.passes(60)
    assert box.down
    assert box.knows().rings
    assert summary(box.hospital) is None
    site_id = box.hospital.identity.site().site_id
    end = box.network._gateway.desk
    content, _ = write_bundle(end, site_id, everything=False)
    assert ALLERGY.encode() not in content
    box.heals()
    box.passes(2)
    shown = summary(box.hospital)
    assert shown is not None
    assert shown.allergies == ALLERGY


def test_a_week_of_running_without_haven_hides_it_and_answers_go_on(box: BoxWithModem) -> None:
    says_it_is_them(patient(box.world))
    box.passes(1)
    box.cuts()
    box.hospital.runs(WEEK_S)
    shown = summary(box.hospital)
    assert shown is not None
    assert (shown.dark, shown.blood_type, shown.allergies) == (Dark.RUN_OUT, "", "")
    box.hospital.box.accept(box.knows().id, "AK")
    box.passes(90)
    assert box.world.dispatches()[-1].state == DispatchState.ACCEPTED  # by SMS
    assert summary(box.hospital) == shown
    box.heals()
    box.passes(1)
    shown = summary(box.hospital)
    assert shown is not None
    assert shown.allergies == ALLERGY


def test_a_day_after_the_end_nothing_of_it_is_on_the_box(box: BoxWithModem) -> None:
    says_it_is_them(patient(box.world)).dials().chooses("5", "1")
    box.passes(1)
    assert summary(box.hospital) is None
    forward(box, hours=24, minutes=1)
    box.passes(2)
    assert box.hospital.box.dispatches() == []


def test_a_box_that_has_lost_its_store_is_told_again(box: BoxWithModem) -> None:
    says_it_is_them(patient(box.world))
    box.passes(1)
    box.hospital.store.close()
    for file in box.hospital.folder.glob("store.sqlite*"):
        file.unlink()
    box.hospital.starts()
    box.starts_modem()
    assert box.hospital.lease.state.dark is Dark.RUN_OUT
    box.passes(5)
    shown = summary(box.hospital)
    assert shown is not None
    assert shown.allergies == ALLERGY


def test_the_next_box_starts_with_it_and_the_one_before_is_dark(
    box: BoxWithModem, tmp_path: Path
) -> None:
    phone = says_it_is_them(patient(box.world))
    box.passes(1)
    services = box.world.services
    code = services.database.write(
        lambda c: issue_code(
            c, services.system, NodeKeys(KEYS.boxes), box.hospital_id, "Mbagathi Hospital"
        )
    )
    second = Hospital(tmp_path / "second", box.clock, box.network, seed=3)
    second.enrols(str(code))
    second.exchanges()
    shown = summary(second)
    assert shown is not None
    assert shown.allergies == ALLERGY
    box.hospital.exchanges()
    dark = summary(box.hospital)
    assert dark is not None
    assert (dark.dark, dark.allergies) == (Dark.RETIRED, "")
    phone.texts("NOT ME")
    for hospital in (second, box.hospital):
        hospital.exchanges()
        assert summary(hospital) is None
    second.store.close()
