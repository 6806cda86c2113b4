"""The worker that asks a model is built from settings, and may reach only the address that they name."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest

from firstword.compose import common, outbound
from firstword.compose.outbound import build_model_probe
from firstword.doctor import run_checks
from schemas.topics import topic_of
from services.common.errors import BadInput
from services.common.settings import LlmSettings, Settings
from services.notifier.rewording import store as rewordings
from services.notifier.sinks import all_sinks
from tests.desk_data import NOW
from tests.fakes import FakeClock
from tests.http_server import Reply, Request, serving
from tests.unit.services.notifier.rewording.drafted import drafted_events


def answer(request: Request) -> Reply:
    user = json.loads(request.body)["messages"][1]["content"]
    parts = json.loads(user[user.index("{") :])
    parts["2"] = parts["2"].replace("I would advise you to", "I think you should")
    choice = {"message": {"content": json.dumps(parts)}, "finish_reason": "stop"}
    return Reply(200, json.dumps({"choices": [choice]}).encode())


async def test_a_model_on_this_machine_is_asked_and_its_answer_stored(tmp_path: Path) -> None:
    async with serving(answer) as server:
        settings = Settings(data=tmp_path, llm=LlmSettings(url=server.url("/v1/"), model="m"))
        with common.open_store(settings, FakeClock(NOW)) as store:
            events = drafted_events("claire")
            with store.engine.begin() as connection:
                for event in events:
                    for sink in all_sinks():
                        if topic_of(event).name in sink.inputs:
                            sink.apply(connection, event)
            worker = outbound.build_rewording(store)
            assert worker is not None
            assert await worker.reword_due() == 1
            with store.engine.connect() as connection:
                draft_id = events[2].data.draft.id  # type: ignore[attr-defined]
                assert rewordings.offer(connection, draft_id) is not None
    assert server.requests[0].path == "/v1/chat/completions"


def test_without_an_address_there_is_no_worker_and_an_invalid_one_is_reported(tmp_path: Path) -> None:
    with common.open_store(Settings(data=tmp_path), FakeClock(NOW)) as store:
        assert outbound.build_rewording(store) is None
    settings = Settings(data=tmp_path, llm=LlmSettings(url="http://127.0.0.1:1/v1", writes="off"))
    with common.open_store(settings, FakeClock(NOW)) as store:
        assert outbound.build_rewording(store) is None
    settings = Settings(data=tmp_path, llm=LlmSettings(url="our-model"))
    with common.open_store(settings) as store, pytest.raises(BadInput, match="FIRSTWORD_LLM_URL"):
        outbound.build_rewording(store)


@pytest.mark.parametrize(
    ("reply", "state", "said"),
    [
        (Reply(200, b'{"data": [{"id": "m"}]}'), "ok", "it writes messages beside the drafts"),
        (Reply(404, b"no such page"), "ok", "m at 127.0.0.1"),
        (Reply(200, b'{"data": [{"id": "other"}]}'), "warn", "has no model m; it has other"),
        (Reply(401), "fail", "does not accept the key"),
    ],
)
async def test_the_doctor_asks_the_endpoint_for_its_models(tmp_path: Path, reply: Reply, state: str, said: str) -> None:
    async with serving({"/v1/models": reply}) as server:
        llm = LlmSettings(url=server.url("/v1"), model="m", writes="write")
        with common.open_store(Settings(data=tmp_path, llm=llm), FakeClock(NOW)) as store:
            probe = partial(build_model_probe, store.settings)
            checks = await asyncio.to_thread(run_checks, store, common.build_ingest(store), {}, probe)
    check = next(check for check in checks if check.what == "language model")
    assert check.state == state
    assert said in check.found
