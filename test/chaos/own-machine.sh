#!/bin/sh
# own-machine.sh COMMAND...: runs it on what looks like a machine of its own, for root and for others: nothing but its own processes,
# network, System V objects and mounts. Of files it sees the machine's, read-only; what it may write is in /run (TMPDIR, too) and
# /dev/shm, which are empty. So whatever is there afterwards it has left, however busy the machine is; and when it
# ends, or is killed, the kernel removes all of it.
set -eu
if [ -z "${OWN_MACHINE-}" ]; then
  export OWN_MACHINE=1
  user=
  [ "$(id -u)" = 0 ] || user='--user --map-root-user'
  # shellcheck disable=SC2086 # two words or none
  exec unshare $user --mount --pid --net --ipc --fork --kill-child --mount-proc sh "$0" "$@"
fi
unset OWN_MACHINE
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
while read -r _ _ _ _ folder options _; do
  case $folder in /run | /run/* | /dev | /dev/* | /proc | /proc/* | /sys | /sys/*) continue ;; esac
  case ,$options, in *,ro,*) continue ;; esac
  # What is mounted over, or hidden, cannot be reached, nor need it be.
  mount -o "remount,bind,$options,ro" "$(printf '%b' "$folder")" 2>/dev/null || :
done < /proc/self/mountinfo
# The line above may fail for what cannot be reached; this may not.
if touch /own-machine 2>/dev/null; then
  rm /own-machine
  echo 'the file system could not be made read-only' >&2
  exit 1
fi
ip link set lo up
# The shell stays: as process 1 it reaps orphans.
TMPDIR=/run "$@"
