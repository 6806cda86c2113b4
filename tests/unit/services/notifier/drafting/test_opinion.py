from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

import pytest

from schemas.alerts import Alert
from schemas.clients import Client, ContactPolicy, Desire, Firm, Risk, Stance, Trade, Watch
from schemas.mentions import Direction, EventKind, Span
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.dry_run import DryRunCase
from services.notifier.drafting.dry_run import brief_for as case_brief
from services.notifier.drafting.opinion import (
    desire_phrase,
    has_little_to_say,
    is_skipped,
    leaves_customers_without_view,
    opinion_part,
    split_basis,
)
from services.notifier.drafting.playbook_files import parse_playbook
from services.notifier.drafting.playbook_rules import RuleQuery, Size
from services.notifier.drafting.playbooks import Playbooks
from tests.unit.services.notifier.samples import NOW, a_client, a_firm, a_manager, a_watch, an_alert
from tests.unit.services.notifier.second_reading.samples import a_reading

SHIPPED = Playbooks.shipped()
FORM = re.compile(
    r"^(?:Based upon your desire for .+ and (?:limited|moderate)|Given that you want .+ and accept high) risk, "
    r"I (?:think you should|believe you should|think it would be wise to|would advise you to|recommend that you) "
    r"consider .+ because .+\.$"
)


def said_of(case: DryRunCase) -> str:
    """Return the opinion on ``case``."""
    return opinion_part(case_brief(case, NOW), SHIPPED).text or ""


def brief(client: Client, firm: Firm | None = None, alert: Alert | None = None) -> Brief:
    return Brief(alert or an_alert(client), client, firm or a_firm(), a_manager(), NOW)


@pytest.mark.parametrize(
    ("trade", "kind", "stance", "says"),
    [
        ("legal", "rate_change", "regulated_by", "{name} leaves its rates where they are"),
        ("legal", "leadership_change", "regulated_by", "The head of {name} stays for another year"),
        ("legal", "data_breach", "regulated_by", "{name} says an employee mailed records home"),
        ("legal", "reputation", "follows", "More people talk about {name}"),
        ("it", "other", "uses", "Norland ends its inquiry into {name}"),
        ("it", "partnership", "supplied_by", "Orvix and {name} join a forum of the industry"),
        ("it", "funding", "follows", "Orvix raises money for {name}"),
    ],
)
def test_systems_and_law_are_not_advised_to_leave_things_as_they_are(
    trade: Trade, kind: EventKind, stance: Stance, says: str
) -> None:
    case = DryRunCase(trade, kind, stance, direction="unclear", role="actor", says=says)
    found = case_brief(case, NOW)
    assert has_little_to_say(found, SHIPPED)


@pytest.mark.parametrize(
    ("trade", "kind", "stance", "says", "skipped"),
    [
        ("it", "lawsuit", "competes", "{name} is sued over the tips of its drivers", True),
        ("it", "lawsuit", "competes", "{name} is sued over the copyright of its training data", False),
        ("it", "labour", "competes", "{name} is said to have punished members of a union", True),
        ("it", "reputation", "uses", "The staff of {name} mock its new robot", True),
        ("it", "reputation", "uses", "{name} is criticized for how it handles user data", False),
        ("legal", "leadership_change", "contracts_with", "{name} drops the pay package of its chief", True),
        ("healthcare", "legal", "contracts_with", "A trade group sues {name} over its talks with makers", True),
        ("healthcare", "legal", "contracts_with", "{name} is sued over denied coverage", False),
    ],
)
def test_what_is_no_matter_of_the_trade_is_left_out_and_what_is_one_is_told(
    trade: Trade, kind: EventKind, stance: Stance, says: str, skipped: bool
) -> None:
    case = DryRunCase(trade, kind, stance, direction="negative", role="object", says=says)
    assert is_skipped(case_brief(case, NOW), SHIPPED) == skipped


def test_the_terms_of_a_companys_own_services_are_no_law() -> None:
    query = RuleQuery("regulation", "follows", "legal", "negative", text="orvix bans bots on its online services")
    assert (rule := SHIPPED.find(query)) is not None
    assert rule.skips
    assert (rule := SHIPPED.find(replace(query, text="norland bans bots"))) is not None
    assert not rule.skips


def test_who_buys_from_a_name_hears_no_unconfirmed_news_without_a_view() -> None:
    case = DryRunCase(
        "it", "vulnerability", "uses", role="object", verdict="warn", says="{name} says it blocked a worm"
    )
    assert leaves_customers_without_view(case_brief(case, NOW), SHIPPED)
    assert not leaves_customers_without_view(case_brief(replace(case, says="A worm spreads in {name}"), NOW), SHIPPED)


def test_patients_wait_for_good_news_until_it_is_confirmed() -> None:
    case = DryRunCase("healthcare", "regulation", "uses", "positive", role="object", verdict="warn")
    assert leaves_customers_without_view(case_brief(case, NOW), SHIPPED)
    recalled = replace(case, kind="recall", direction="negative")
    assert not leaves_customers_without_view(case_brief(recalled, NOW), SHIPPED)


def test_an_event_of_an_unknown_kind_gives_customers_of_systems_no_view_unless_it_is_large() -> None:
    case = DryRunCase("it", "vulnerability", "uses", role="object", says="{name} slows down some printers")
    assert has_little_to_say(case_brief(case, NOW), SHIPPED)


def test_the_law_has_no_part_in_phishing_and_asks_for_the_date_of_an_update() -> None:
    case = DryRunCase(
        "legal", "vulnerability", "contracts_with", role="object", says="Phishing abuses a flaw in {name}"
    )
    assert is_skipped(case_brief(case, NOW), SHIPPED)
    assert "installed" in said_of(replace(case, says="{name} has fixed a flaw that attackers used"))


def test_who_only_asks_or_installs_an_update_needs_no_original() -> None:
    case = DryRunCase("it", "vulnerability", "uses", role="object", verdict="warn", says="{name} has fixed a flaw")
    assert "the original" not in said_of(case)


def test_a_plan_on_what_hospitals_are_paid_is_nothing_to_a_patient() -> None:
    plan = DryRunCase("healthcare", "regulation", "regulated_by", direction="unclear", role="actor", status="plan")
    paid = replace(plan, says="{name} proposes to pay hospitals more for local goods")
    assert is_skipped(case_brief(paid, NOW), SHIPPED)
    assert not is_skipped(
        case_brief(replace(plan, says="{name} proposes lower premiums for beneficiaries"), NOW), SHIPPED
    )


def test_figures_are_left_out_whichever_of_them_the_news_is_read_as() -> None:
    case = DryRunCase(
        "it", "guidance", "supplied_by", direction="positive", role="actor", says="Shares soar as {name} reports"
    )
    found = case_brief(case, NOW)
    assert found.alert.reading is not None
    read = found.alert.reading.model_copy(update={"kind": "share_move"})
    large = found.alert.model_copy(update={"reading": read, "size": "major"})
    assert is_skipped(replace(found, alert=large), SHIPPED)


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        ("a dependable income", "for a dependable income"),
        ("Steady income", "for steady income"),
        ("I want to grow faster than the market.", "to grow faster than the market"),
        ("We'd like a quiet life", "for a quiet life"),
        ("to keep our shops running", "to keep your shops running"),
        ("keeping what we have safe", "to keep what you have safe"),
        ("income and safety", "for income and safety,"),
        ("lower running cost", "for lower running cost"),
        ("enough for my children", "for enough for your children,"),
        ("AI that works for us", "for AI that works for you,"),
        ("to grow and stay independent", "to grow and stay independent,"),
        # No sentence can be made of these: the plain name stands.
        ("what matters is that I am not surprised", "for capital growth"),
        ("we never want to be surprised", "for capital growth"),
        ("growth, but not at any price", "for capital growth"),
        ("lol to the moon", "for capital growth"),
        ("more?", "for capital growth"),
        ("everything that a person of my age with two homes and a boat may reasonably want", "for capital growth"),
        ("  ", "for capital growth"),
        (None, "for capital growth"),
    ],
)
def test_the_clients_own_words_are_used_where_they_fit_the_sentence(words: str | None, phrase: str) -> None:
    verb, text = desire_phrase(Desire(name="capital_growth", words=words), a_client())
    assert f"{'to' if verb else 'for'} {text}" == phrase


def test_the_phrasing_is_stable_for_a_month_and_varies_over_time_and_clients() -> None:
    def said(client_id: str, months: int, days: int = 0) -> str:
        client = a_client(id=client_id)
        now = NOW.replace(month=1 + months % 12, year=2026 + months // 12, day=1 + days)
        return opinion_part(Brief(an_alert(client), client, a_firm(), a_manager(), now), SHIPPED).text or ""

    assert said("claire", 0) == said("claire", 0, 25)
    assert len({said("claire", month) for month in range(24)}) == 5
    assert len({said(f"client-{number}", 0) for number in range(40)}) == 5


def test_size_urgency_and_the_managers_own_playbook_are_conditions_too() -> None:
    text = (
        "playbook: own\nmanager: mara\nrules:\n"
        "  - when: {kind: dividend_cut, stance: holds, size: major, urgency: [high, urgent]}\n"
        "    action: calling me at once about {asset}\n    reason: a cut of this size is better talked over\n"
    )
    layered = SHIPPED.with_firm_playbooks([parse_playbook(text, "own.yaml")])
    client = a_client()
    major = brief(client, alert=an_alert(client, size="major"))
    assert "calling me at once" in (opinion_part(major, layered).text or "")
    assert "calling me" not in (opinion_part(brief(client), layered).text or "")
    other = Brief(major.alert, client, a_firm(), a_manager(id="else"), NOW)
    assert "calling me" not in (opinion_part(other, layered).text or "")


def test_the_opinion_has_the_guides_form_and_names_its_rule() -> None:
    found = opinion_part(brief(a_client()), SHIPPED)
    assert found.text is not None
    assert FORM.match(found.text)
    assert found.rule is not None
    assert found.rule.playbook == "wealth"


def test_the_phrasing_stays_the_same_for_a_client_and_differs_between_clients() -> None:
    texts = [opinion_part(brief(a_client(id=f"c{number}")), SHIPPED).text for number in range(20)]
    again = [opinion_part(brief(a_client(id=f"c{number}")), SHIPPED).text for number in range(20)]
    assert texts == again
    assert len(set(texts)) > 1


def test_the_desire_that_a_rule_is_made_for_is_named() -> None:
    client = a_client(desires=(Desire(name="control"), Desire(name="income")))
    found = opinion_part(brief(client), SHIPPED)
    assert found.text is not None
    assert "desire for income" in found.text


def test_a_client_without_desires_is_advised_by_risk_with_a_note_to_the_manager() -> None:
    found = opinion_part(brief(a_client(desires=())), SHIPPED)
    assert found.text is not None
    assert found.text.startswith("Based upon your preference for limited risk, ")
    assert "lists no desire" in found.notes[0]


@pytest.mark.parametrize("mood", ["calm", "upset"])
@pytest.mark.parametrize(
    ("desires", "risk", "opening", "asked"),
    [
        (("income",), "limited", "Based upon your desire for income and limited risk, ", ()),
        (("income",), None, "Based upon your desire for income, ", ("risk",)),
        ((), "high", "Given that you accept high risk, ", ("matters most",)),
        ((), None, "", ("matters most", "risk")),
    ],
)
def test_what_the_book_does_not_say_is_not_named_and_the_note_says_what_to_ask(
    desires: tuple[str, ...], risk: Risk | None, opening: str, asked: tuple[str, ...], mood: str
) -> None:
    client = a_client(desires=tuple(Desire(name=name) for name in desires), risk=risk, mood=mood)
    found = opinion_part(brief(client), SHIPPED)
    assert found.text is not None
    assert found.text.startswith(opening)
    basis, rest = split_basis(found.text)
    assert f"{basis}, " == opening if opening else (basis, rest) == ("", found.text)
    assert (rest if basis else found.text[0].lower() + found.text[1:]).startswith(("I ", "i ", "a calm", "it may"))
    assert "risk" not in basis or risk is not None
    assert len(found.notes) == len(asked)
    assert all(word in note and "Ask Claire Arnaud" in note for word, note in zip(asked, found.notes, strict=True))


def test_a_condition_on_risk_does_not_hold_for_a_client_whose_risk_is_unknown() -> None:
    text = (
        "playbook: own\nrules:\n"
        "  - when: {kind: dividend_cut, stance: holds, risk: [limited, moderate, high]}\n"
        "    action: calling me about {asset}\n    reason: a cut is better talked over\n"
    )
    layered = SHIPPED.with_firm_playbooks([parse_playbook(text, "own.yaml")])
    known, unknown = a_client(), a_client(risk=None)
    assert "calling me" in (opinion_part(brief(known), layered).text or "")
    assert "calling me" not in (opinion_part(brief(unknown), layered).text or "")


def test_no_rule_means_no_opinion() -> None:
    client = a_client()
    found = opinion_part(brief(client, alert=an_alert(client, kind="none")), SHIPPED)
    assert found.rule is None
    assert found.text is None
    assert "No playbook rule fits an event of this kind where the client holds it" in found.notes[0]
    rate = opinion_part(brief(client, alert=an_alert(client, kind="rate_change", stance="competes")), Playbooks(()))
    assert "No playbook rule fits “rate change” where the client competes with it" in rate.notes[0]


def test_an_information_only_client_gets_no_opinion() -> None:
    found = opinion_part(brief(a_client(contact=ContactPolicy(information_only=True))), SHIPPED)
    assert (found.text, found.withheld) == (None, "information_only")
    assert "information only" in found.notes[0]


@pytest.mark.parametrize("name", ["halden energy", "HLDN", "NO0010000001", "Halden", "halden-energy"])
def test_a_restricted_name_gets_no_opinion_under_any_of_its_names(name: str) -> None:
    watch = Watch(
        entity_id="halden-energy",
        name="Halden Energy",
        kind="holding",
        aliases=("Halden",),
        tickers=("HLDN",),
        isin="NO0010000001",
    )
    by_firm = opinion_part(brief(a_client("wealth", watch), a_firm(restricted=(name,))), SHIPPED)
    by_client = opinion_part(brief(a_client("wealth", watch, contact=ContactPolicy(restricted=(name,)))), SHIPPED)
    assert (by_firm.text, by_firm.withheld) == (None, "restricted")
    assert by_client.withheld == "restricted"


def test_a_restricted_name_is_noted_even_for_a_client_who_wants_information_only() -> None:
    client = a_client(contact=ContactPolicy(information_only=True))
    assert opinion_part(brief(client, a_firm(restricted=("Halden Energy",))), SHIPPED).withheld == "restricted"


def test_an_unconfirmed_report_calls_for_no_action_yet() -> None:
    client = a_client()
    found = opinion_part(brief(client, alert=an_alert(client, verdict="warn")), SHIPPED)
    assert found.text is not None
    assert "leaving Halden Energy unchanged for the moment" in found.text
    assert "Should it be confirmed, I would suggest replacing part of the income" in found.text


def test_a_correction_takes_back_the_earlier_advice() -> None:
    client = a_client("it", a_watch("product", "Quillon Cloud"))
    found = opinion_part(brief(client, alert=an_alert(client, verdict="correct")), SHIPPED)
    assert found.text is not None
    assert "as they were before that report" in found.text


def test_news_that_asks_for_nothing_or_only_mentions_the_name_is_worth_no_message_of_its_own() -> None:
    client = a_client()
    alert = an_alert(client, kind="expansion", direction="unclear", size="moderate")
    reading = a_reading(alert.evidence[0].item_id).model_copy(update={"role": "mention"})
    mentioned = alert.model_copy(update={"reading": reading})
    assert is_skipped(brief(client, alert=mentioned), SHIPPED)
    assert not is_skipped(brief(client, alert=mentioned.model_copy(update={"size": "major"})), SHIPPED)
    doubtful = alert.model_copy(update={"kind": "reputation", "reading": None, "verdict": "information"})
    assert has_little_to_say(brief(client, alert=doubtful), SHIPPED)
    assert opinion_part(brief(client, alert=doubtful), SHIPPED).rule is not None


@pytest.mark.parametrize(
    ("trade", "stance", "kind", "says"),
    [
        ("it", "uses", "labour", "The staff of a {name} shop form a union"),
        ("legal", "supplied_by", "clinical_trial", "{name} reports good data of its study"),
        ("legal", "contracts_with", "regulation", "{name} is granted a license in Norland"),
        ("agency", "uses", "averted", "{name} settles the lawsuit over its photos"),
    ],
)
def test_good_news_of_a_partner_that_changes_nothing_for_the_client_is_left_out_unless_large(
    trade: Trade, stance: Stance, kind: EventKind, says: str
) -> None:
    case = DryRunCase(trade, kind, stance, direction="positive", role="actor", says=says)
    found = case_brief(case, NOW)
    assert is_skipped(found, SHIPPED)
    assert not is_skipped(replace(found, alert=found.alert.model_copy(update={"size": "major"})), SHIPPED)


@pytest.mark.parametrize(
    ("kind", "direction", "says"),
    [
        ("earnings", "unclear", "{name} reports a hard quarter, but investors are happy"),
        ("share_move", "negative", "{name} shares fall for a third day"),
        ("deal", "unclear", "The founder of {name} sells stock worth $4 billion"),
    ],
)
@pytest.mark.parametrize("trade", ["it", "agency", "legal"])
def test_what_is_for_investors_alone_is_left_out_for_customers(
    trade: Trade, kind: EventKind, direction: Direction, says: str
) -> None:
    stance: Stance = "contracts_with" if trade == "legal" else "uses"
    case = DryRunCase(trade, kind, stance, direction=direction, role="object", says=says)
    assert is_skipped(case_brief(case, NOW), SHIPPED)


def test_a_measure_in_a_far_country_is_nothing_for_a_patient() -> None:
    says = "Millions are in lockdown as China tightens its rules on {name}"
    far = case_brief(DryRunCase("healthcare", "regulation", "follows", role="actor", says=says), NOW)
    far = replace(far, client=far.client.model_copy(update={"time_zone": "America/New_York"}))
    assert is_skipped(far, SHIPPED)
    assert not is_skipped(replace(far, client=far.client.model_copy(update={"time_zone": "Asia/Shanghai"})), SHIPPED)


def test_advice_on_a_subject_is_on_what_its_headline_says() -> None:
    says = "Nordmark threatens {name} with sanctions"
    found = case_brief(DryRunCase("legal", "regulation", "follows", role="actor", says=says), NOW)
    alert = found.alert
    span = Span(field="title", start=0, end=1, text=alert.entity_name)
    item = alert.evidence[0].model_copy(update={"quote": f"{alert.headline} Tariffs may follow.", "spans": (span,)})
    named = replace(found, alert=alert.model_copy(update={"evidence": (item,)}))
    assert "customs duties" not in (opinion_part(named, SHIPPED).text or "")


@pytest.mark.parametrize(("over", "rights"), [("a fire at its plant", False), ("its patents on pumps", True)])
def test_claims_of_others_to_rights_are_spoken_of_only_where_rights_are_claimed(over: str, rights: bool) -> None:
    case = DryRunCase("legal", "lawsuit", "contracts_with", role="object", says=f"Norland sues {{name}} over {over}")
    rule = opinion_part(case_brief(case, NOW), SHIPPED).rule
    spoken = rule is not None and any("rights" in " ".join(phrasing) for phrasing in rule.phrasings)
    assert spoken is rights


def test_stolen_money_is_no_personal_data() -> None:
    said = "{name} halted after $100 million hack"
    found = case_brief(DryRunCase("legal", "data_breach", "contracts_with", direction="negative", says=said), NOW)
    assert "loss by theft" in (opinion_part(found, SHIPPED).text or "")


def test_a_strike_that_has_not_begun_is_not_told_as_an_interruption() -> None:
    said = "The staff of {name} threaten to strike"
    found = case_brief(DryRunCase("wealth", "strike", "holds", direction="negative", says=said), NOW)
    assert "whether work stops at all" in (opinion_part(found, SHIPPED).text or "")


@pytest.mark.parametrize("trade", ["it", "legal", "agency", "accounting"])
@pytest.mark.parametrize(
    ("says", "skipped"),
    [("{name} misses earnings forecasts", True), ("{name} misses earnings forecasts and may default", False)],
)
def test_figures_of_a_vendor_are_told_where_it_may_fail(trade: str, says: str, skipped: bool) -> None:
    case = DryRunCase(trade, "earnings_miss", "supplied_by", "negative", size="major", role="actor", says=says)
    assert is_skipped(case_brief(case, NOW), SHIPPED) is skipped


@pytest.mark.parametrize("trade", ["it", "legal", "agency"])
@pytest.mark.parametrize(
    ("kind", "size", "skipped"), [("regulation", "major", False), ("investigation", "major", True)]
)
def test_a_ban_of_what_a_client_uses_is_told(
    trade: str, kind: EventKind, size: Literal["minor", "moderate", "major"], skipped: bool
) -> None:
    case = DryRunCase(trade, kind, "uses", "negative", size=size, role="actor", says="Government bans {name}")
    assert is_skipped(case_brief(case, NOW), SHIPPED) is skipped


def test_good_news_of_an_unknown_kind_asks_nothing_of_those_who_buy_from_the_name() -> None:
    good = case_brief(DryRunCase("agency", "other", "supplied_by", "positive", verdict="information"), NOW)
    assert has_little_to_say(good, SHIPPED)
    bad = DryRunCase("agency", "other", "supplied_by", "negative", verdict="information", size="major")
    assert not has_little_to_say(case_brief(bad, NOW), SHIPPED)


def test_good_news_of_an_unknown_kind_in_a_field_is_worth_no_message_unless_large() -> None:
    good = case_brief(DryRunCase("accounting", "leadership_change", "follows", "positive", role="actor"), NOW)
    assert has_little_to_say(good, SHIPPED)


def test_what_a_vendor_does_in_a_far_country_is_told_only_where_the_client_is() -> None:
    says = "{name} cuts jobs in Japan"
    found = case_brief(DryRunCase("it", "layoffs", "supplied_by", "negative", role="actor", says=says), NOW)
    far = replace(found, client=found.client.model_copy(update={"time_zone": "Europe/Berlin"}))
    assert is_skipped(far, SHIPPED)
    assert not is_skipped(replace(far, client=far.client.model_copy(update={"time_zone": "Asia/Tokyo"})), SHIPPED)


def test_a_company_is_told_of_a_subject_that_a_headline_names() -> None:
    says = "Nordmark fines a bank over {name}"
    found = case_brief(DryRunCase("legal", "fine", "follows", "negative", role="actor", says=says), NOW)
    alert = found.alert
    in_title = Span(field="title", start=0, end=1, text=alert.entity_name)
    for span, skipped in ((in_title, False), (in_title.model_copy(update={"field": "body"}), True)):
        item = alert.evidence[0].model_copy(update={"spans": (span,)})
        assert is_skipped(replace(found, alert=alert.model_copy(update={"evidence": (item,)})), SHIPPED) is skipped


def test_who_gives_up_the_rescue_of_another_is_not_told_as_failing() -> None:
    says = "{name} backs out of Orvix purchase, leaving the lender near collapse"
    case = DryRunCase("wealth", "insolvency", "holds", "negative", size="major", role="actor", says=says)
    assert "the purchase" in said_of(case) or "with the money instead" in said_of(case)
    failing = replace(case, says="{name} is near collapse as Orvix backs out of purchase")
    assert "shareholders come last" in said_of(failing) or "recovered" in said_of(failing)


@pytest.mark.parametrize(("trade", "size", "skipped"), [("it", "moderate", True), ("it", "major", False)])
def test_customers_hear_of_a_purchase_that_is_given_up_only_if_it_is_large(
    trade: Trade, size: Size, skipped: bool
) -> None:
    says = "{name} abandons rescue of Orvix"
    case = DryRunCase(trade, "insolvency", "supplied_by", "negative", size=size, role="actor", says=says)
    assert is_skipped(case_brief(case, NOW), SHIPPED) is skipped
    assert "what you use is as before" in said_of(case)


def test_on_the_brink_of_collapse_nobody_has_taken_over_yet() -> None:
    says = "{name} on brink of collapse after buyer abandons rescue"
    case = DryRunCase("it", "insolvency", "supplied_by", "negative", size="major", role="object", says=says)
    assert "whoever now runs it" not in said_of(case)
    assert "whoever now runs it" in said_of(replace(case, says="{name} files for bankruptcy after collapse"))


@pytest.mark.parametrize(
    ("trade", "kind", "direction", "size", "says", "skipped"),
    [
        ("legal", "reputation", "negative", "moderate", "{name} faces backlash over a campaign", True),
        ("legal", "reputation", "negative", "moderate", "{name} faces boycott over forced labor claims", False),
        ("legal", "reputation", "negative", "major", "{name} faces backlash over a campaign", False),
        ("legal", "regulation", "negative", "moderate", "Nordmark threatens to ban {name} over data transfers", True),
        ("legal", "politics", "negative", "moderate", "President threatens to revoke the licenses of {name}", True),
        ("legal", "regulation", "negative", "major", "Nordmark threatens to ban {name} over data transfers", False),
        ("legal", "regulation", "negative", "moderate", "Nordmark bans {name} over data transfers", False),
        ("it", "contract_win", "positive", "major", "{name} wins a contract with the navy", True),
        ("it", "contract_loss", "negative", "moderate", "{name} loses a contract with Orvix", True),
        ("it", "contract_loss", "negative", "major", "{name} loses a contract with Orvix", False),
        ("it", "contract", "negative", "moderate", "{name} ends contracts with its resellers", False),
        ("it", "contract", "unclear", "major", "{name} ends contracts with its resellers", False),
    ],
)
def test_what_a_counterparty_is_only_said_or_threatened_or_agrees_with_others_is_left_out(
    trade: Trade, kind: EventKind, direction: Direction, size: Size, says: str, skipped: bool
) -> None:
    case = DryRunCase(trade, kind, "contracts_with", direction, size=size, role="object", says=says)
    assert is_skipped(case_brief(case, NOW), SHIPPED) is skipped


@pytest.mark.parametrize("trade", ["it", "legal", "agency", "accounting"])
def test_an_authority_that_threatens_has_proposed_no_text(trade: Trade) -> None:
    says = "{name} threatens penalties over wrong tax reports"
    case = DryRunCase(trade, "regulation", "regulated_by", "negative", role="actor", says=says)
    assert "draft" not in said_of(case)
    assert "until it is adopted" not in said_of(case)


@pytest.mark.parametrize("stance", ["supplied_by", "contracts_with"])
@pytest.mark.parametrize("size", ["moderate", "major"])
def test_a_patient_is_not_told_about_coverage_where_an_insurer_or_a_pharmacy_buys_or_is_bought(
    stance: Stance, size: Size
) -> None:
    buys = DryRunCase("healthcare", "acquisition", stance, "unclear", size=size, role="actor", says="{name} buys Orvix")
    assert is_skipped(case_brief(buys, NOW), SHIPPED)
    done = replace(buys, kind="deal", direction="positive", says="{name} closes its purchase of Orvix")
    assert is_skipped(case_brief(done, NOW), SHIPPED)
    bought = replace(buys, kind="takeover", role="object", says="Orvix agrees to buy {name}")
    assert not is_skipped(case_brief(bought, NOW), SHIPPED)
    assert "leaving your" in said_of(bought)
    assert "cover" not in said_of(bought)
    sold = replace(buys, kind="divestment", says="{name} sells its clinics to Orvix")
    assert "part of what is sold" in said_of(sold)


@pytest.mark.parametrize(
    ("headline", "skipped"),
    [("First Energy fined $230 million over bribery", True), ("Nordmark fines a bank over energy contracts", False)],
)
def test_a_company_that_is_named_with_a_subject_is_none_of_it(headline: str, skipped: bool) -> None:
    found = case_brief(DryRunCase("accounting", "fine", "follows", "negative", role="actor", says=headline), NOW)
    word = "Energy" if "Energy" in headline else "energy"
    at = headline.index(word)
    span = Span(field="title", start=at, end=at + len(word), text=word)
    item = found.alert.evidence[0].model_copy(update={"title": headline, "spans": (span,)})
    named = replace(found, alert=found.alert.model_copy(update={"entity_name": "energy", "evidence": (item,)}))
    assert is_skipped(named, SHIPPED) is skipped
