"""What each kind of alarm means, in plain words, and what a person does about it."""

from dataclasses import dataclass

_SHOW = "haven-gateway emergencies show {code}"
_NO_PHONE = "Do NOT phone the caller: they may be watched. "


@dataclass(frozen=True, slots=True)
class AlarmWords:
    """`says` is what is wrong; `do` is the next step, with `{code}` for the help code;
    `do_discreet` is the next step where the caller must not be phoned, when it is another one.
    """

    says: str
    do: str
    do_discreet: str = ""


# One for each text under the catalogue's `operator`; a test compares them.
ALARM_WORDS = {
    "no_place": AlarmWords(
        "Nobody knows where the patient is.",
        "Phone the caller, then: haven-gateway emergencies place {code} --name PLACE --by YOU",
        _NO_PHONE + f"Read what they wrote: {_SHOW}",
    ),
    "unanswered": AlarmWords(
        "No hospital answers, or none is left to ask.",
        "Phone hospitals, then: haven-gateway emergencies send {code} HOSPITAL --by YOU",
    ),
    "not_reachable": AlarmWords(
        "The hospital does not answer, or has no channel that was ever tested.",
        "Phone the hospital, then: haven-gateway emergencies accept (or cannot-treat) {code} "
        "HOSPITAL --by YOU",
    ),
    "no_transport": AlarmWords(
        "The patient has no transport.",
        "Find an ambulance or a driver, tell the caller, then: haven-gateway alarms solve {code}",
        _NO_PHONE + "Find transport through the hospital.",
    ),
    "not_arrived": AlarmWords(
        "A hospital expects the patient, who has not come.",
        "Phone the caller and the hospital, then: haven-gateway emergencies arrived (or close) "
        "{code} --by YOU",
        _NO_PHONE + "Phone the hospital.",
    ),
    "worse": AlarmWords(
        "The caller says that it got worse.",
        f"See that somebody answers: {_SHOW}",
    ),
    "undelivered": AlarmWords(
        "Our SMS does not reach the caller.",
        f"Phone the caller and tell them where to go: {_SHOW} --reveal-phone --by YOU",
        _NO_PHONE + "Wait for them to write.",
    ),
    "cancel_asked": AlarmWords(
        "The phone of somebody who may be watched asked to cancel. Nothing was cancelled.",
        "Do NOT phone the caller: whoever has the phone thinks that it ended. Ask the hospital. "
        "Keep it: haven-gateway alarms solve {code} --by YOU. End it: haven-gateway emergencies "
        "close {code} --by YOU",
    ),
    "stuck": AlarmWords(
        "The gateway itself fails at this emergency.",
        f"Take it over by hand, and report the fault: {_SHOW}",
    ),
    "wrote": AlarmWords(
        "The caller writes again, and no hospital expects them.",
        f"Read it: {_SHOW}",
    ),
    "moved": AlarmWords(
        "The patient is far from where the hospital expected them.",
        "Decide with the hospital; another one: haven-gateway emergencies cannot-treat, then send",
    ),
    "answer_failed": AlarmWords(
        "An answer of the hospital could not be taken in.",
        "Phone the hospital, then: haven-gateway emergencies accept (or cannot-treat, arrived) "
        "{code} HOSPITAL --by YOU",
    ),
    "provider": AlarmWords(
        "Messages are not going out.",
        "Mend the account at the carrier, then: haven-gateway deliveries list --waiting",
    ),
    "answers_itself": AlarmWords(
        "The caller's phone answers each of our texts by itself; Haven answers it no more.",
        f"Phone the caller: {_SHOW} --reveal-phone --by YOU",
        _NO_PHONE + "Wait for them to write.",
    ),
    "no_number": AlarmWords(
        "A message came from a sender that is no phone number: nobody can be answered.",
        "Read it. If somebody is in need, find them by what they wrote.",
    ),
    "channel_lapsed": AlarmWords(
        "A hospital's phone and box have not been heard for over a week: callers read that it is "
        "not yet informed.",
        "Phone the hospital's management, mend its number: haven-gateway hospitals contacts, then: "
        "haven-gateway alarms solve",
    ),
    "mass_casualty": AlarmWords(
        "Many are hurt at one place.",
        "Phone hospitals and ambulances; see: haven-gateway mass-casualty list, and " + _SHOW,
    ),
    "given_back": AlarmWords(
        "This gateway had lost the patient; the hospital's box gave them back.",
        f"Ask the hospital how things stand, and phone the caller: {_SHOW}",
        f"Ask the hospital how things stand: {_SHOW}",
    ),
    "box_knows_more": AlarmWords(
        "A hospital's box knows what this gateway does not: the database is older than it was.",
        "See that the right database runs. What was lost comes back box by box: haven-gateway "
        "sites list, and haven-gateway emergencies list",
    ),
    "box_differs": AlarmWords(
        "A hospital's box has other events than this gateway under the same numbers: a copy of the "
        "database has been written to as well.",
        "See that only one gateway runs. The box was told everything anew; ask the hospital which "
        "patients it expects: haven-gateway emergencies list",
    ),
    "restored": AlarmWords(
        "The database is older than it was: it was set back to a copy. What was due before waits.",
        "See that it is the right copy, then: haven-gateway restores show",
    ),
    "box_note": AlarmWords(
        "The hospital's staff wrote a note about this patient.",
        f"Read it: {_SHOW}",
    ),
    "box_wrote": AlarmWords(
        "A hospital's staff wrote a note on their box.",
        "Read it, and phone the hospital where it matters.",
    ),
    "box_sim": AlarmWords(
        "The SIM of a hospital's box does not work, or its credit is nearly used up: it cannot "
        "text when its network is down.",
        "Top it up, or phone the hospital to see to it: haven-gateway sites list",
    ),
    "staff_wrote": AlarmWords(
        "A hospital's duty phone wrote words that answer no offer.",
        "Read it, and phone the hospital where it matters.",
    ),
}


def what_to_do(kind: str, code: str, *, discreet: bool) -> str:
    """The next step for this alarm."""
    words = ALARM_WORDS[kind]
    chosen = words.do_discreet if discreet and words.do_discreet else words.do
    return chosen.format(code=code)
