"""Settings: read from the environment and `.env`, every problem named at once, no secret ever printed."""

from __future__ import annotations

import dataclasses
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.config import VENDOR_NAMES, Config, load_config, read_environment
from service.errors import ConfigError

VENDORS = {
    "HUBSPOT_CLIENT_ID": "hubspot-client",
    "HUBSPOT_CLIENT_SECRET": "canary-hubspot",
    "QUICKBOOKS_CLIENT_ID": "quickbooks-client",
    "QUICKBOOKS_CLIENT_SECRET": "canary-quickbooks",
}
KEYS = {"SECRET_KEY": "canary-secret-key-0123456789", "ENCRYPTION_KEYS": "canary-encryption-key-01234"}
ENOUGH = {**VENDORS, **KEYS}


def problems_of(environment: dict[str, str], **how: bool) -> list[str]:
    with pytest.raises(ConfigError) as error:
        load_config(environment, **how)  # type: ignore[arg-type]
    return error.value.problems


def test_the_documented_defaults() -> None:
    config = load_config(ENOUGH)
    assert (config.public_url, config.port) == ("http://127.0.0.1:8000", 8000)
    assert config.database_url == "sqlite:///instance/service.sqlite"
    assert config.sqlite_path == Path("instance/service.sqlite")
    assert config.hubspot_api_url == "https://api.hubapi.com"
    assert config.hubspot_authorize_url == "https://app.hubspot.com/oauth/authorize"
    assert (config.hubspot_api_version, config.hubspot_accept_v2_signatures) == ("2026-03", True)
    assert config.quickbooks_environment == "production"
    assert config.quickbooks_api_url == "https://quickbooks.api.intuit.com"
    assert config.quickbooks_discovery_url == "https://developer.intuit.com/.well-known/openid_configuration/"
    assert (config.hubspot_app_id, config.hubspot_developer_api_key, config.admin_password) == (None, None, None)
    assert config.quickbooks_webhook_verifier_tokens == ()
    assert config.log_level == "INFO"


def test_the_sandbox_environment_has_addresses_of_its_own() -> None:
    config = load_config({**ENOUGH, "QUICKBOOKS_ENVIRONMENT": "sandbox"})
    assert config.quickbooks_api_url == "https://sandbox-quickbooks.api.intuit.com"
    assert "sandbox" in config.quickbooks_discovery_url


def test_every_problem_is_named_at_once() -> None:
    wrong = {
        "PUBLIC_URL": "invoice.example.com",
        "PORT": "eighty",
        "DATABASE_URL": "mysql://x/y",
        "SECRET_KEY": "short",
        "ENCRYPTION_KEYS": "0123456789abcdef0123, short",
        "HUBSPOT_API_URL": "ftp://x",
        "HUBSPOT_AUTHORIZE_URL": "https://x/?a=b",
        "HUBSPOT_ACCEPT_V2_SIGNATURES": "perhaps",
        "QUICKBOOKS_ENVIRONMENT": "staging",
        "QUICKBOOKS_API_URL": "https://",
        "QUICKBOOKS_DISCOVERY_URL": "https://[x",
        "LOG_LEVEL": "loud",
    }
    named = problems_of(wrong)
    for name in (*wrong, *VENDOR_NAMES):
        assert sum(problem.startswith(f"{name} ") for problem in named) == 1, name
    assert len(named) == len(wrong) + len(VENDOR_NAMES)


def test_problems_repeat_no_value() -> None:
    wrong = {**dict.fromkeys(KEYS, "canary"), "DATABASE_URL": "mysql://user:canary@host/x", "PORT": "canary"}
    assert "canary" not in str(problems_of(wrong))


def test_without_vendors_their_names_are_not_needed() -> None:
    assert load_config(KEYS, vendors=False).hubspot_client_secrets == ()


def test_lists_are_separated_by_commas() -> None:
    config = load_config(
        {
            **ENOUGH,
            "HUBSPOT_CLIENT_SECRET": " one , two,, ",
            "ENCRYPTION_KEYS": "0123456789abcdef0, 0123456789abcdef1",
            "QUICKBOOKS_WEBHOOK_VERIFIER_TOKENS": "a,b",
        }
    )
    assert config.hubspot_client_secrets == ("one", "two")
    assert config.encryption_keys == ("0123456789abcdef0", "0123456789abcdef1")
    assert config.quickbooks_webhook_verifier_tokens == ("a", "b")


def test_a_client_secret_of_commas_is_no_secret() -> None:
    assert problems_of({**ENOUGH, "HUBSPOT_CLIENT_SECRET": " , ,"}) == [
        "HUBSPOT_CLIENT_SECRET is not set: copy it from the vendor's app page"
    ]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h:5432/d?sslmode=require", "postgresql+psycopg://u:p@h:5432/d?sslmode=require"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:///x.sqlite", "sqlite:///x.sqlite"),
        ("sqlite:////var/x.sqlite", "sqlite:////var/x.sqlite"),
    ],
)
def test_database_addresses(given: str, kept: str) -> None:
    assert load_config({**ENOUGH, "DATABASE_URL": given}).database_url == kept


@pytest.mark.parametrize(
    "given", ["sqlite://", "sqlite:///:memory:", "sqlite:///", "x.sqlite", "postgresql:h/d", "://"]
)
def test_database_addresses_that_cannot_work(given: str) -> None:
    (problem,) = problems_of({**ENOUGH, "DATABASE_URL": given})
    assert problem.startswith("DATABASE_URL ")


@pytest.mark.parametrize(
    ("url", "port", "expected"),
    [
        ("https://invoice.example.com/", None, 8000),
        ("http://127.0.0.1:9100", None, 9100),
        ("https://invoice.example.com", "5000", 5000),
    ],
)
def test_the_port(url: str, port: str | None, expected: int) -> None:
    config = load_config({**ENOUGH, "PUBLIC_URL": url, **({"PORT": port} if port else {})})
    assert config.port == expected
    assert config.public_url == url.rstrip("/")


@pytest.mark.parametrize("port", ["0", "65536", "-1", "x", "٣", "8000.0", "²", "9" * 5000])
def test_ports_that_are_none(port: str) -> None:
    assert problems_of({**ENOUGH, "PORT": port}) == ["PORT must be a number from 1 to 65535"]


@pytest.mark.parametrize(
    ("text", "meant"), [("true", True), ("0", False), ("OFF", False), ("Yes", True), ("no", False)]
)
def test_switches(text: str, meant: bool) -> None:
    assert load_config({**ENOUGH, "HUBSPOT_ACCEPT_V2_SIGNATURES": text}).hubspot_accept_v2_signatures is meant


@given(
    environment=st.dictionaries(
        st.sampled_from(
            [field.name.upper() for field in dataclasses.fields(Config)] + ["HUBSPOT_CLIENT_SECRET", "PORT"]
        ),
        st.text(max_size=30),
    )
)
def test_any_environment_gives_settings_or_their_problems(environment: dict[str, str]) -> None:
    try:
        config = load_config({**KEYS, **environment}, create=False)
    except ConfigError:
        return
    assert 0 < config.port < 65536


def test_env_files_are_read_and_the_environment_overrules_them(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        'PUBLIC_URL="https://from.file"  # a comment\nHUBSPOT_CLIENT_ID=from-file\nEMPTY=\nLOG_LEVEL= \nLONE\n'
    )
    code = (
        "import json; from service.config import read_environment; "
        "print(json.dumps({k: v for k, v in read_environment().items() if k in "
        "('PUBLIC_URL', 'HUBSPOT_CLIENT_ID', 'EMPTY', 'LOG_LEVEL', 'LONE')}))"
    )
    environment = {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "HUBSPOT_CLIENT_ID": " from-environment ",
        "EMPTY": " ",
    }
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == '{"PUBLIC_URL": "https://from.file", "HUBSPOT_CLIENT_ID": "from-environment"}'


def test_no_env_file_is_no_problem(tmp_path: Path) -> None:
    assert read_environment(tmp_path).get("PATH") == os.environ["PATH"]


def test_secrets_are_made_on_the_first_run_and_kept(tmp_path: Path) -> None:
    first = load_config(VENDORS, instance=tmp_path / "instance")
    second = load_config(VENDORS, instance=tmp_path / "instance")
    assert (first.secret_key, first.encryption_keys) == (second.secret_key, second.encryption_keys)
    assert first.secret_key != first.encryption_keys[0]
    assert len(first.secret_key) == len(first.encryption_keys[0]) == 64
    files = {path.name: path for path in (tmp_path / "instance").iterdir()}
    assert set(files) == {"secret_key", "encryption_keys"}, "no scraps"
    for path in files.values():
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, "nobody else reads them"


def test_processes_that_start_together_have_the_same_secrets(tmp_path: Path) -> None:
    code = (
        "import sys; sys.stdin.readline(); from pathlib import Path; from service.config import load_config; "
        "c = load_config({}, vendors=False, instance=Path('instance')); print(c.secret_key, *c.encryption_keys)"
    )
    environment = {"PYTHONPATH": str(Path(__file__).parents[1])}
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    said = {racer.communicate(timeout=30)[0] for racer in racers}
    assert len(said) == 1
    assert len(said.pop().split()) == 2


def test_checking_creates_nothing(tmp_path: Path) -> None:
    load_config(VENDORS, instance=tmp_path / "instance", create=False)
    assert not (tmp_path / "instance").exists()


def test_a_kept_secret_that_was_emptied_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("\n")
    (tmp_path / "encryption_keys").write_text("0123456789abcdef0123456789abcdef\n")
    with pytest.raises(ConfigError, match="SECRET_KEY needs at least"):
        load_config(VENDORS, instance=tmp_path)


def test_settings_never_print_themselves() -> None:
    config = load_config({**ENOUGH, "ADMIN_PASSWORD": "canary-password"})
    assert "canary" not in f"{config} {config!r} {[config]}"
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.port = 1  # type: ignore[misc]
