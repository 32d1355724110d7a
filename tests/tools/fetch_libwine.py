#!/usr/bin/env python3
"""Gets real drivers to test on: the kernel drivers of Wine, from Debian's package libwine.

  fetch_libwine.py FOLDER     puts them in FOLDER/libwine

Takes those of an installed libwine, or else downloads the package (as root or not; nothing is
installed) and unpacks its drivers alone. Exits with 77, the code for a skipped test, when neither
can be had."""
import glob
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

UNAVAILABLE = 77
INSTALLED = '/usr/lib/*/wine/x86_64-windows/*.sys'


def say(text):
    print('fetch_libwine: ' + text, flush=True)


def give_up(text):
    say(text)
    sys.exit(UNAVAILABLE)


def download(folder):
    """The package's path, or None with the reason said."""
    command = ['apt-get', 'download', 'libwine']
    say('runs `%s` in %s' % (' '.join(command), folder))
    try:
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors='replace')
    except FileNotFoundError:
        say('there is no apt-get here')
        return None
    packages = glob.glob(os.path.join(folder, 'libwine_*.deb'))
    if done.returncode != 0 or not packages:
        say('apt-get failed: ' + (done.stdout.strip().splitlines() or ['no output'])[-1])
        return None
    return packages[0]


def unpack(package, target):
    """Copies the package's x64 drivers to the folder; returns how many."""
    count = 0
    with subprocess.Popen(['dpkg-deb', '--fsys-tarfile', package],
                          stdout=subprocess.PIPE) as process:
        with tarfile.open(fileobj=process.stdout, mode='r|') as archive:
            for member in archive:
                if not member.isfile() or not member.name.endswith('.sys') or \
                        '/x86_64-windows/' not in member.name:
                    continue
                with open(os.path.join(target, os.path.basename(member.name)), 'wb') as driver:
                    shutil.copyfileobj(archive.extractfile(member), driver)
                count += 1
        process.stdout.read()
    return count if process.returncode == 0 else 0


def main():
    if len(sys.argv) != 2:
        sys.exit('usage: fetch_libwine.py FOLDER')
    target = os.path.join(sys.argv[1], 'libwine')
    if glob.glob(os.path.join(target, '*.sys')):
        say('%s has drivers already' % target)
        return
    os.makedirs(sys.argv[1], exist_ok=True)
    with tempfile.TemporaryDirectory(dir=sys.argv[1]) as work:
        made = os.path.join(work, 'libwine')
        os.mkdir(made)
        installed = sorted(glob.glob(INSTALLED))
        if installed:
            say('copies %d drivers of the installed libwine' % len(installed))
            for driver in installed:
                shutil.copy(driver, made)
            count = len(installed)
        else:
            # apt's own user reads the download's folder
            os.chmod(work, 0o755)
            package = download(work)
            if package is None:
                give_up('no libwine: not installed, and it cannot be downloaded')
            count = unpack(package, made)
            if count == 0:
                give_up('the package holds no drivers')
        os.chmod(made, 0o755)
        shutil.rmtree(target, ignore_errors=True)
        os.rename(made, target)
    say('%d drivers in %s' % (count, target))


if __name__ == '__main__':
    main()
