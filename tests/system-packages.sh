#!/bin/sh
# The tests talk to a real Secret Service (gnome-keyring under a private D-Bus) and, without a
# container engine, to the embedded Postgres; those of deploy/ ask systemd-analyze, nginx, promtool
# and ssh-keygen; those of pages look at them with chromium. Installs what is missing where that is possible.
set -eu
missing=""
command -v dbus-daemon >/dev/null || missing="$missing dbus"
command -v gnome-keyring-daemon >/dev/null || missing="$missing gnome-keyring"
command -v ssh-keygen >/dev/null || missing="$missing openssh-client"
command -v chromium >/dev/null || missing="$missing chromium fonts-dejavu-core"
command -v systemd-analyze >/dev/null || missing="$missing systemd"
# These would start servers when they are installed, so they are only unpacked, beside Python.
unpacked=.venv/debian
unpack=""
PATH="$PATH:/usr/sbin"
command -v nginx >/dev/null || [ -x "$unpacked/usr/sbin/nginx" ] || unpack="$unpack nginx"
command -v promtool >/dev/null || [ -x "$unpacked/usr/bin/promtool" ] || unpack="$unpack prometheus"
[ -n "$missing$unpack" ] || exit 0
if ! command -v apt-get >/dev/null; then
  echo "tests: some need$missing$unpack, packages of Debian" >&2
  exit 0
fi
[ "$(id -u)" != 0 ] || apt-get update -qq
if [ -n "$missing" ] && [ "$(id -u)" = 0 ]; then
  echo "tests: installing$missing"
  # shellcheck disable=SC2086  # a list of package names
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
elif [ -n "$missing" ]; then
  echo "tests: some need$missing; as an administrator: apt-get install$missing" >&2
fi
for package in $unpack; do
  echo "tests: unpacking $package into $unpacked"
  folder=$(mktemp -d)
  (cd "$folder" && apt-get -o APT::Sandbox::User=root download -qq "$package" >/dev/null)
  dpkg -x "$folder"/*.deb "$unpacked"
  rm -r "$folder"
done
