"""Every shipped rule against the readings that it must serve and must not serve."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import cast, get_args

import pytest

from schemas.clients import Stance, Trade
from schemas.mentions import FAMILY_OF, Direction, EventKind
from schemas.readings import EventFamily, Firmness, Role
from services.notifier.drafting.dry_run import DryRunCase, brief_for
from services.notifier.drafting.event_lines import meanings_for
from services.notifier.drafting.fit import (
    contradiction,
    doubts,
    fitting_phrasings,
    has_begun,
    is_beyond_books,
    is_company,
    is_decision_on_one,
    is_politics_beyond_books,
    presuppositions,
    query_for,
)
from services.notifier.drafting.opinion import opinion_part
from services.notifier.drafting.playbook_files import parse_playbook
from services.notifier.drafting.playbook_rules import ANY, Rule, RuleQuery, Size, Stage
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.tokens import tokens
from services.notifier.drafting.tone import review
from services.notifier.trades.catalog import Trades
from tests.choice import one_of_each
from tests.unit.services.notifier.samples import a_client

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
SHIPPED = Playbooks.shipped()
BOOKS = {book.name: book for book in SHIPPED.layers[0]}
ROLES: tuple[Role, ...] = get_args(Role)
STATUSES: tuple[Firmness, ...] = get_args(Firmness)


def _event_of(kind: str) -> EventKind:
    return cast("EventKind", kind) if kind in FAMILY_OF else "other"


def said(case: DryRunCase, playbooks: Playbooks = SHIPPED) -> str:
    return opinion_part(brief_for(case, NOW), playbooks).text or ""


@pytest.mark.parametrize("name", one_of_each(sorted(BOOKS), 9))
def test_each_rule_serves_the_readings_that_it_presupposes_and_no_other(name: str) -> None:
    book = BOOKS[name]
    for rule in (rule for rule in book.rules if not rule.silent):
        for kind, stance in product(rule.kinds, rule.stances):
            event = _event_of(kind)
            needed = presuppositions(kind, stance)
            directions = [
                direction
                for direction in rule.directions or get_args(Direction)
                if not needed.directions or direction in needed.directions
            ]
            roles, statuses = rule.roles or needed.roles, rule.statuses or needed.statuses
            size: Size = rule.sizes[0] if rule.sizes else "major"
            stages = rule.stages or needed.stages or get_args(Stage)
            for role, status, direction, stage in product(ROLES, STATUSES, directions, get_args(Stage)):
                case = RuleQuery(
                    event, stance, book.trade or "wealth", direction, size=size, role=role, status=status, stage=stage
                )
                fits = contradiction(rule, kind, case) is None
                assert fits == (role in roles and status in statuses and stage in stages), (rule.line, kind, case)


def test_a_rule_with_a_stage_or_words_serves_only_where_the_news_shows_them() -> None:
    for rule in (rule for rule in SHIPPED.rules() if rule.stages or rule.words):
        case = RuleQuery(rule.events[0], rule.stances[0], "wealth", role=(rule.roles or ("object",))[0])
        if rule.stages:
            refused = contradiction(rule, rule.kinds[0], case)
            assert refused is not None
            assert refused.field in ("stage", "role")
        else:
            text = "something else"
            assert not rule.fits(replace(case, text=text, direction=(rule.directions or ("unclear",))[0]), rule.desires)
        shown = replace(
            case,
            text=f"news about {rule.words[0].rstrip('*')}" if rule.words else "",
            direction=(rule.directions or ("unclear",))[0],
            desire=min(rule.desires, default=""),
            risk=(rule.risks or ("moderate",))[0],
            size=(rule.sizes or ("moderate",))[0],
        )
        assert rule.fits(shown, rule.desires), rule.id


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_no_rule_for_a_kind_serves_an_event_read_as_another_or_of_an_unsure_kind(name: str) -> None:
    for rule in BOOKS[name].rules:
        for kind, stance in product(rule.kinds, rule.stances):
            if kind == ANY:
                continue
            event = _event_of(kind)
            left_out = {FAMILY_OF[_event_of(listed)] for listed in rule.kinds if listed != ANY} if rule.skips else set()
            # What is left out as either of two kinds is left out without knowing which of them it is.
            others: tuple[EventFamily, ...] = ("breach", "deal", "trial")
            family = next(name for name in others if name not in {FAMILY_OF[event], *left_out})
            cases = [RuleQuery(event, stance, "wealth", family=family)]
            if not rule.skips:  # what may be nothing to the client is not told either
                cases.append(RuleQuery(event, stance, "wealth", unsure=True))
            for case in cases:
                refused = contradiction(rule, kind, case)
                assert refused is not None
                assert refused.field == "kind"


@pytest.mark.parametrize("trade", one_of_each(Trades.shipped().names, 7))
def test_a_large_event_of_any_kind_gets_a_view_in_every_stance(trade: Trade) -> None:
    """Also where the kind is a guess, the event is elsewhere, or only a plan; or it is deliberately not told."""
    told = [kind for kind in FAMILY_OF if FAMILY_OF[kind] != "none"]
    roles: tuple[Role, ...] = ("actor", "object", "party", "affected")
    statuses: tuple[Firmness, ...] = ("fact", "reported", "plan", "forecast")
    directions: tuple[Direction, ...] = get_args(Direction)
    stances: tuple[Stance, ...] = get_args(Stance)
    silent = missing = 0
    for kind, stance, role, status, direction in product(told, stances, roles, statuses, directions):
        case = RuleQuery(kind, stance, trade, direction, size="major", role=role, status=status, family=FAMILY_OF[kind])
        rule = SHIPPED.find(case)
        missing += rule is None
        silent += rule is not None and rule.silent and not rule.skips
    assert missing == 0
    assert silent == 0


def test_what_is_said_of_an_event_is_never_about_another() -> None:
    bought = DryRunCase("wealth", "takeover", "holds", "positive", size="major", role="object")
    buys = DryRunCase("wealth", "acquisition", "holds", "neutral", size="major", role="actor")
    fined = DryRunCase("wealth", "fine", "holds", "negative", role="object")
    assert "paid for" in said(buys)
    assert "fine closes" in said(fined)
    for case in (
        DryRunCase("wealth", "acquisition", "holds", "neutral", size="major", role="object"),
        bought,
    ):
        assert "paid for" not in said(case)
        assert said(case)
    misread = DryRunCase("wealth", "fine", "holds", "negative", size="major", role="actor", family="deal")
    assert "fine" not in said(misread)
    general = opinion_part(brief_for(misread, NOW), SHIPPED)
    assert general.rule in BOOKS["general"].rules
    assert any("the news is about deal and not fine" in note for note in general.notes)


def test_a_coin_or_a_fund_gets_no_advice_on_its_board_or_earnings() -> None:
    for name in ("Bitcoin", "Grayscale Bitcoin Trust", "Gold", "Nordmark Bond Fund"):
        assert not is_company(name)
    assert is_company("Halden Energy")
    for kind, direction in product(FAMILY_OF, get_args(Direction)):
        query = RuleQuery(
            kind, "holds", "wealth", direction, size="major", role="actor", status="fact", asset="Bitcoin"
        )
        rule = SHIPPED.lookup(query)
        if rule is not None:
            said_of_it = " ".join((*fitting_phrasings(rule, query)[0], rule.meaning or "", rule.question or ""))
            assert not {"company", "board", "earnings", "dividend", "sales"} & set(said_of_it.split())


def test_a_plan_is_worded_as_what_would_follow_unless_the_advice_is_to_wait() -> None:
    plan = said(DryRunCase("it", "politics", "uses", "negative", size="major", role="affected", status="plan"))
    assert "in case it goes ahead" in plan or "preparing for it" in plan
    announced = said(DryRunCase("it", "price_increase", "uses", "negative", size="major", role="actor", status="plan"))
    assert announced
    assert "in case it goes ahead" not in announced
    waits = said(DryRunCase("wealth", "product_launch", "holds", "positive", role="actor", status="plan"))
    assert waits
    assert "in case it goes ahead" not in waits


def test_an_unconfirmed_report_of_harm_asks_for_a_check_and_a_waiting_rule_is_not_said_twice() -> None:
    flaw = said(DryRunCase("it", "vulnerability", "uses", verdict="warn", size="major", role="object"))
    assert "quietly whether you would be exposed" in flaw
    waits = said(DryRunCase("wealth", "leadership_change", "holds", verdict="warn", role="actor"))
    assert "Should it be confirmed" not in waits


def test_an_opposed_direction_counts_as_unclear_and_plain_information_as_of_unsure_kind() -> None:
    brief = brief_for(DryRunCase("wealth", "legal", "holds", "positive", role="object"), NOW)
    assert brief.alert.reading is not None
    against = brief.alert.model_copy(update={"reading": brief.alert.reading.model_copy(update={"direction": "bad"})})
    assert query_for(brief.alert, brief.client, "Halden", None).direction == "positive"
    assert query_for(against, brief.client, "Halden", None).direction == "unclear"
    rival = brief_for(DryRunCase("it", "product", "competes", "positive", role="actor"), NOW)
    assert rival.alert.reading is not None
    assert rival.alert.reading.direction == "bad"
    assert query_for(rival.alert, rival.client, "Velmont", None).direction == "positive"
    plain = brief.alert.model_copy(update={"verdict": "information"})
    assert query_for(plain, brief.client, "Halden", None).unsure


RULE = """\
playbook: own
trade: wealth
rules:
  - when: {WHEN}
    action: reviewing {asset} with me
    reason: it matters
"""


def own(when: str) -> Rule:
    return parse_playbook(RULE.replace("{WHEN}", when), "own.yaml").rules[0]


@pytest.mark.parametrize(
    ("when", "field", "cause"),
    [
        ("{kind: takeover, stance: holds, role: actor}", "when.role", "is object, not actor"),
        ("{kind: dividend_raise, stance: holds, direction: negative}", "when.direction", "never negative"),
        ("{kind: opinion, stance: holds}", "when.kind", "nothing has happened"),
        ("{kind: any, stance: holds}", "when.direction", "any event, good or bad"),
        ("{kind: deal, stance: holds}", "when.direction", "either side"),
    ],
)
def test_missing_and_contradictory_presuppositions_are_explained(when: str, field: str, cause: str) -> None:
    found = list(doubts(own(when)))
    assert [(where, cause in why) for where, why, _ in found] == [(field, True)]


def test_shipped_rules_contradict_none_of_their_kinds() -> None:
    found = [(rule.playbook, rule.line, why) for rule in SHIPPED.rules() for _, why, _ in doubts(rule)]
    assert [doubt for doubt in found if "either side" not in doubt[2]] == []


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_every_wording_is_free_of_facts_and_faults(name: str) -> None:
    client = a_client(BOOKS[name].trade or "wealth")
    for rule in (rule for rule in BOOKS[name].rules if not rule.silent):
        sentences = [f"Consider {action} because {reason}." for action, reason in rule.phrasings]
        for text in filter(None, (*sentences, rule.meaning, rule.question)):
            sentence = text.replace("{asset}", "Halden")
            assert tokens(text.replace("{asset}", "it")) == (), (rule.line, sentence)
            assert not [found for found in review(sentence, client) if found.severity == "error"], sentence


def test_a_recall_is_never_good_news_but_a_supply_that_resumes_is() -> None:
    def direction_of(kind: EventKind, stance: Stance) -> Direction:
        brief = brief_for(DryRunCase("it", kind, stance, "positive"), NOW)
        return query_for(brief.alert, brief.client, brief.asset, None).direction

    assert direction_of("recall", "uses") == "unclear"
    assert direction_of("recall", "competes") == "positive"
    assert direction_of("supply_disruption", "uses") == "positive"


def _read(kind: EventKind, confidence: float, headline: str = "Halden sells its port", **changed: object) -> RuleQuery:
    case = DryRunCase(kind=kind, stance="holds", trade="wealth", role="object")
    brief = brief_for(case, NOW)
    alert = brief.alert
    assert alert.reading is not None
    sure = alert.reading.confidence.model_copy(update={"kind": confidence})
    reading = alert.reading.model_copy(update={"confidence": sure})
    alert = alert.model_copy(update={"reading": reading, "headline": headline, "kind": kind, **changed})
    return query_for(alert, a_client(), "Halden", None)


def test_a_kind_that_is_likelier_another_is_a_guess_although_words_name_it_unless_harm_may_come() -> None:
    assert _read("funding", 0.4).unsure
    assert not _read("funding", 0.55).unsure
    assert not _read("data_breach", 0.4).unsure


@pytest.mark.parametrize(
    ("headline", "direction"),
    [
        ("Congress axes the bill on fees of Halden", "unclear"),
        ("Halden exempted from the tariff for a year", "unclear"),
        ("Court dismisses the case against Halden", "unclear"),
        ("President calls off the tariff on pumps of Halden", "unclear"),
        ("Judge blocks the state's action against Halden Energy", "unclear"),
        ("Judge blocks the bid of Halden", "negative"),
        ("Congress passes the bill on fees of Halden", "negative"),
        ("Court hears the case against Halden", "negative"),
    ],
)
def test_a_measure_that_is_dropped_or_softened_is_not_told_as_bad(headline: str, direction: Direction) -> None:
    assert _read("regulation", 0.9, headline, direction="negative").direction == direction
    assert _read("earnings", 0.9, headline, direction="negative").direction == "negative"


@pytest.mark.parametrize(
    ("headline", "kind", "role"),
    [
        ("Hackers are using Halden Energy to reach savers", "data_breach", "mention"),
        ("Halden Energy loses the data of savers", "data_breach", "object"),
        ("Halden Energy discovers an open door in pumps of Orvix", "vulnerability", "mention"),
        ("Halden Energy unmasks a gang that robs savers", "data_breach", "mention"),
        ("Halden Energy failure sparks fears among startups", "insolvency", "object"),
        ("Firms like Halden Energy will have no place", "insolvency", "mention"),
        ("Halden Energy's pump company goes public", "funding", "object"),
        ("Orvix is to buy Halden Energy Digital’s assets", "takeover", "object"),
    ],
)
def test_a_tool_or_an_example_has_no_part_in_the_event_and_a_unit_is_not_its_owner(
    headline: str, kind: EventKind, role: Role
) -> None:
    query = _read(kind, 0.9, headline, role="object")
    assert query.role == role
    assert query.unsure == ("loses" not in headline and "failure" not in headline)


@pytest.mark.parametrize("stance", ["holds", "supplied_by", "contracts_with", "competes"])
def test_who_finds_anothers_flaw_has_none_for_owners_rivals_and_customers_alike(stance: Stance) -> None:
    for verb in ("uncovers", "caught", "warns of", "details"):
        found = _read(
            "vulnerability", 0.9, f"Halden Energy {verb} a hole in pumps of Orvix", stance=stance, role="actor"
        )
        assert found.role == "mention"
    own = _read("vulnerability", 0.9, "Halden Energy discovers a hole in its own pumps", stance=stance)
    assert own.role != "mention"


def test_a_person_who_is_followed_is_no_field() -> None:
    case = DryRunCase(kind="contract", stance="follows", trade="wealth", direction="positive")
    brief = brief_for(case, NOW)
    person = query_for(brief.alert, a_client(), "Elon Musk", None)
    assert (person.unsure, person.direction) == (True, "unclear")
    field = query_for(brief.alert, a_client(), "Semiconductors", None)
    assert (field.unsure, field.direction) == (False, "positive")


def test_a_quarrel_with_staff_needs_words_of_one_and_reaches_customers_with_a_stoppage() -> None:
    assert _read("labour", 0.9, "Halden could run out of people in two years").unsure
    assert _read("labour", 0.9, "Halden could run out of people | The labor pool near its ports is small").unsure
    assert not _read("labour", 0.9, "The union of Halden asks for more pay").unsure
    assert _read("labour", 0.9, "Halden held back pay of its people", stance="supplied_by").unsure
    assert not _read("labour", 0.9, "Staff at Halden walk out in a strike", stance="supplied_by").unsure


def test_who_only_stops_hiring_is_neither_in_distress_nor_serves_customers_less() -> None:
    held = _read("cutback", 0.9, "Halden freezes hiring in its offices", size="major")
    assert (held.size, held.unsure) == ("moderate", False)
    assert _read("cutback", 0.9, "Halden freezes hiring in its offices", size="major", stance="supplied_by").unsure
    assert _read("cutback", 0.9, "Halden cuts jobs and freezes hiring", size="major").size == "major"


def test_a_fine_is_told_as_one_only_if_the_headline_has_it() -> None:
    assert _read("fine", 0.9, "Halden is fined 3 million crowns").kind == "fine"
    charged = _read("fine", 0.9, "Pumps of Halden are against the law, Nordmark says")
    assert (charged.kind, charged.stage) == ("regulation", "announced")


def test_what_is_permitted_in_any_report_is_not_told_as_bad() -> None:
    case = DryRunCase(kind="regulation", stance="holds", trade="wealth", direction="negative", role="object")
    brief = brief_for(case, NOW)
    item = brief.alert.evidence[0].model_copy(update={"title": "Nordmark approves a pump of Halden Energy"})
    alert = brief.alert.model_copy(update={"headline": "Old pumps lose their permit", "evidence": (item,)})
    assert query_for(alert, a_client(), "Halden", None).direction == "unclear"


def test_rules_and_rulings_that_reach_no_books_are_nothing_for_an_accountants_client() -> None:
    client = a_client(trade="accounting")
    case = DryRunCase(kind="lawsuit", stance="regulated_by", trade="accounting", direction="negative")
    alert = brief_for(case, NOW).alert
    item = alert.evidence[0].model_copy(update={"title": "Court lets Nordmark leave the harbor board"})
    harbor = alert.model_copy(update={"headline": item.title, "evidence": (item,)})
    assert is_beyond_books(harbor, client)
    assert not is_beyond_books(harbor, a_client(trade="legal"))
    assert not is_beyond_books(harbor.model_copy(update={"headline": "Court lowers the tax on harbors"}), client)


def test_politics_that_reach_neither_books_nor_work_are_nothing_for_an_accountants_client() -> None:
    client = a_client(trade="accounting")
    alert = brief_for(DryRunCase(kind="politics", stance="operates_in", trade="accounting"), NOW).alert
    item = alert.evidence[0].model_copy(update={"title": "Nordmark accuses Norland of copying its poems"})
    poems = alert.model_copy(update={"headline": item.title, "evidence": (item,)})
    assert is_politics_beyond_books(poems, client)
    assert not is_politics_beyond_books(poems, a_client(trade="legal"))
    for reaches in ("Norland calls an early election", "Norland plans a levy on pumps"):
        assert not is_politics_beyond_books(poems.model_copy(update={"headline": reaches}), client)
    sanctions = item.model_copy(update={"quote": "Nordmark is thinking of sanctions."})
    assert not is_politics_beyond_books(poems.model_copy(update={"evidence": (sanctions,)}), client)


@pytest.mark.parametrize(
    ("headline", "of_one"),
    [
        ("Nordmark approves a pump of Halden", True),
        ("Nordmark delays reviews for two pumps", True),
        ("Nordmark approves new guidance on pumps", False),
        ("Nordmark approves a ban on old pumps", False),
        ("Nordmark puts off its fees", False),
    ],
)
def test_what_an_authority_decides_on_one_applicant_changes_no_duty_of_others(headline: str, of_one: bool) -> None:
    alert = brief_for(DryRunCase(kind="regulation", stance="regulated_by", trade="legal"), NOW).alert
    alert = alert.model_copy(update={"headline": headline})
    assert is_decision_on_one(alert, a_client(trade="legal")) is of_one
    assert not is_decision_on_one(alert, a_client(trade="healthcare"))  # what is approved may treat a patient


def test_a_measure_that_is_called_off_where_the_client_works_is_not_prepared_for() -> None:
    assert _read(
        "regulation", 0.9, "President calls off the tariff on Halden", stance="operates_in", direction="negative"
    ).unsure


def test_what_happens_within_an_authority_is_no_duty_of_others() -> None:
    rule = next(
        r for r in SHIPPED.rules() if ANY in r.kinds and r.stances == ("regulated_by",) and r.sizes == ("moderate",)
    )
    query = RuleQuery("data_breach", "regulated_by", "accounting", "negative", role="actor", size="moderate")
    assert contradiction(rule, ANY, query) is not None
    assert contradiction(rule, ANY, replace(query, kind="regulation")) is None


def test_a_rival_that_finds_a_flaw_or_is_named_beside_a_launch_gives_nothing_to_answer() -> None:
    assert "actor" not in presuppositions("vulnerability", "competes").roles
    assert "party" not in presuppositions("product_launch", "competes").roles
    assert "actor" in presuppositions("vulnerability", "uses").roles


def test_no_coin_is_taken_over() -> None:
    rules = [rule for book in SHIPPED.layers[0] for rule in book.rules if "holds" in rule.stances and not rule.silent]
    query = RuleQuery(kind="takeover", stance="holds", trade="wealth", direction="positive", role="object")
    for rule in rules:
        if {"deal", "takeover"} & set(rule.kinds):
            kind = next(kind for kind in rule.kinds if kind in ("deal", "takeover"))
            assert contradiction(rule, kind, replace(query, asset="Bitcoin")) is not None
    assert meanings_for(replace(query, asset="Bitcoin")) == ()
    assert meanings_for(replace(query, asset="Halden"))


def test_figures_of_another_country_are_not_told_as_the_clients_own() -> None:
    case = DryRunCase(kind="macro", stance="follows", trade="wealth", role="actor")
    alert = brief_for(case, NOW).alert.model_copy(update={"headline": "Inflation in Argentina passes 100 percent"})
    near, far = (a_client(time_zone=zone) for zone in ("America/Buenos_Aires", "America/New_York"))
    assert not query_for(alert, near, "inflation", None).unsure
    assert query_for(alert, far, "inflation", None).unsure


def test_oil_prices_are_no_storm() -> None:
    case = DryRunCase(kind="macro", stance="follows", trade="insurance", desires=("cost",), role="actor")
    assert "deductible" not in said(case)
    assert "deductible" in said(replace(case, kind="other", says="A storm floods the coast of {name}."))


@pytest.mark.parametrize(
    ("kind", "headline", "role"),
    [
        ("insolvency", "{name} unfazed by its exposure to a bankrupt data center", "affected"),
        ("insolvency", "{name} files for bankruptcy", "object"),
        ("lawsuit", "Engineer charged with insider trading after bets on {name}", "affected"),
        ("lawsuit", "Engineer charged {name} too much, lawsuit says", "object"),
        ("lawsuit", "{name} charged with fraud", "object"),
    ],
)
def test_whom_the_event_happens_to_is_read_from_the_headline(kind: EventKind, headline: str, role: Role) -> None:
    brief = brief_for(DryRunCase("legal", kind, "contracts_with", "negative", role="object"), NOW)
    alert = brief.alert.model_copy(update={"headline": headline.format(name=brief.alert.entity_name)})
    assert query_for(alert, brief.client, brief.asset, None).role == role


def test_who_leaves_a_market_to_others_has_no_good_news() -> None:
    def direction(says: str) -> Direction:
        case = DryRunCase("wealth", "cutback", "holds", direction="positive", role="actor", says=says)
        return query_for(brief_for(case, NOW).alert, a_client(), "Halden", None).direction

    assert direction("{name} closes its old plant") == "positive"
    assert direction("{name} has conceded Norland to Corvane") == "unclear"


def test_good_news_on_a_treatment_is_not_told_as_good_where_people_came_to_harm() -> None:
    brief = brief_for(DryRunCase("healthcare", "clinical_trial", "follows", "positive"), NOW)

    def direction_of(headline: str) -> Direction:
        alert = brief.alert.model_copy(update={"headline": headline})
        return query_for(alert, brief.client, brief.asset, None).direction

    assert direction_of("Orvix shows gene therapy data after patient deaths") == "unclear"
    assert direction_of("Orvix shows gene therapy data") == "positive"
    assert direction_of("Orvix, Halden say that Velmont didn’t prolong lives in a study") == "unclear"


@pytest.mark.parametrize(
    ("kind", "headline", "sure"),
    [
        ("takeover", "Nordmark plans to buy up to 121 Halden jets", False),
        ("takeover", "Nordmark plans to buy Halden", True),
        ("acquisition", "Halden signs deal for sale of its northern unit", False),
        ("acquisition", "Halden buys Orvix", True),
        ("price_cut", "Halden brings its pumps back", False),
        ("price_cut", "Halden lowers fees for its pumps", True),
    ],
)
def test_orders_sales_and_prices_are_read_from_the_headline(kind: EventKind, headline: str, sure: bool) -> None:
    assert _read(kind, 0.9, headline).unsure is not sure


def test_figures_are_told_only_where_the_headline_tells_of_figures_and_their_direction_fits() -> None:
    assert _read("earnings", 0.9, "Halden chief wants to embrace new tools").unsure
    assert not _read("earnings", 0.9, "Halden profit climbs on new pumps").unsure
    bad: dict[str, object] = {"direction": "negative"}
    assert _read("earnings", 0.9, "Halden swung to profit on lower costs", **bad).direction == "unclear"
    assert _read("earnings", 0.9, "Halden profit falls on lower sales", **bad).direction == "negative"
    headline = "Halden grew its pump sales while the market declined"
    grows = _read("earnings_miss", 0.9, headline, entity_name="Halden", **bad)
    assert (grows.kind, grows.direction) == ("earnings", "unclear")


def test_a_rule_of_one_country_is_neither_good_nor_bad_for_gold() -> None:
    case = DryRunCase(kind="regulation", stance="holds", trade="wealth", role="object")
    alert = brief_for(case, NOW).alert.model_copy(update={"headline": "Norland bans imports", "direction": "negative"})
    assert query_for(alert, a_client(), "gold", None).direction == "unclear"


def test_a_small_event_of_a_guessed_kind_has_no_direction() -> None:
    assert _read("reputation", 0.3, size="moderate", direction="negative").direction == "unclear"
    assert _read("reputation", 0.9, size="moderate", direction="negative").direction == "negative"


def test_a_bankrupt_company_is_not_waited_for() -> None:
    alert = brief_for(DryRunCase("legal", "insolvency", "contracts_with", "negative"), NOW).alert
    assert has_begun(alert.model_copy(update={"headline": "Bankrupt lender Halden wants to sell its coins"}))
    assert not has_begun(alert.model_copy(update={"headline": "Halden may seek protection"}))


@pytest.mark.parametrize(
    ("kind", "headline", "direction"),
    [
        ("lawsuit", "Halden Energy sues Orvix over its logo", "unclear"),
        ("lawsuit", "Halden Energy sued over its logo", "negative"),
        ("regulation", "Nordmark clears sales of Halden Energy pumps", "unclear"),
        ("regulation", "Judge allows lawsuit against Halden Energy to proceed", "negative"),
        ("vulnerability", "Halden Energy finds no evidence of a hole in its pumps", "unclear"),
    ],
)
def test_who_sues_who_is_permitted_and_who_is_spared_is_not_told_bad_news(
    kind: EventKind, headline: str, direction: Direction
) -> None:
    assert _read(kind, 0.9, headline, direction="negative").direction == direction


def test_what_is_settled_at_a_price_or_only_asked_for_averts_nothing() -> None:
    for headline in ("Halden Energy settles lawsuit for 90 million", "Halden Energy moves to dismiss lawsuit"):
        case = DryRunCase(kind="lawsuit", stance="holds", trade="wealth", role="actor")
        alert = brief_for(case, NOW).alert.model_copy(update={"headline": headline, "kind": "averted"})
        assert query_for(alert, a_client(), "Halden", None).kind == "legal"


def test_what_another_launches_against_a_name_is_not_its_own_news() -> None:
    query = _read("product_launch", 0.9, "Orvix launches a pump to rival Halden Energy", direction="positive")
    assert (query.role, query.direction, query.unsure) == ("affected", "negative", True)


def test_a_ruling_on_a_social_issue_is_not_told_to_clients_of_an_insurance_broker() -> None:
    query = RuleQuery("legal", "regulated_by", "insurance", "unclear", role="actor", size="major")
    rule = SHIPPED.find(replace(query, text="the high court overturns the ruling on abortion"))
    assert rule is not None
    assert rule.skips


def test_who_finds_a_flaw_of_another_has_none() -> None:
    assert (
        _read("vulnerability", 0.9, "Halden Energy discovered that Nordmark uses a hole in Orvix pumps").role
        == "mention"
    )
    assert _read("vulnerability", 0.9, "Halden Energy finds a hole in its own pumps").role == "object"


def test_a_fine_that_is_only_threatened_and_who_takes_over_from_a_bankrupt_are_told_as_such() -> None:
    assert _read("fine", 0.9, "Halden Energy could face a fine if it keeps the data").stage == "announced"
    assert _read("fine", 0.9, "Halden Energy fined over data").kind == "fine"
    assert _read("insolvency", 0.9, "Halden Energy offers cash to customers of bankrupt Orvix").role == "affected"


def test_a_doubtful_direction_is_none() -> None:
    case = DryRunCase(kind="product", stance="holds", trade="wealth", role="actor", direction="positive")
    alert = brief_for(case, NOW).alert
    assert alert.reading is not None
    sure = alert.reading.confidence.model_copy(update={"direction": 0.4})
    doubtful = alert.model_copy(
        update={"size": "moderate", "reading": alert.reading.model_copy(update={"confidence": sure})}
    )
    assert query_for(doubtful, a_client(), "Halden", None).direction == "unclear"
    assert query_for(doubtful.model_copy(update={"size": "major"}), a_client(), "Halden", None).direction == "positive"


def test_a_bankrupt_holding_is_not_left_as_it_is_and_agents_are_no_central_bank() -> None:
    rule = next(
        r
        for r in SHIPPED.rules()
        if ANY in r.kinds
        and r.stances == ("holds",)
        and r.directions == ("neutral", "unclear")
        and r.sizes == ("moderate",)
    )
    query = RuleQuery("reputation", "holds", "wealth", "unclear", role="actor", size="moderate")
    assert contradiction(rule, ANY, query) is None
    assert contradiction(rule, ANY, replace(query, kind="insolvency")) is not None
    alert = brief_for(DryRunCase("wealth", "investigation", "regulated_by"), NOW).alert
    raided = alert.model_copy(update={"entity_name": "Federal Reserve", "headline": "Feds raid the offices of Orvix"})
    assert query_for(raided, a_client(), "the Federal Reserve", None).role == "homonym"


@pytest.mark.parametrize(
    "headline",
    [
        "High court rejects Halden Energy's request to block the order",
        "Judge refuses to pause the order holding Halden Energy in contempt",
        "Regulator turns down Halden Energy's appeal",
    ],
)
def test_what_the_name_asked_for_and_is_not_given_is_no_good_news(headline: str) -> None:
    assert _read("legal", 0.9, headline, direction="positive").direction == "negative"


def test_a_suit_against_the_name_that_is_thrown_out_stays_good_news() -> None:
    spared = "Judge dismisses lawsuit against Halden Energy"
    assert _read("legal", 0.9, spared, direction="positive").direction != "negative"


@pytest.mark.parametrize(
    ("trade", "kind", "stance", "text"),
    [
        ("accounting", "takeover", "operates_in", "orvix buys the estmere arm of velmont"),
        ("accounting", "insolvency", "regulated_by", "the central bank lends 20 billion to banks"),
        ("accounting", "macro", "follows", "bitcoin climbs as rates stay"),
        ("accounting", "macro", "follows", "crude erases early gains"),
        ("agency", "contract", "uses", "halden signs a deal for a data center"),
        ("agency", "lawsuit", "uses", "writers sue halden over training data"),
        ("agency", "data_breach", "uses", "a google cloud customer wakes up to a bill"),
        ("insurance", "regulation", "operates_in", "norland bans exports of tools to estmere"),
        ("accounting", "layoffs", "contracts_with", "halden lays off some people in one unit"),
        ("accounting", "strike", "supplied_by", "halden workers hold a strike ballot"),
        ("agency", "rating_change", "competes", "velmont downgrades halden"),
        ("agency", "regulation", "uses", "ministry will test ai models of halden and orvix"),
        ("wealth", "strike", "holds", "halden workers are voting on whether to strike"),
        ("agency", "strike", "competes", "halden pays bonuses after a union deal"),
        ("agency", "regulation", "uses", "norland bans halden on city-owned devices"),
        ("accounting", "recall", "supplied_by", "halden recalls 4,000 vehicles"),
    ],
)
def test_what_is_between_others_is_left_out(trade: str, kind: EventKind, stance: Stance, text: str) -> None:
    query = RuleQuery(kind, stance, trade, "negative", role="object", size="moderate", text=text)
    rule = SHIPPED.find(query)
    assert rule is not None
    assert rule.skips


@pytest.mark.parametrize(
    ("trade", "kind", "stance", "direction", "text", "said"),
    [
        ("accounting", "macro", "operates_in", "negative", "inflation in estmere rises to 3 percent", "prices"),
        ("accounting", "rate_change", "operates_in", "unclear", "estmere holds rates", "loans and deposits"),
        ("agency", "macro", "follows", "positive", "retail sales rise again", "offer that you had kept"),
        ("agency", "reputation", "uses", "negative", "fake accounts spread on halden", "use your name"),
        ("insurance", "recall", "follows", "negative", "halden recalls 4,000 trucks", "notice"),
        ("wealth", "macro", "follows", "unclear", "crude oil takes a longer way", "price of energy"),
        ("wealth", "funding", "holds", "unclear", "halden seeks subsidies for its works", "conditions"),
        ("agency", "product", "supplied_by", "unclear", "halden adds a new fee for sellers", "fee would cost"),
        ("agency", "vulnerability", "uses", "negative", "new stealer targets accounts of halden", "second proof"),
        ("insurance", "regulation", "follows", "negative", "norland imposes sanctions on a port of estmere", "cargo"),
        ("accounting", "share_move", "supplied_by", "negative", "halden falls as banking fallout goes on", "open with"),
        (
            "wealth",
            "cutback",
            "holds",
            "unclear",
            "halden to take a $3 billion charge on its plan",
            "reasons for which",
        ),
        (
            "insurance",
            "vulnerability",
            "uses",
            "negative",
            "halden has a flaw that won't be fixed",
            "until there is a fix",
        ),
    ],
)
def test_advice_is_on_what_the_figures_or_the_event_are_about(
    trade: str, kind: EventKind, stance: Stance, direction: Direction, text: str, said: str
) -> None:
    query = RuleQuery(kind, stance, trade, direction, role="actor", size="moderate", text=text)
    rule = SHIPPED.find(query)
    assert rule is not None
    assert any(said in action for action, _ in rule.phrasings)
