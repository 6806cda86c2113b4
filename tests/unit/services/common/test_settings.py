"""Settings from the environment and from secret files; an invalid one is named in the error message."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.common.errors import BadInput
from services.common.settings import Settings, read_settings

DATABASE = "postgresql://firstword@postgres:5432/firstword"


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIRSTWORD_SECRETS_DIR", str(tmp_path))
    return tmp_path


def test_secrets_may_be_in_files_and_the_environment_takes_precedence(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secrets / "firstword_smtp_password").write_text("from a file\n")
    (secrets / "firstword_llm_key").write_text("from a file")
    (secrets / "firstword_slack_hooks").write_text('{"claire": "https://hooks.example/1"}')
    monkeypatch.setenv("FIRSTWORD_SMTP_PASSWORD", "")
    monkeypatch.setenv("FIRSTWORD_LLM_KEY", "from outside")
    settings = read_settings()
    assert settings.smtp.password is not None
    assert settings.smtp.password.get_secret_value() == "from a file"
    assert settings.llm.key is not None
    assert settings.llm.key.get_secret_value() == "from outside"
    assert settings.slack_hooks["claire"].get_secret_value() == "https://hooks.example/1"


def test_a_password_of_any_characters_becomes_part_of_the_database_url(secrets: Path) -> None:
    (secrets / "firstword_database_password").write_text("a/b:c@d %e\n")
    settings = read_settings(database=DATABASE)
    assert settings.database_url == "postgresql://firstword:a%2Fb%3Ac%40d%20%25e@postgres:5432/firstword"
    assert read_settings(database="postgresql://u:own@h/n").database_url == "postgresql://u:own@h/n"
    assert Settings().database_url is None


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("FIRSTWORD_PORT", "high", "FIRSTWORD_PORT (or --port): "),
        ("FIRSTWORD_SMTP_PORT", "70000", "FIRSTWORD_SMTP_PORT: "),
        ("FIRSTWORD_CONTACT", "us) Mozilla/5.0 (x", "FIRSTWORD_CONTACT (or --contact): Value error, write it as "),
        ("FIRSTWORD_CONTACT", "https://firm.example/\r\nx: y", "FIRSTWORD_CONTACT (or --contact): "),
        ("FIRSTWORD_CONTACT", "nobody", "FIRSTWORD_CONTACT (or --contact): "),
        ("FIRSTWORD_LLM_SECONDS", "0", "FIRSTWORD_LLM_SECONDS: "),
        ("FIRSTWORD_SLACK_HOOKS", "{claire", "FIRSTWORD_SLACK_HOOKS can't be read: Expecting "),
    ],
)
def test_an_invalid_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadInput) as caught:
        read_settings()
    assert caught.value.message.startswith(message)
    assert caught.value.fix


def test_an_error_message_contains_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTWORD_SLACK_HOOKS", '{"claire": ["https://hooks.example/secret"]}')
    with pytest.raises(BadInput, match="FIRSTWORD_SLACK_HOOKS") as caught:
        read_settings()
    assert "secret" not in str(caught.value)


def test_an_unreadable_secret_file_is_named(secrets: Path) -> None:
    (secrets / "firstword_secret").symlink_to("firstword_secret")  # unreadable even for root
    with pytest.raises(BadInput, match=r"FIRSTWORD_SECRET can't be read: .*/firstword_secret") as caught:
        read_settings()
    assert caught.value.fix


@pytest.mark.parametrize("contact", ["feeds@firm.example", " https://firm.example/feeds?from=bot "])
def test_the_contact_is_a_mail_address_or_a_page(contact: str) -> None:
    assert Settings(contact=contact).contact == contact.strip()
