"""Real drivers to scan: those of Debian's libwine, fetched once for all build folders."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build-drivers"


def fetch():
    """The folder that holds them; None, with the reason printed, when they cannot be had. HVC_DRIVERS
    names another folder of drivers to take instead."""
    if os.environ.get("HVC_DRIVERS"):
        return Path(os.environ["HVC_DRIVERS"]).resolve()
    if not list((FOLDER / "libwine").glob("*.sys")):
        print("fetching the drivers of Debian's libwine package (100 MB) ...", flush=True)
        FOLDER.mkdir(exist_ok=True)
        done = subprocess.run([sys.executable, str(ROOT / "tests/tools/fetch_libwine.py"),
                               str(FOLDER)], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            print(done.stdout)
            return None
    return FOLDER


def link(build, folder):
    """Shows the drivers to the tests of a build folder."""
    place = Path(build) / "drivers"
    if place.is_symlink():
        place.unlink()
    if not place.exists():
        place.symlink_to(folder, target_is_directory=True)
