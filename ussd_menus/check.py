"""What is wrong with a set of menus, told before any caller finds out."""

from shared.triage import TriageRules
from ussd_menus.check_names import Known, unknown_names, unknown_variables
from ussd_menus.check_texts import MISSING, missing_texts, wrong_words
from ussd_menus.check_triage import indiscreet_rules, unreachable_rules
from ussd_menus.check_ways import long_ways, lost_screens
from ussd_menus.check_widths import too_long
from ussd_menus.fault import Fault
from ussd_menus.menus import Menus


def check(menus: Menus, rules: TriageRules, known: Known) -> list[Fault]:
    """Everything that is wrong, in the order of the screens; empty when callers can be let in."""
    faults = [
        *unknown_names(menus, known),
        *unknown_variables(menus, known),
        *lost_screens(menus),
        *missing_texts(menus),
        *wrong_words(menus),
        *long_ways(menus),
        *unreachable_rules(menus, rules),
        *indiscreet_rules(menus, rules),
    ]
    if any(fault.what.startswith(MISSING) for fault in faults):
        return faults  # what has no text cannot be measured
    return [*faults, *too_long(menus)]
