#!/bin/sh
# Brings the Debian packages kolco needs onto this machine, or names the ones that are missing.
# Leaves no service running or enabled that was not there before: servers are started by what needs them.
#
# usage: debian-packages.sh PROFILE…     profiles: run (a city), test (all tests)
set -eu

run="dnsmasq-base nftables iproute2 conntrack isc-dhcp-client curl procps util-linux chromium fonts-dejavu-core
prometheus freeradius-utils"
test="postgresql-15 nats-server tcpdump eapoltest hostapd wpasupplicant freeradius freeradius-postgresql radsecproxy tshark"

wanted=
for profile in "$@"; do
    case $profile in
        run) wanted="$wanted $run" ;;
        test) wanted="$wanted $test" ;;
        *) echo "unknown profile: $profile (run, test)" >&2; exit 2 ;;
    esac
done

if ! command -v dpkg-query >/dev/null; then
    echo "this is no Debian: install the counterparts of:" $wanted >&2
    exit 0
fi

missing=
for package in $wanted; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "Debian packages are missing; parts that need them are left out. To install them:" >&2
    echo "    sudo $0 $*" >&2
    echo "missing:$missing" >&2
    exit 0
fi

units() { ls /lib/systemd/system /usr/lib/systemd/system 2>/dev/null | grep '\.\(service\|timer\|socket\)$' | sort -u; }
before=$(mktemp)
policy=/usr/sbin/policy-rc.d
had_policy=no
[ ! -e $policy ] || had_policy=yes
clean_up() { rm -f "$before"; [ $had_policy = yes ] || rm -f $policy; }
trap clean_up EXIT INT TERM
units >"$before"
# Asked by every package before it starts a service; 101 forbids it.
[ $had_policy = yes ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod 755 $policy; }
# PostgreSQL would make and start a cluster of its own.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
apt-get install -q -y --no-install-recommends -o Dpkg::Options::=--force-confold $missing

for unit in $(units | comm -13 "$before" -); do
    # The helper only works for package scripts, and says it is one by this variable.
    DPKG_MAINTSCRIPT_PACKAGE=kolco deb-systemd-helper disable "$unit" >/dev/null 2>&1 || true
    case $unit in *.service) update-rc.d "${unit%.service}" disable >/dev/null 2>&1 || true ;; esac
done
