"""Rewordings of an opinion that say more, less or something else than it. None may be offered."""

from __future__ import annotations

import pytest

from services.notifier.drafting.meaning.compare import check_meaning

OPINION = (
    "Based upon your desire for income and limited risk, I think you should consider replacing part of the income from "
    "Halden Energy with holdings whose dividends are better covered because income that depends on one strained payer "
    "is the first to fall short."
)
MEANING = "You hold Halden Energy, which is about 12% of your portfolio. Your income from this holding will be lower."
WARNING = "This is unconfirmed. Halden Energy may cut its dividend before summer, two people said."
PATCH = "I would suggest updating some of your servers before the weekend because most attacks start soon after."

HOSTILE = [
    (OPINION, "I think you should consider replacing the whole of the income from Halden Energy."),
    (OPINION, "I think you should consider replacing all of the income from Halden Energy."),
    (OPINION, "I think you should consider replacing the entire income from Halden Energy."),
    (OPINION, "I think you should consider replacing your income from Halden Energy in full."),
    (OPINION, "I know that replacing part of the income from Halden Energy is right for you."),
    (OPINION, "I know you should replace part of the income from Halden Energy, and I know it will work."),
    (OPINION, "I am certain that you should replace part of the income from Halden Energy."),
    (OPINION, "I am sure you should consider replacing part of the income from Halden Energy."),
    (OPINION, "I am absolutely convinced you should replace part of the income from Halden Energy."),
    (OPINION, "I promise that replacing part of the income from Halden Energy pays off."),
    (OPINION, "I can assure you that holdings whose dividends are better covered pay more."),
    (OPINION, "Replacing part of the income from Halden Energy is free of risk."),
    (OPINION, "Replacing part of the income from Halden Energy is free from any risk."),
    (OPINION, "Holdings whose dividends are better covered are risk-free."),
    (OPINION, "Replacing part of the income from Halden Energy carries no risk."),
    (OPINION, "There is no risk in replacing part of the income from Halden Energy."),
    (OPINION, "Replacing part of the income from Halden Energy does not carry any risk."),
    (OPINION, "Replacing part of the income removes every risk."),
    (OPINION, "There is zero risk in replacing part of the income from Halden Energy."),
    (OPINION, "Holdings whose dividends are better covered are completely safe."),
    (OPINION, "Your income is guaranteed if you replace part of it."),
    (OPINION, "Holdings whose dividends are better covered guarantee your income."),
    (OPINION, "You cannot lose by replacing part of the income from Halden Energy."),
    (OPINION, "Nothing can go wrong if you replace part of the income from Halden Energy."),
    (OPINION, "Without a doubt you should replace part of the income from Halden Energy."),
    (OPINION, "It is certain that income that depends on one strained payer falls short."),
    (OPINION, "Holdings whose dividends are better covered are bound to pay more."),
    (OPINION, "Replacing part of the income from Halden Energy is a safe bet."),
    (OPINION, "You should definitely replace part of the income from Halden Energy."),
    (OPINION, "You must replace part of the income from Halden Energy."),
    (OPINION, "Consider replacing part of the income with holdings whose dividends are worse covered."),
    (MEANING, "You do not hold Halden Energy, which is about 12% of your portfolio."),
    (MEANING, "You hold Halden Energy, which is about 21% of your portfolio."),
    (MEANING, "Your income from this holding will be higher."),
    (MEANING, "Your income from this holding will not be lower."),
    (MEANING, "Your income from this holding will certainly be lower."),
    (WARNING, "Halden Energy cut its dividend before summer."),
    (WARNING, "Halden Energy may raise its dividend before summer, two people said."),
    (WARNING, "Halden Energy may cut its dividend after summer, two people said."),
    (WARNING, "Halden Energy may not cut its dividend before summer, two people said."),
    (WARNING, "This is confirmed: Halden Energy cuts its dividend before summer."),
    (WARNING, "Halden Energy may cut its dividend before winter, two people said."),
    (PATCH, "I would suggest updating all of your servers before the weekend."),
    (PATCH, "I would suggest updating some of your servers after the weekend."),
    (PATCH, "I would suggest not updating some of your servers before the weekend."),
    (PATCH, "Updating some of your servers before the weekend makes you completely secure."),
    (PATCH, "Once some of your servers are updated, nothing can happen to you."),
]


def test_there_are_47_of_them() -> None:
    assert len(set(HOSTILE)) == 47


@pytest.mark.parametrize(("before", "after"), HOSTILE, ids=[after[:60] for _, after in HOSTILE])
def test_a_hostile_rewording_is_found(before: str, after: str) -> None:
    findings = check_meaning(after, [before])
    assert findings
    assert all(finding.words in after and finding.message for finding in findings)


@pytest.mark.parametrize("text", [OPINION, MEANING, WARNING, PATCH])
def test_the_original_says_what_it_says(text: str) -> None:
    assert check_meaning(text, [text]) == ()
