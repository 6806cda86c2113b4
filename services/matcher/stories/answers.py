"""Find the story that a statement denies in other words: "all jobs are safe" answers the report of job cuts. Pure.

By its own words, such a statement reports nothing, or even seems to confirm what it denies. It counts as a denial only
where it answers a story that clients know or that is held, if whoever must know makes it, and if most of what it speaks
of is what that story is about. Whatever else that somebody keeps, or denies, stays what it is.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

from schemas.mentions import FAMILY_OF, Claim, ClaimBasis, ItemAnnotated, Origin
from schemas.readings import EventFamily
from services.matcher.reading.assurances import (
    Assurance,
    commits,
    find_assurance,
    find_state,
    is_bare_change,
    is_undone,
    names_change,
    subject_words,
)
from services.matcher.reading.claims import statements
from services.matcher.reading.impact import kind_named
from services.matcher.reading.negated_events import confirms_denied
from services.matcher.reading.responses import Response, find_response, refuses_request
from services.matcher.sources.origins import party_origin
from services.matcher.stories.pairwise import UNSPECIFIC, Report, default_model, report_of
from services.matcher.stories.same_claim import UNSPECIFIC_KINDS, hurts_party, is_same_claim
from services.matcher.stories.same_things import shared_stems
from services.matcher.stories.signature import content_stems, stem
from services.matcher.stories.story import Story
from services.matcher.stories.threads import JudgeState, Thread
from services.matcher.stories.window import event_probability
from services.matcher.text.normalize import words
from services.matcher.text.preparation import title_of

__all__ = ["Answer", "find_answer", "unrelated_stories"]

#: The share of what is said, weighted by how rare the words are, that has to be about the story.
_COVERED = 0.45
#: What is negated is of something else, unless so much of the whole sentence is about the story.
_WHOLE_COVERED = 0.7
#: What counts for a share that is enough, where something else than words decides.
_ENOUGH = 0.5
#: A state contradicts a report if both are of one event with this probability: it has few words in common with it.
_CONTRADICTS_AT = 0.2
#: On these words an item says what a party or an authority says.
_PARTIES: frozenset[ClaimBasis] = frozenset(("company", "filing"))
_AUTHORITIES: frozenset[ClaimBasis] = frozenset(("regulator", "court"))
#: Events with a party beside the watched one.
_DEALS: frozenset[EventFamily] = frozenset(("deal", "contract"))
#: Events of a product that its maker knows of.
_MAKERS: frozenset[EventFamily] = frozenset(("product", "cutback", "recall", "outage", "breach", "vulnerability"))
#: Events of which only the company itself knows.
_ISSUERS: frozenset[EventFamily] = frozenset(("earnings", "guidance", "dividend", "buyback", "share_move", "rating"))
#: Events of a person, who speaks of them.
_PERSONAL: frozenset[EventFamily] = frozenset(("leadership", "legal", "reputation"))
_MAKER = re.compile(
    r"\b(?:[Ii]ts|[Tt]he) (?:maker|manufacturer|developer|operator)\b|, (?:maker|developer|operator) says$", re.M
)
_OFFICE = (
    r"(?:minister|ministry|government|governor|mayor|prosecutors?|police|regulator|watchdog|navy|army|air force"
    r"|pentagon|white house|treasury|central bank|embassy|council|inspectorate|department|authorit(?:y|ies)"
    r"|commission|officials"
    r"|(?:food|safety|health|drugs?|medicines|environment|tax|security|aviation|consumer|federal|state) agency)"
)
_OFFICE_FIRST = re.compile(rf"(?:[\w-]+ ){{0,3}}{_OFFICE}\b", re.I)
_OFFICIAL = re.compile(
    rf"^(?:[\w-]+ ){{0,3}}{_OFFICE}(?:(?: \w+){{0,2}} (?:says?|insists?|den(?:y|ies|ied)|rules? out|ruled out"
    rf"|contradicts?|dismiss(?:es)?|rejects?)\b|: )|, (?:[\w-]+ ){{0,2}}{_OFFICE} says?$",
    re.I,
)
#: At the end of a headline that opens with the watched name: "Halden not for sale, owner says".
_OWN_OFFICE = re.compile(
    r"[,\"”'’–—-] ?(?:(?:its|the) )?(?:(?:vice|deputy|group|interim|acting|new) )?"
    r"(?:owners?|founders?|chair(?:man|woman|person)?|chief(?: \w+){0,2}|(?:\w+ )?(?:boss|chief|director)|president"
    r"|ceo|cfo|family|board|management|spokes\w+|lawyers?|counsel)"
    r" (?:says?|insists?|tells?(?: \w+)?|stress(?:es)?|assures?(?: \w+)?)$",
    re.I,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
#: The longest subject of a headline: "Halden chief executive vows to".
_SUBJECT_WORDS = 5
#: Words for an office between a name and a colon: "Halden finance chief: …".
_OFFICE_WORDS = 3
#: Who accuses or decides against somebody gives no assurance.
_ACCUSES = re.compile(
    r"\b(?:lawsuits?|suits?|complaints?|class[- ]action|alleg\w+|accus\w+|charg\w+|su(?:es|ed|ing)|fin(?:es|ed)"
    r"|breach\w*|violat\w+|illegal\w*|unlawful\w*|fail\w*)\b",
    re.I,
)
#: Words for what there is none of: "no job cuts".
_THING_WORDS = 2
#: Sentences after the title that may say it.
_SENTENCES = 1
_Found = TypeVar("_Found")


class Answer(NamedTuple):
    """An item as the denial that it is, and the id of the story that it answers."""

    annotated: ItemAnnotated
    story_id: str


def find_answer(state: JudgeState, annotated: ItemAnnotated) -> Answer | None:
    """Return the item as a denial of the open story that it answers, or None if it answers none in its own words."""
    claim = annotated.claim
    if not claim.judged or not _is_firm(claim) or annotated.impact.kind == "averted":
        return None  # what was planned and ends is an event of its own
    title = title_of(annotated.item)
    if confirms_denied(title) or refuses_request(title) or kind_named(title) == "share_move":
        return None
    own_words = _own_words(annotated)
    if not annotated.origin.primary and not _speaks(annotated, own_words):
        return None
    open_stories = [
        (story, thread, origin)
        for story in state.window.stories
        if (thread := state.thread_at(story.id)) is not None
        and (origin := _speaker(thread, annotated, own_words)) is not None
    ]
    if not open_stories:
        return None
    said, responses, states = _assurances(annotated), _responses(annotated), _states(annotated)
    if not said and not responses and not states:
        return None
    report = report_of(annotated)
    own = frozenset(map(stem, own_words))
    names = frozenset(word for name in annotated.signature.names for word in name.split()) - own
    hurt = [story.id for story, thread, _ in open_stories if hurts_party(thread.event.kind, thread.event.direction)]
    scored = [
        (
            max(
                _covered(
                    _since(said, annotated),
                    story,
                    thread,
                    own | content_stems(origin.name),
                    names - content_stems(origin.name),
                ),
                _rejected(responses, story, thread, own | content_stems(origin.name), alone=hurt == [story.id]),
                _contradicted(states, story, thread, own, report),
            ),
            story.last_at,
            story.id,
            thread,
            origin,
        )
        for story, thread, origin in open_stories
    ]
    share, _, story_id, thread, origin = max(scored, key=lambda entry: entry[:3])
    if share < _COVERED:
        return None
    update = {
        "claim": claim.model_copy(update={"status": "denied"}),
        "impact": annotated.impact.model_copy(update={"kind": thread.event.kind, "direction": "unclear"}),
        "origin": origin,
    }
    return Answer(annotated.model_copy(update=update), story_id)


def _speaker(thread: Thread, annotated: ItemAnnotated, own_words: frozenset[str]) -> Origin | None:
    """Return the origin of what a party or an authority says of a story that is open, or None.

    A story is open if clients know it or it is held, and no party has stated it: whoever did, and keeps something
    since, takes nothing back. Whoever else the story names speaks first-hand only of deals; the maker of a watched
    product has an interest in the answer.
    """
    if not thread.told_or_held or thread.not_news is not None:
        return None
    if any(record.is_first_hand and record.status == "asserted" for record in thread.evidence):
        return None
    if not thread.evidence or min(thread.evidence, key=lambda record: record.said_at).status == "denied":
        return None  # it began with a denial: nobody reported anything
    origin = annotated.origin
    family = FAMILY_OF[thread.event.kind]
    if _is_authority(annotated) or (origin.primary and not origin.id.startswith("company:")):
        return None if family in _ISSUERS else origin
    if origin.primary and not own_words.isdisjoint(words(origin.name)):
        return origin
    if annotated.claim.basis == "own" or _is_subject_of_response(annotated, own_words) or _states_itself(annotated):
        return origin
    party = origin.name if origin.primary else annotated.claim.attributed_to or ""
    if not party:
        return None
    if family in _MAKERS and _maker_speaks(annotated):
        return origin
    if not any(party in f"{record.title} {record.quote}" for record in thread.evidence):
        return None
    if family in _DEALS:
        return party_origin(party, annotated.source)
    speaks_of_themselves = annotated.claim.basis == "person" and family in _PERSONAL
    return origin if family in _MAKERS or speaks_of_themselves else None


def _is_firm(claim: Claim) -> bool:
    """Return whether something is said without a word of doubt; a reader may take a promise for a forecast."""
    return claim.status in ("asserted", "denied") or (claim.status == "hedged" and not claim.cues)


def _own_words(annotated: ItemAnnotated) -> frozenset[str]:
    return frozenset(words(" ".join(span.text for span in annotated.mention.spans)))


def _speaks(annotated: ItemAnnotated, own_words: frozenset[str]) -> bool:
    """Return whether a party, an authority or a maker speaks, or the watched thing: it may bear the name of a paper."""
    claim, title = annotated.claim, annotated.item.title
    if claim.basis in _PARTIES or _is_authority(annotated):
        return True
    if claim.basis == "outlet":
        return frozenset(words(claim.attributed_to or "")) <= own_words
    if (
        _is_subject_of_response(annotated, own_words)
        or _states_itself(annotated)
        or (claim.basis == "person" and claim.attributed_to is not None)
    ):
        return True
    return claim.basis == "own" and (_maker_speaks(annotated) or (commits(title) and words(title)[0] in own_words))


def _is_subject_of_response(annotated: ItemAnnotated, own_words: frozenset[str]) -> bool:
    """Return whether the watched thing rejects something in a headline: "Halden chief pleads not guilty"."""
    title, response = words(annotated.item.title), find_response(annotated.item.title)
    return response is not None and response.words_before <= _SUBJECT_WORDS and bool(title) and title[0] in own_words


def _states_itself(annotated: ItemAnnotated) -> bool:
    """Return whether the headline gives the watched thing the floor: "Halden: no jobs will go", "…, owner says"."""
    title = title_of(annotated.item)
    first = next((span for span in annotated.mention.spans if span.field == "title"), None)
    if first is None or not title.startswith(first.text):
        return False
    before, colon, _ = title[len(first.text) :].partition(": ")
    if colon and len(before.split()) <= _OFFICE_WORDS and "," not in before:
        return True
    return _OWN_OFFICE.search(title) is not None


def _is_authority(annotated: ItemAnnotated) -> bool:
    basis = annotated.claim.basis
    title = annotated.item.title
    if basis in _AUTHORITIES:
        return annotated.source.kind == "regulator" or _ACCUSES.search(title) is None
    if basis == "person" and _OFFICIAL.search(title) is not None:
        return True
    response = find_response(title)
    if response is None or response.to_charges or response.words_before > _SUBJECT_WORDS:
        return False
    return _OFFICE_FIRST.match(title) is not None


def _maker_speaks(annotated: ItemAnnotated) -> bool:
    return _MAKER.search(f"{annotated.item.title}\n{annotated.item.summary or ''}") is not None


def unrelated_stories(state: JudgeState, annotated: ItemAnnotated) -> frozenset[str]:
    """Return the stories of which a denial denies nothing by its words: what it negates is none of what they report.

    Stories in which somebody denies something are left out: their words are those of a dispute.
    """
    if not annotated.claim.judged or annotated.claim.status != "denied":
        return frozenset()
    if refuses_request(annotated.item.title):
        return frozenset(story.id for story in state.window.stories)
    said = _assurances(annotated)
    if not said or any(assurance.lasts for assurance in said):
        return frozenset()
    own = frozenset(map(stem, _own_words(annotated)))
    return frozenset(
        story.id
        for story in state.window.stories
        if (thread := state.thread_at(story.id)) is not None
        and all(record.status != "denied" for record in thread.evidence)
        and not any(_concerns(assurance, thread, _known_stems(story, thread), own) for assurance in said)
    )


def _concerns(assurance: Assurance, thread: Thread, known: frozenset[str], own: frozenset[str]) -> bool:
    """Return whether what is negated may be the event of ``thread``, whose stems are ``known``, or a part of it."""
    kind = kind_named(assurance.subject or assurance.whole)
    if kind is not None and FAMILY_OF[kind] == FAMILY_OF[thread.event.kind]:
        return True
    if _is_other_event(assurance, thread):
        return False
    subject, whole = content_stems(assurance.subject) - own, content_stems(assurance.whole) - own
    if not subject:
        return not whole or _share(whole, known) >= _COVERED
    return (
        is_bare_change(assurance.subject)
        or _share(subject, known) >= _COVERED
        or _share(whole, known) >= _WHOLE_COVERED
    )


def _is_other_event(assurance: Assurance, thread: Thread) -> bool:
    """Return whether what is negated names an event of another sort: "will not sell its vans" denies no recall."""
    kind = kind_named(assurance.subject or assurance.whole)
    if kind is None or thread.event.kind in UNSPECIFIC_KINDS:
        return False
    return not is_same_claim(kind, None, thread.event.kind, thread.event.direction)


def _since(said: Sequence[Assurance], annotated: ItemAnnotated) -> list[Assurance]:
    """Leave out what is said of a year that is over."""
    year = annotated.seen_at.year
    return [
        assurance
        for assurance in said
        if not any(int(found) < year for found in _YEAR.findall(f"{assurance.subject} {assurance.whole}"))
    ]


def _assurances(annotated: ItemAnnotated) -> list[Assurance]:
    """Return what the item says stays or doesn't happen. That something stays is a court's decision, and no denial."""
    found = _found_by(find_assurance, annotated)
    return [said for said in found if not (said.lasts and annotated.claim.basis == "court")]


def _found_by(find: Callable[[str], _Found | None], annotated: ItemAnnotated) -> list[_Found]:
    """Return what is found in the title and after it; nothing if the title has none: an article says many things."""
    title = find(title_of(annotated.item))
    if title is None:
        return []  # as with nearly all items, whose text need not be read
    others = (find(statement.text) for statement in statements(annotated.item, _SENTENCES)[1:])
    return [title, *(other for other in others if other is not None)]


def _states(annotated: ItemAnnotated) -> list[Assurance]:
    """Return the states that a party says things are in."""
    origin = annotated.origin
    if not origin.primary or not origin.id.startswith("company:") or annotated.impact.direction == "negative":
        return []
    return _found_by(find_state, annotated)


def _contradicted(
    states: Sequence[Assurance], story: Story, thread: Thread, own: frozenset[str], report: Report
) -> float:
    """Return what is enough if a state contradicts a story that hurts: "fees are disclosed", of hidden fees.

    What is in that state has to stand in the story's own words, and the two to be not too improbably of one event.
    """
    if not hurts_party(thread.event.kind, thread.event.direction):
        return 0.0
    known = frozenset[str]().union(*(found.words | found.lead for found in story.compared()))
    heads = [head for state in states if (head := content_stems(state.head) - own)]
    if not any(shared_stems(head, known) == head for head in heads):
        return 0.0
    probability = event_probability(story, report)
    return _ENOUGH if probability is not None and probability >= _CONTRADICTS_AT else 0.0


def _responses(annotated: ItemAnnotated) -> list[Response]:
    """Return how the item rejects what is said; an authority that dismisses charges decides about them."""
    found = _found_by(find_response, annotated)
    return [response for response in found if not (response.to_charges and _is_authority(annotated))]


def _rejected(
    responses: Sequence[Response], story: Story, thread: Thread, own: frozenset[str], *, alone: bool
) -> float:
    """Return the largest share of what is rejected that is about the story.

    A response that says nothing of what it rejects answers the only open report that hurts: the story is ``alone``.
    """
    known = _known_stems(story, thread)
    topics = [(response.topic, topic) for response in responses if (topic := content_stems(response.topic) - own)]
    if not topics:
        return _ENOUGH if alone and responses else 0.0
    return max(_ENOUGH if _is_of_kind(text, thread) else _share(topic, known) for text, topic in topics)


def _is_of_kind(text: str, thread: Thread) -> bool:
    """Return whether a few words name an event of the thread's sort."""
    kind, reported = kind_named(text), thread.event.kind
    return kind is not None and reported not in UNSPECIFIC_KINDS and FAMILY_OF[kind] == FAMILY_OF[reported]


def _covered(
    said: Sequence[Assurance], story: Story, thread: Thread, own: frozenset[str], names: frozenset[str]
) -> float:
    """Return the largest share of what is said that is about the story.

    What is denied of others, whose ``names`` the headline has and the story has not, is not about it.
    """
    known = _known_stems(story, thread)
    ends = hurts_party(thread.event.kind, thread.event.direction) or any(
        names_change(record.title) for record in thread.evidence
    )
    undone = any(is_undone(record.title) for record in thread.evidence)

    def _fits(assurance: Assurance) -> bool:
        if assurance.lasts:
            return ends and not _is_another(assurance, thread, known | own)
        whole = content_stems(assurance.whole)
        return names & whole <= known and not (
            _is_other_event(assurance, thread) or _is_another(assurance, thread, known | own)
        )

    shares = [
        _covered_by(assurance, known, own, names, undone=undone) if _fits(assurance) else 0.0 for assurance in said
    ]
    # The first is the headline's: what a sentence adds is of the story only if that is.
    return max(shares) if shares and shares[0] > 0 else 0.0


def _is_another(assurance: Assurance, thread: Thread, known: frozenset[str]) -> bool:
    """Return whether a thing that the story has is called otherwise: "asthma drug", of reports on a heart drug."""
    called = {
        (modifier, thing)
        for modifier, thing in _pairs(assurance.subject or assurance.whole)
        if thing in known and not shared_stems(frozenset((modifier,)), known)
    }
    reported = {pair for record in thread.evidence for pair in _pairs(record.title)}
    return any(
        thing == other and modifier != instead and not names_change(instead)
        for modifier, thing in called
        for instead, other in reported
    )


def _pairs(text: str) -> list[tuple[str, str]]:
    """Return the stems of each two words next to each other, both of which say something."""
    found = words(text)
    meaning = content_stems(text)
    stems = [stem(word) for word in found]
    return [pair for pair in itertools.pairwise(stems) if meaning.issuperset(pair)]


def _known_stems(story: Story, thread: Thread) -> frozenset[str]:
    """Return the stems of the story's reports, and of what such an event would take away."""
    known = frozenset[str]()
    for report in story.compared():
        known |= report.words | report.lead
    families = {FAMILY_OF[thread.event.kind]}
    for record in thread.evidence:
        families |= {FAMILY_OF[kind] for kind in (record.kind, kind_named(record.title)) if kind is not None}
    return known | _subject_stems(frozenset(families - UNSPECIFIC))


def _covered_by(
    assurance: Assurance, known: frozenset[str], own: frozenset[str], names: frozenset[str], *, undone: bool
) -> float:
    """Return the share of what is said that is among the ``known`` stems.

    What is negated has to be the event or a part of it, other than a place: that a plant is not profitable is no denial
    of its closure. ``undone``: something that was planned fails, by the story's reports.
    """
    subject, whole = content_stems(assurance.subject) - own, content_stems(assurance.whole) - own
    if assurance.lasts:
        if names_change(assurance.head) and not undone:
            return 0.0  # "the sale is on track" denies no sale
        kept = content_stems(assurance.head) - own or subject
        if kept and not shared_stems(kept, known):
            return 0.0
        if not subject and not whole:  # the watched thing itself: "is liquid", "remains available"
            return float(not content_stems(assurance.state).isdisjoint(known))
        return max(_share(subject, known), _share(whole, known))
    if assurance.subject and not shared_stems(subject - names, known) and not names_change(assurance.subject):
        return 0.0
    meaning = content_stems(assurance.thing) - own
    none_of = [stem(word) for word in words(assurance.thing) if stem(word) in meaning][:_THING_WORDS]
    if none_of and not shared_stems(frozenset(none_of), known):
        return 0.0  # "no crime by the presenter"
    return max(_share(subject, known), _share(whole, known))


@cache
def _subject_stems(families: frozenset[EventFamily]) -> frozenset[str]:
    found = {stem(word) for family in families for word in subject_words(family)}
    return frozenset(found | {stem(word) for word in found})  # "suppliers" and "supplier"


def _share(stems: frozenset[str], known: frozenset[str]) -> float:
    """Return the share of ``stems`` that is in ``known``, weighted by how rare they are; 0 without any.

    Words of one root and for the same thing count as one: "bribes" and "bribery", "ships" and "fleet".
    """
    model = default_model()
    total = model.mass(stems)[0]
    return model.mass(shared_stems(stems, known))[0] / total if total else 0.0
