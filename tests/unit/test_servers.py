"""The servers of docker-compose.yml: pinned, healthy, kept, on loopback, and alone in their profiles."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROFILES = {
    "data": {"mongo", "qdrant"},
    "tgi": {"tgi"},
    "tgi-cpu": {"tgi-cpu"},
    "langfuse": {"langfuse-web", "langfuse-worker", "postgres", "clickhouse", "redis", "minio"},
    "app": {"app"},
}


def test_the_profiles() -> None:
    found: dict[str, set[str]] = {}
    for name, service in SERVICES.items():
        [profile] = service["profiles"]
        found.setdefault(profile, set()).add(name)
    assert found == PROFILES
    for services in found.values():
        for name in services:
            assert set(SERVICES[name].get("depends_on", {})) <= services


@pytest.mark.parametrize("name", SERVICES)
def test_a_server_is_pinned_and_healthy(name: str) -> None:
    service = SERVICES[name]
    image, _, tag = service["image"].rpartition(":")
    assert image
    assert re.search(r"\d+\.\d+|\d{4}-\d\d-\d\d", tag), tag
    assert {"test", "interval", "timeout", "retries"} <= service["healthcheck"].keys()
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_a_port_is_on_loopback_by_default(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert port.startswith(("${BIND:-127.0.0.1}:", "127.0.0.1:"))


def test_every_volume_has_a_name_and_is_used() -> None:
    used = set()
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = re.sub(r"\$\{\w+:-([\w-]+)\}", r"\1", volume).partition(":")[0]
            assert not source.startswith((".", "/")), volume
            used.add(source)
    assert used == COMPOSE["volumes"].keys()


def test_no_secret_stands_in_a_file() -> None:
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY|SALT|TOKEN|AUTH$|URL", key) and "DISABLE" not in key:
                harmless = re.sub(r"\$\{\w+(?::-[^}]*)?\}", "", str(value))
                assert not re.search(r":[^@/]+@", harmless), (name, key)
                if not re.search(r"URL|ACCESS_KEY_ID", key):
                    assert harmless == "", (name, key)


def test_twin_is_given_the_keys_that_langfuse_is_made_with() -> None:
    made = SERVICES["langfuse-web"]["environment"]
    app = SERVICES["app"]["environment"]
    for which in ("PUBLIC_KEY", "SECRET_KEY"):
        assert made[f"LANGFUSE_INIT_PROJECT_{which}"] == app[f"LANGFUSE_{which}"]


def environment(folder: Path, *profiles: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "servers/environment.py", "--folder", str(folder), *profiles]
    return subprocess.run(program, check=False, capture_output=True, text=True, cwd=ROOT)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".env.example").write_bytes((ROOT / ".env.example").read_bytes())
    return tmp_path


def test_secrets_are_made_once_and_kept(folder: Path) -> None:
    done = environment(folder, "data", "langfuse", "app")
    assert done.returncode == 0, done.stderr
    path = folder / ".env"
    assert path.stat().st_mode & 0o077 == 0
    first = path.read_text()
    assert re.search(r"^LANGFUSE_ENCRYPTION_KEY=[0-9a-f]{64}$", first, re.MULTILINE)
    assert re.search(r"^LANGFUSE_PUBLIC_KEY=pk-lf-\w+$", first, re.MULTILINE)
    assert not [
        secret
        for secret in re.findall(r"=(\S{16,})$", first, re.MULTILINE)
        if secret in done.stdout
    ]
    assert environment(folder, "data").returncode == 0
    assert path.read_text() == first


def test_what_cannot_be_made_up_is_named(folder: Path) -> None:
    done = environment(folder, "tgi")
    assert done.returncode == 2
    assert "error: " in done.stderr
    assert "TGI_MODEL" in done.stderr
    with (folder / ".env").open("a") as file:
        file.write("TGI_MODEL=google/gemma-3-4b-it\n")
    assert environment(folder, "tgi").returncode == 0


def test_a_profile_that_is_none(folder: Path) -> None:
    done = environment(folder, "date")
    assert done.returncode == 2
    assert "hint: choose among data, tgi" in done.stderr
    assert not (folder / ".env").exists()


def test_every_variable_of_the_servers_is_explained() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    named = set(re.findall(r"(?<!\$)\$\{(\w+):-\}", text))
    explained = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert named <= explained


def test_what_the_wheel_is_made_of_goes_into_the_image() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {Path(one).parts[0] for one in (*wheel["force-include"], *wheel["packages"])}
    dockerfile = (ROOT / "Dockerfile").read_text()
    copied = {
        part
        for line in re.findall(r"^COPY ([^-].*)$", dockerfile, re.MULTILINE)
        for part in line.split()
    }
    let_in = (ROOT / ".dockerignore").read_text().split()
    assert needed <= copied
    assert needed <= {one.removeprefix("!") for one in let_in if one.startswith("!")}


def test_no_plugin_brings_torch_into_the_image() -> None:
    left_out = re.findall(r"plugins/([\w-]+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for plugin in (ROOT / "plugins").iterdir():
        needs = tomllib.loads((plugin / "pyproject.toml").read_text())["project"]["dependencies"]
        if any(re.match(r"(torch|transformers|sentence-transformers)\b", one) for one in needs):
            assert plugin.name in left_out
