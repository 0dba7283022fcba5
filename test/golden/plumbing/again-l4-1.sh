set -e
ulimit -n 65536 2>/dev/null || true
ip netns add tl-eb7aae-l4-1
printf %s 'link add name l4-1 mtu 1520 master fabric type veth peer name fabric mtu 1520 address 02:00:c0:00:02:83 netns tl-eb7aae-l4-1
link set l4-1 addrgenmode none up
' | ip -n tl-eb7aae-fabric -batch -
nsenter --net=/run/netns/tl-eb7aae-l4-1 sh /home/user/.local/state/tierlab/labs/three-tier/plumbing/l4-1.sh
renice -n -15 -p $(cat /run/tierlab/eb7aae/l4-1/bird.pid) >/dev/null || true
