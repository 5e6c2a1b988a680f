#!/bin/sh
# The tests talk to a real Secret Service (gnome-keyring under a private D-Bus) and, without a
# container engine, to the embedded Postgres. Installs what is missing where that is possible.
set -eu
missing=""
command -v dbus-daemon >/dev/null || missing="$missing dbus"
command -v gnome-keyring-daemon >/dev/null || missing="$missing gnome-keyring"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "tests: installing$missing"
  apt-get update -qq
  # shellcheck disable=SC2086  # a list of package names
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
  echo "tests: the Secret Service tests need$missing; as an administrator: apt-get install$missing" >&2
fi
