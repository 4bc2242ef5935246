#!/bin/sh
# Find a Chromium for the tests of the roofline page, and install one where there is none.
# Without one those tests say that they are skipped; nothing else needs it.
set -u
if [ -n "${ACCELSIM_CHROMIUM:-}" ]; then
  [ -x "$ACCELSIM_CHROMIUM" ] && exit 0
  echo "ACCELSIM_CHROMIUM is $ACCELSIM_CHROMIUM, must be a program; set it anew or unset it" >&2
  exit 1
fi
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing chromium" >&2
  apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null
  command -v chromium >/dev/null && exit 0
fi
echo "there is no Chromium, and none could be installed. Install one and try again:" >&2
echo "  sudo apt-get install chromium" >&2
exit 1
