from __future__ import annotations

from datetime import timedelta

from services.notifier.desk import rates
from services.notifier.desk.rates import RequestRates
from tests.desk_data import NOW


def test_a_user_has_a_share_that_grows_again() -> None:
    limit = RequestRates(per_minute=2)
    assert [limit.take("ann", NOW) for _ in range(3)] == [0, 0, 30]
    assert limit.take("bob", NOW) == 0, "everybody has a share of their own"
    assert limit.take("ann", NOW + timedelta(seconds=29)) == 1
    assert limit.take("ann", NOW + timedelta(seconds=30)) == 0
    assert [limit.take("ann", NOW + timedelta(hours=1)) for _ in range(3)] == [0, 0, 30], "no more than one share"


def test_idle_users_are_forgotten() -> None:
    limit = RequestRates(per_minute=1)
    limit.take("first", NOW)
    for number in range(rates.REMEMBERED):
        limit.take(str(number), NOW)
    assert limit.take("first", NOW) == 0
