from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from tests.command_line import app


def test_check_reports_each_error_and_warns_where_a_file_is_milder(tmp_path: Path) -> None:
    file = tmp_path / "gate.yaml"
    file.write_text("effects:\n  speling: off\n")
    failed = CliRunner().invoke(app, ["gate", "check", str(file)])
    assert failed.exit_code == 2
    assert "Did you mean spelling?" in failed.stderr
    file.write_text("effects:\n  promise: warn\n  slang: block\n")
    good = CliRunner().invoke(app, ["gate", "check", str(file)])
    assert good.exit_code == 0
    assert "promise: warn is milder than the default, block" in good.stderr
    assert "2 effect(s), 1 milder" in good.stdout
    assert CliRunner().invoke(app, ["gate", "check", str(tmp_path / "none.yaml")]).exit_code == 2


def test_show_lists_what_is_in_force(tmp_path: Path) -> None:
    (tmp_path / "gate.yaml").write_text("effects:\n  slang: block\n")
    shown = CliRunner().invoke(app, ["gate", "show", "--data", str(tmp_path), "--json"])
    effects = json.loads(shown.stdout)
    assert effects["slang"] == {"effect": "block", "default": "reason"}
    assert effects["spelling"]["effect"] == "warn"
    assert "your firm" in CliRunner().invoke(app, ["gate", "show", "--data", str(tmp_path)]).stdout
