"""Write a .env with fresh secrets for the servers of docker-compose.yml, if there is none.

In: .env.example, and the profiles that are wanted. Out: .env, for its owner's eyes only. What is there
is never changed: a secret that is set stays, and what still has to be set by hand is named.

Run: ``python3 servers/environment.py data langfuse`` (`make up` does)
"""

import argparse
import os
import re
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

MADE = {
    "QDRANT_API_KEY": lambda: secrets.token_urlsafe(24),
    "MONGO_PASSWORD": lambda: secrets.token_urlsafe(24),
    "MONGO_REPLICA_KEY": lambda: secrets.token_hex(48),
    "LANGFUSE_PUBLIC_KEY": lambda: f"pk-lf-{secrets.token_hex(16)}",
    "LANGFUSE_SECRET_KEY": lambda: f"sk-lf-{secrets.token_hex(16)}",
    "LANGFUSE_USER_EMAIL": lambda: "twin@localhost.localdomain",
    "LANGFUSE_USER_NAME": lambda: "twin",
    "LANGFUSE_USER_PASSWORD": lambda: secrets.token_urlsafe(16),
    "LANGFUSE_SALT": lambda: secrets.token_urlsafe(24),
    # 256 bits as 64 hexadecimal digits, as Langfuse wants them.
    "LANGFUSE_ENCRYPTION_KEY": lambda: secrets.token_hex(32),
    "LANGFUSE_NEXTAUTH_SECRET": lambda: secrets.token_urlsafe(32),
    "LANGFUSE_POSTGRES_PASSWORD": lambda: secrets.token_hex(24),
    "LANGFUSE_CLICKHOUSE_PASSWORD": lambda: secrets.token_hex(24),
    "LANGFUSE_REDIS_PASSWORD": lambda: secrets.token_hex(24),
    "LANGFUSE_MINIO_PASSWORD": lambda: secrets.token_hex(24),
}
"""What is made up, and how. Passwords that stand inside a URL are hexadecimal."""

WANTED = {
    "data": ("MONGO_PASSWORD", "MONGO_REPLICA_KEY", "QDRANT_API_KEY"),
    "tgi": ("TGI_MODEL",),
    "tgi-cpu": ("TGI_MODEL",),
    "langfuse": tuple(name for name in MADE if name.startswith("LANGFUSE_")),
    "app": (),
}
"""Without which the servers of a profile do not start."""


def fresh(example: str) -> str:
    """Return the text of a .env, with every secret that can be made up."""
    return re.sub(
        r"^(\w+)=$",
        lambda line: f"{line[1]}={MADE[line[1]]()}" if line[1] in MADE else line[0],
        example,
        flags=re.MULTILINE,
    )


def missing(text: str, profiles: list[str]) -> list[str]:
    """Return the variables that the profiles want, and that neither the file nor the shell has."""
    has = {name for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE) if value.strip()}
    wanted = (name for profile in profiles for name in WANTED[profile])
    return sorted({name for name in wanted if name not in has and not os.environ.get(name)})


def main(profiles: list[str], folder: Path = ROOT) -> int:
    """Write .env if there is none; return 2 if something is still to be set."""
    for unknown in sorted(set(profiles) - WANTED.keys()):
        print(f"error: no such profile: {unknown}", file=sys.stderr)
        print(f"hint: choose among {', '.join(WANTED)}", file=sys.stderr)
        return 2
    path = folder / ".env"
    if not path.exists():
        example = (folder / ".env.example").read_text(encoding="utf-8")
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(fresh(example))
        print(f"{path} is written, with fresh secrets")
    unset = missing(path.read_text(encoding="utf-8"), profiles)
    if unset:
        print(f"error: {path} does not set {', '.join(unset)}", file=sys.stderr)
        print("hint: .env.example says what each is for", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("profiles", nargs="*", help=", ".join(WANTED))
    parser.add_argument("--folder", type=Path, default=ROOT, help="where .env and .env.example lie")
    given = parser.parse_args()
    sys.exit(main(given.profiles, given.folder))
