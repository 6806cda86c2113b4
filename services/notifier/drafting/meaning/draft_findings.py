"""The findings of the meaning check in a draft, an edited text or a rewording."""

from __future__ import annotations

from schemas.drafts import Finding
from services.notifier.drafting.grounding import GroundingSources, sentence_spans
from services.notifier.drafting.meaning.compare import check_certainty, check_meaning
from services.notifier.drafting.tone import blank_quotations

__all__ = ["composed_findings", "edited_findings"]


def composed_findings(message: str, known: GroundingSources) -> tuple[Finding, ...]:
    """Return the promises in a composed ``message``. Its news quotes the evidence, so it is not compared with it."""
    promises = check_certainty(blank_quotations(message), _evidence(known))
    return tuple(finding.as_finding() for finding in promises)


def edited_findings(text: str, before: str, known: GroundingSources) -> tuple[Finding, ...]:
    """Return what ``text`` says otherwise than the evidence, the client book, or the draft that it was edited from.

    Sentences that stand in the draft (``before``) are not reported again.
    """
    kept = {_folded(before[start:end]) for start, end in sentence_spans(before)}
    spans = ((text[start:end]) for start, end in sentence_spans(text))
    changed = "\n".join(sentence.strip() for sentence in spans if _folded(sentence) not in kept)
    own = "\n".join(
        sentence for sentence in (before[start:end] for start, end in sentence_spans(blank_quotations(before)))
    )
    evidence = (*_evidence(known), own)
    return tuple(finding.as_finding() for finding in check_meaning(changed, evidence))


def _evidence(known: GroundingSources) -> tuple[str, ...]:
    """Return the texts that state something: those of a few words and more."""
    texts = (
        entry.text for entry in known.entries if entry.where == "evidence" or entry.ref.startswith(("views", "history"))
    )
    return tuple(dict.fromkeys(text for text in texts if len(text.split()) >= 4))


def _folded(sentence: str) -> str:
    return " ".join(sentence.split()).casefold().rstrip(".")
