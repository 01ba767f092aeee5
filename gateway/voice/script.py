"""A call's next step as Africa's Talking's XML.

AT goes on with the element after a GetDigits when nobody pressed anything, without telling us: a
Redirect stands there, so that silence is heard too.
"""

from collections.abc import Iterable
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from gateway.voice.recordings import Recordings
from gateway.voice.speech import Prompt

# After the prompts have been played. Longer than people think about a question; each silence asks
# it again.
_ANSWER_WITHIN_S = 8
REJECT = "<Response><Reject/></Response>"


def question(recordings: Recordings, prompts: Iterable[Prompt], step_url: str) -> str:
    """Asks, and goes on with the key that is pressed or with the silence."""
    return _response(_digits(recordings, prompts, step_url), _element("Redirect", f"{step_url}/-"))


def last_words(recordings: Recordings, prompts: Iterable[Prompt], step_url: str | None) -> str:
    """Says this and hangs up; with `step_url`, a key has it said again."""
    if step_url is None:
        return _response(_said(recordings, prompts))
    return _response(_digits(recordings, prompts, step_url))


def connection(recordings: Recordings, prompts: Iterable[Prompt], number: str) -> str:
    """Says this and puts the caller through to that number."""
    return _response(_said(recordings, prompts), f"<Dial phoneNumbers={quoteattr(number)}/>")


def _digits(recordings: Recordings, prompts: Iterable[Prompt], step_url: str) -> str:
    """A key cuts short what stands inside the question, and AT documents one element there: all of
    it, if it can be said in one; else its last part.
    """
    row = list(prompts)
    joined = recordings.row_url(row)
    elements = [f"<Play url={quoteattr(joined)}/>"] if joined else _elements(recordings, row)
    return (
        f"{''.join(elements[:-1])}"
        f'<GetDigits timeout="{_ANSWER_WITHIN_S}" numDigits="1" callbackUrl={quoteattr(step_url)}>'
        f"{elements[-1]}</GetDigits>"
    )


def _said(recordings: Recordings, prompts: Iterable[Prompt]) -> str:
    return "".join(_elements(recordings, prompts))


def _elements(recordings: Recordings, prompts: Iterable[Prompt]) -> list[str]:
    parts = [(recordings.url(prompt) if prompt.name else None, prompt.words) for prompt in prompts]
    elements: list[str] = []
    for recorded, group in groupby(parts, key=lambda part: part[0] is not None):
        if recorded:
            elements += [f"<Play url={quoteattr(url)}/>" for url, _ in group if url]
        else:
            elements.append(_element("Say", " ".join(words for _, words in group)))
    return elements


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _response(*elements: str) -> str:
    return f"<Response>{''.join(elements)}</Response>"
