#!/bin/bash
# Run every command of DEPLOY.md in a new Debian system with systemd, and delete the system afterwards.
#   bash examples/web/deploy/try.sh [OPTION FOR systemd-nspawn ...]
# Needs root, debootstrap, systemd-container and git. MIRROR names a mirror of Debian. pip's settings are those
# of this computer; if they name folders, bind them: --bind-ro=FOLDER.
set -euo pipefail
cd "$(dirname "$0")/../../.."
system=$(mktemp -d)
chmod 755 "$system"  # it becomes the root folder, which every user has to enter
trap 'rm -rf "$system"' EXIT

debootstrap --variant=minbase --include=systemd-sysv,dbus,ca-certificates bookworm "$system" "${MIRROR:-http://deb.debian.org/debian}" >/dev/null
git clone --quiet --no-hardlinks . "$system/src"
cp /etc/resolv.conf "$system/etc/resolv.conf"
[ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$system/etc/pip.conf"
env | grep '^PIP_' >"$system/etc/try.env" || true
python3 - examples/web/DEPLOY.md >"$system/root/commands.sh" <<'PYTHON'
import re, sys
blocks = re.findall(r"^```sh\n(.*?)^```", open(sys.argv[1]).read(), re.DOTALL | re.MULTILINE)
print("\n".join(block for block in blocks if not block.startswith("# only") and not block.startswith("# for")))
PYTHON
cat >"$system/etc/systemd/system/try.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
EnvironmentFile=/etc/try.env
Environment=REPOSITORY=/src DEBIAN_FRONTEND=noninteractive HOME=/root
WorkingDirectory=/root
ExecStart=/bin/bash -exc "source /root/commands.sh"
ExecStopPost=/bin/sh -c 'echo $EXIT_STATUS >/root/status; systemctl --no-block poweroff'
StandardOutput=file:/root/output
StandardError=file:/root/output
[Install]
WantedBy=default.target
UNIT
ln -s ../try.service "$system/etc/systemd/system/multi-user.target.wants/try.service"

systemd-nspawn --quiet --boot --register=no --keep-unit --directory="$system" --console=read-only "$@" >/dev/null || true
cat "$system/root/output"
[ "$(cat "$system/root/status")" = 0 ] || { echo "a command failed"; exit 1; }
echo "every command of DEPLOY.md succeeded"
