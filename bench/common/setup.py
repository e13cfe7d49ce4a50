"""What must be there before anything is measured: tools, programs, a gateway."""
import os
import pathlib
import shutil
import subprocess

from common.measure import BenchError

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ORIGINAL = pathlib.Path("/usr/bin")


def check_tools(needed, originals=()):
    missing = [name for name in needed if not shutil.which(name)]
    missing += [f"{name} (Debian's barman-cli-cloud)" for name in originals if not (ORIGINAL / name).exists()]
    if missing:
        raise BenchError(f"missing: {', '.join(missing)}")


def build(folder, targets, tools="benchmark-tools"):
    """Builds the commands under test, and what the benchmarks measure with (`tools`: a target)."""
    subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                    "-DTAPSTER_BUILD_BENCH=ON"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", folder, "--target", tools, *targets], check=True,
                   stdout=subprocess.DEVNULL)


def servers(default="build/servers", **environment):
    """The folder in which the gateway runs: $TAPSTER_SERVERS, or one in which it is started with `environment`."""
    chosen = os.environ.get("TAPSTER_SERVERS")
    folder = pathlib.Path(chosen) if chosen else ROOT / default
    if not (folder / "rgw/env").is_file():
        subprocess.run([ROOT / "tests/servers/rgw-up", folder / "rgw"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, **environment})
    return folder
