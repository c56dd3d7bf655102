"""Makes the virtual environment of the OPC UA tests, once per checkout: asyncua-install.py FOLDER.

FOLDER/bin/python then has what asyncua.txt pins, checked by hash. Test files that start at the same time wait for one another
(flock). What is there already is left alone; FOLDER/installed names what it was made from. Prints one sentence. Exit codes:
0 it is there, 1 it cannot be made here, 3 the package index is out of reach (told again without trying for ten minutes).
"""
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time

REQUIREMENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "asyncua.txt")
TRY_AGAIN_AFTER_S = 600
# What pip prints when it tries again, and where a proxy stands between.
OUT_OF_REACH = ("after connection broken by", "ProxyError", "Cannot connect to proxy", "Connection timed out")


def main(folder):
    if sys.version_info < (3, 11):
        return 1, f"asyncua's pinned packages need Python 3.11; this is {sys.version.split()[0]}"
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    with open(folder + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = hashlib.sha256(open(REQUIREMENTS, "rb").read()).hexdigest()
        if read(os.path.join(folder, "installed")) == wanted and works(folder):
            return 0, "asyncua is installed"
        unreachable = folder + ".unreachable"
        if os.path.exists(unreachable) and time.time() - os.path.getmtime(unreachable) < TRY_AGAIN_AFTER_S:
            return 3, read(unreachable)
        code, sentence = install(folder, wanted)
        if code == 3:
            write(unreachable, sentence)
        return code, sentence


def install(folder, wanted):
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    made = run(sys.executable, "-m", "venv", folder)
    if made.returncode != 0:
        return 1, f"no virtual environment can be made (Debian: apt-get install python3-venv): {last_line(made)}"
    pip = [os.path.join(folder, "bin", "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    strict = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--retries", "2"]
    result = run(*pip, *strict, "-r", REQUIREMENTS)
    if result.returncode != 0:
        text = result.stdout + result.stderr
        if any(sign in text for sign in OUT_OF_REACH):
            return 3, f"asyncua is not installed: the Python package index cannot be reached: {last_line(result)}"
        return 1, f"pip cannot install asyncua: {last_line(result)}"
    if not works(folder):
        return 1, "asyncua is installed but cannot be imported"
    write(os.path.join(folder, "installed"), wanted)
    return 0, f"asyncua was installed in {time.monotonic() - began:.0f} s"


def works(folder):
    python = os.path.join(folder, "bin", "python")
    return os.path.exists(python) and run(python, "-c", "import asyncua.server").returncode == 0


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def last_line(result):
    lines = [line for line in (result.stderr or result.stdout).splitlines() if line.strip()]
    return lines[-1] if lines else f"exit code {result.returncode}"


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    exit_code, said = main(os.path.abspath(sys.argv[1]))
    print(said)
    sys.exit(exit_code)
