#!/bin/sh
# Make a virtual environment in the folder given, on a machine that may lack what it takes.
set -eu
folder=$1
python=${PYTHON:-python3}
[ -x "$folder/bin/python" ] && "$folder/bin/python" -m pip --version >/dev/null 2>&1 && exit 0
rm -rf "$folder"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "accelsim needs Python 3.11 or newer; $python is $("$python" --version 2>&1)." >&2
  echo "Install one and run: make PYTHON=python3.11 ..." >&2
  exit 1
}
"$python" -m venv "$folder" >/dev/null 2>&1 && exit 0
rm -rf "$folder"
"$python" -m virtualenv -q "$folder" >/dev/null 2>&1 && exit 0
rm -rf "$folder"
# Debian and Ubuntu keep the venv module in a package of its own.
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing python3-venv" >&2
  apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
  "$python" -m venv "$folder" && exit 0
fi
echo "$python cannot make a virtual environment. Install the module and try again:" >&2
echo "  sudo apt-get install python3-venv" >&2
exit 1
