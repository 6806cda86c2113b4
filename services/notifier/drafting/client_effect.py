"""Says what the news means for this client, in concrete terms, and asks the one open question that fits it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from statistics import median

from schemas.mentions import FAMILY_OF, EventKind
from services.notifier.drafting.brief import Brief, pick
from services.notifier.drafting.casing import capitalized
from services.notifier.drafting.data_files import phrasing
from services.notifier.drafting.event_lines import meanings_for, questions_for
from services.notifier.drafting.fit import query_for
from services.notifier.drafting.grounding import share_percent
from services.notifier.drafting.news import lead_evidence
from services.notifier.drafting.opinion import OpinionPart
from services.notifier.drafting.own_words import own_view, question_on
from services.notifier.drafting.playbook_rules import RuleQuery
from services.notifier.drafting.portfolio_effect import portfolio_effect
from services.notifier.drafting.public_acts import is_public_act
from services.notifier.drafting.tokens import Date, fold, tokens

__all__ = ["meaning_text", "named_date", "other_name", "question_text"]

#: Up to so many capitals are an abbreviation, which shows the name.
SHORT_NAME = 5
#: A holding is called large or small only among so many of known weight, and if it is so many times the median.
MIN_HOLDINGS = 4
LARGE, SMALL = 1.5, 0.6
#: Kinds of events in which a date that the news names is one to act by.
_DATED: frozenset[EventKind] = frozenset(("regulation", "end_of_life", "price_increase", "strike", "recall"))
_BEFORE_A_DATE = ("by", "until", "before", "from", "effective", "starting", "deadline")


def meaning_text(brief: Brief, view: OpinionPart, *, in_full: bool) -> str:
    """Return how the client is affected: their share of it and, ``in_full``, what the event does to that.

    Where the news uses a quite different name for what the client has, it is added to the client's own.
    """
    text, other = _meaning_text(brief, view, in_full=in_full), other_name(brief)
    if other is None:
        return text
    return re.sub(rf"{re.escape(brief.asset)}(?!\w)", f"{brief.asset} ({other})", text, count=1)


def other_name(brief: Brief) -> str | None:
    """Return the name by which the leading report calls what the client has, if it has no word of the client's name."""
    if brief.watch is None or not (brief.watch.is_asset or brief.alert.stance == "competes"):
        return None
    item = lead_evidence(brief)
    told = f" {fold(item.title)} {fold(item.quote)} "
    if any(f" {word} " in told or f" {word}s " in told for word in _words_of(brief.asset, brief.watched_name)):
        return None
    found = [re.sub(r"[’']s?$", "", span.text.strip()) for span in item.spans if span.field != "body"]
    named = [
        name
        for name in found
        if (len(name) > SHORT_NAME or not name.isupper())
        and fold(name) not in (fold(brief.asset), fold(brief.watched_name))
    ]
    return named[0] if named else None


def _words_of(*names: str) -> set[str]:
    return {word for name in names for word in fold(name).split()}


def _meaning_text(brief: Brief, view: OpinionPart, *, in_full: bool) -> str:
    phrases, alert = brief.phrases, brief.alert
    meaning = _meaning(brief, view) if in_full else ""
    if alert.verdict == "warn" and not is_public_act(alert):
        share = _share(brief)
        if meaning:
            named = phrases.stance[alert.stance].format(asset=brief.asset, share=share).rstrip(".")
            because = _within(named, brief.asset)
        else:
            comma = "," if share else ""
            because = phrases.stance_short[alert.stance].format(asset=brief.asset, share=f"{share}{comma}").rstrip(",")
        because = phrases.news["because"].format(because=because)
        return f"{because} {_if_right(meaning, brief.asset)}" if meaning else because
    effect = portfolio_effect(alert, brief.watch)
    if effect is not None and in_full:
        percent = share_percent((brief.watch and brief.watch.weight) or 0)
        form = phrases.portfolio_effect[effect.way]
        return form.format(asset=brief.asset, percent=percent, move=effect.percent, whole=effect.of_whole)
    day = named_date(brief) if in_full else None
    dated = phrases.named_date.format(date=day) if day else ""
    # A sentence that names the asset and the client says by itself how the two are connected. What a central bank does
    # with its rate is no rule that applies to anybody.
    connected = brief.asset in meaning and not _share(brief) and alert.stance != "follows"
    connected = connected or (bool(meaning) and alert.stance == "regulated_by" and FAMILY_OF[alert.kind] == "macro")
    return " ".join(filter(None, ("" if connected else _position(brief), meaning, dated)))


def question_text(brief: Brief, view: OpinionPart) -> str:
    """Return the open question that closes the message. It is about the client's own view, if they have one."""
    client, pools = brief.client, brief.phrases.questions
    seed = (client.id, brief.alert.story_id)
    if view.withheld is not None:
        return pick(pools["information"], *seed)
    if client.mood == "upset":
        return pick(pools["upset"], *seed)
    if brief.alert.verdict == "correct":
        return pick(pools["correct"], *seed)
    if (own := own_view(brief)) is not None:
        return question_on(own, brief)
    if view.rule is None:
        return pick(pools["without_opinion"], *seed)
    if view.rule.question:
        return _filled(view.rule.question, brief.asset)
    about = brief.trade.questions_about(brief.alert.stance)
    fitting = questions_for(_query(brief, view), only_of_trade=bool(about) or _in_own_words(brief))
    fitting = fitting or about or pools["with_opinion"]
    return _filled(pick(fitting, *seed, "question"), brief.asset)


def named_date(brief: Brief) -> str | None:
    """Return the day by or from which something applies, as the news writes it; None if it names none to come."""
    if brief.alert.kind not in _DATED or (brief.alert.stance == "follows" and brief.client.trade == "wealth"):
        return None  # who only follows a rule as an investor has no date to keep
    for item in brief.alert.evidence:
        for text in (item.quote, item.title):
            for token in tokens(text):
                before = text[: token.start].split()[-2:]
                is_term = any(word.casefold().strip(",") in _BEFORE_A_DATE for word in before)
                if is_term and isinstance(token.value, Date) and _is_to_come(token.value, brief.now):
                    return token.text
    return None


def _is_to_come(day: Date, now: datetime) -> bool:
    if day.year is None or day.month is None:
        return False
    return date(day.year, day.month, day.day or 28) > now.date()


def _query(brief: Brief, view: OpinionPart) -> RuleQuery:
    query = query_for(brief.alert, brief.client, brief.asset, brief.manager.id)
    # The advice is general because the kind does not fit the reading, so nothing else may be about the kind either.
    unsure = query.unsure or (view.rule is not None and view.rule.is_general)
    return replace(query, unsure=unsure, like=brief.trades.rules_for(query.trade)[1:])


def _meaning(brief: Brief, view: OpinionPart) -> str:
    if view.withheld is not None or brief.alert.verdict not in ("tell", "warn", "information"):
        return ""
    if view.rule is not None and view.rule.meaning:
        return _filled(view.rule.meaning, brief.asset)
    fitting = meanings_for(_query(brief, view), only_of_trade=_in_own_words(brief))
    return _filled(pick(fitting, brief.client.id, brief.alert.story_id, "meaning"), brief.asset) if fitting else ""


def _in_own_words(brief: Brief) -> bool:
    """Return whether the client's trade has words of its own for the relation, so that general ones may not fit."""
    return brief.alert.stance in brief.trade.stances


def _filled(sentence: str, asset: str) -> str:
    """Return ``sentence`` with the name of the asset in it, and with a capital at its beginning."""
    filled = sentence.replace("{asset}", asset)
    first = filled.split()[0]
    return filled[:1].upper() + filled[1:] if first.isalpha() and first.islower() else filled  # not "iPhone"


def _if_right(sentence: str, asset: str) -> str:
    """Return ``sentence`` under the condition that the report is right."""
    phrases = phrasing()
    if sentence.startswith("If "):
        return phrases.if_right_and.format(meaning=sentence.removeprefix("If "))
    return phrases.if_right.format(meaning=_within(sentence, asset))


def _within(sentence: str, asset: str) -> str:
    """Return ``sentence`` as it stands within another: its first word in lower case, unless it is a name."""
    is_name = sentence.startswith(asset) and not asset.startswith(("the ", "a ", "an "))
    return sentence if is_name else sentence[:1].lower() + sentence[1:]


def _share(brief: Brief) -> str:
    watch = brief.watch
    if watch is None or not watch.weight or not watch.is_asset:
        return ""
    kind = "holding" if watch.kind == "holding" else "other"
    return brief.phrases.share[kind].format(percent=share_percent(watch.weight))


def _position(brief: Brief) -> str:
    """Return the client's stance as a sentence, with how large a holding is among their others."""
    phrases, watch = brief.phrases, brief.watch
    if watch is not None and watch.weight and watch.kind == "holding":
        weights = sorted(_weights(brief))
        middle = median(weights)
        if len(weights) >= MIN_HOLDINGS:
            rank = "large" if watch.weight >= LARGE * middle else "small" if watch.weight <= SMALL * middle else "usual"
            form = pick(phrases.position[rank], brief.client.id, brief.alert.story_id, "position")
            return capitalized(form.format(asset=brief.asset, percent=share_percent(watch.weight)))
    text = phrases.stance[brief.alert.stance].replace("{share}", _share(brief))
    return _filled(text, brief.asset)


def _weights(brief: Brief) -> Iterator[float]:
    return (watch.weight for watch in brief.client.assets if watch.kind == "holding" and watch.weight)
