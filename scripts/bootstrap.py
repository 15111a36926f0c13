"""Builds .venv from hash-pinned locks, with the standard library only; started by scripts/bootstrap."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
INSTALLED = VENV / "installed"
BOOTSTRAP_LOCK = "requirements-bootstrap.lock"
JAVA_LOCK = "requirements-java.lock"
OLDEST_JAVA = 17
STARTED = time.monotonic()

# What pip reads from its configuration, under the names uv gives it.
PIP_TO_UV = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}


def main(java: str, locks: list[str]) -> int:
    """Bring .venv to the locks; two runs at once take turns. Returns the exit code."""
    # Any file both runs can open will do as the lock, and this one is there in every checkout.
    with (ROOT / "requirements.lock").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if java == "auto" and JAVA_LOCK not in locks and not has_java():
            locks.append(JAVA_LOCK)
        wanted = [lock for lock in locks if not is_installed(lock)]
        if wanted and not (make_venv() and install(wanted)):
            return 3
        link_project()
        for lock in locks:
            shutil.copyfile(ROOT / lock, INSTALLED / lock)
    say(f"ready after {time.monotonic() - STARTED:.1f} s")
    return 0


def is_installed(lock: str) -> bool:
    """Tell whether the lock was installed as it is now."""
    stamp = INSTALLED / lock
    return PYTHON.exists() and stamp.exists() and stamp.read_bytes() == (ROOT / lock).read_bytes()


def has_java() -> bool:
    """Tell whether the machine has a Java the broker runs on."""
    home = os.environ.get("JAVA_HOME")
    for java in (home and str(Path(home) / "bin" / "java"), shutil.which("java")):
        if java:
            answer = run([java, "-version"])
            version = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
            if version and int(version.group(1)) >= OLDEST_JAVA:
                return True
    return False


def make_venv() -> bool:
    """Create .venv unless a working one is there; without pip, which would take 4 s: only the fallback needs it."""
    if PYTHON.exists() and run([str(PYTHON), "-c", ""]).returncode == 0:
        return True
    missing = [name for name in ("venv",) if importlib.util.find_spec(name) is None]
    if not missing and importlib.util.find_spec("pip") is None and importlib.util.find_spec("ensurepip") is None:
        missing = ["pip and ensurepip"]
    if missing:
        say(f"{sys.executable} lacks {missing[0]}. On Debian and Ubuntu: apt install python3-venv")
        return False
    say(f"creating .venv with Python {sys.version.split()[0]}")
    return succeeded(run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)]), "python -m venv")


def install(locks: list[str]) -> bool:
    """Install the locks, each file checked against its hash: with uv in some seconds, or else with pip."""
    files = [argument for lock in locks for argument in ("-r", str(ROOT / lock))]
    packages = sum(line[0].isalpha() for lock in locks for line in (ROOT / lock).read_text().splitlines() if line)
    say(f"installing {packages} packages ({', '.join(locks)})")
    quiet = [] if sys.stderr.isatty() else ["-q"]
    if install_uv():
        command = [str(VENV / "bin" / "uv"), "pip", "install", "--python", str(PYTHON), *quiet]
        done = subprocess.run(
            [*command, "--require-hashes", "--no-build", "--compile-bytecode", *files], env=uv_environ(), check=False
        )
        if done.returncode == 0:
            return True
        say("uv could not install them; trying pip")
    if not ensure_pip():
        return False
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *quiet]
    done = subprocess.run([*command, "--require-hashes", "--only-binary", ":all:", *files], check=False)
    if done.returncode != 0:
        say("the packages could not be installed: see above. Is the package index reachable (`pip config list`)?")
    return done.returncode == 0


def install_uv() -> bool:
    """Put the locked uv into .venv with whatever pip there is; False when that fails, which pip then explains."""
    if is_installed(BOOTSTRAP_LOCK):
        return True
    if importlib.util.find_spec("pip") is not None:
        pip = [sys.executable, "-m", "pip", "--python", str(PYTHON)]
    elif ensure_pip():
        pip = [str(PYTHON), "-m", "pip"]
    else:
        return False
    lock = str(ROOT / BOOTSTRAP_LOCK)
    options = ["-q", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
    done = run([*pip, "install", *options, "-r", lock])
    if done.returncode == 0:
        INSTALLED.mkdir(exist_ok=True)
        shutil.copyfile(lock, INSTALLED / BOOTSTRAP_LOCK)
    return done.returncode == 0


def ensure_pip() -> bool:
    """Put pip into .venv unless it is there."""
    if run([str(PYTHON), "-c", "import pip"]).returncode == 0:
        return True
    return succeeded(run([str(PYTHON), "-m", "ensurepip"]), "python -m ensurepip (Debian: apt install python3-venv)")


def uv_environ() -> dict[str, str]:
    """Return the environment for uv: the user's pip configuration carries over, settings made for uv come first."""
    environ = {"UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1", **os.environ}
    for line in run([sys.executable, "-m", "pip", "config", "list"]).stdout.splitlines():
        name, _, value = line.partition("=")
        option, text = name.rsplit(".", 1)[-1], value.strip("'\"")
        if option == "cert":
            environ.setdefault("SSL_CERT_FILE", text)
        elif option in PIP_TO_UV and PIP_TO_UV[option] not in os.environ:
            environ[PIP_TO_UV[option]] = " ".join(text.replace("\\n", " ").split())
    return environ


def link_project() -> None:
    """Make the checkout importable and its commands runnable: a path file and starters, no build."""
    where = run([str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    packages = Path(where.stdout.strip())
    (packages / "sagaline.pth").write_text(f"{ROOT}\n")
    for command, module in (("saga", "cli.app"), ("workflow-orchestrator", "cli.workflow")):
        starter = VENV / "bin" / command
        starter.write_text(f"#!{PYTHON}\nfrom {module} import main\n\nmain()\n")
        starter.chmod(0o755)
    INSTALLED.mkdir(exist_ok=True)
    (INSTALLED / "root").write_text(str(ROOT))


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command and capture what it says; one that cannot start counts as failed."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))


def succeeded(done: subprocess.CompletedProcess[str], what: str) -> bool:
    """Tell whether the command worked, after saying what it said if not."""
    if done.returncode != 0:
        say(f"{what} failed: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.returncode == 0


def say(line: str) -> None:
    """Tell the person at the terminal."""
    sys.stderr.write(f"bootstrap: {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
