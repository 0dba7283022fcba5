set -e
ulimit -n 65536 2>/dev/null || true
mkdir -p /run/tierlab/eb7aae/client /run/tierlab/eb7aae/edge /run/tierlab/eb7aae/r-1 /run/tierlab/eb7aae/r-2 /run/tierlab/eb7aae/l4-1 /run/tierlab/eb7aae/l4-2 /run/tierlab/eb7aae/l7-1 /run/tierlab/eb7aae/l7-2 /run/tierlab/eb7aae/l7-3 /run/tierlab/eb7aae/web-1 /run/tierlab/eb7aae/web-2 /run/tierlab/eb7aae/web-3
ip -batch /home/user/.local/state/tierlab/labs/three-tier/plumbing/namespaces.batch
(set -e; ip -n tl-eb7aae-internet -batch /home/user/.local/state/tierlab/labs/three-tier/plumbing/internet.batch; ip -n tl-eb7aae-fabric -batch /home/user/.local/state/tierlab/labs/three-tier/plumbing/fabric.batch) & lane0=$!
(set -e; ip -n tl-eb7aae-transit -batch /home/user/.local/state/tierlab/labs/three-tier/plumbing/transit.batch; ip -n tl-eb7aae-servers -batch /home/user/.local/state/tierlab/labs/three-tier/plumbing/servers.batch) & lane1=$!
wait $lane0
wait $lane1
. /home/user/.local/state/tierlab/labs/three-tier/plumbing/shared-web.sh
(set -e; nsenter --net=/run/netns/tl-eb7aae-client sh /home/user/.local/state/tierlab/labs/three-tier/plumbing/client.sh; nsenter --net=/run/netns/tl-eb7aae-r-1 sh /home/user/.local/state/tierlab/labs/three-tier/plumbing/r-1.sh; nsenter --net=/run/netns/tl-eb7aae-l4-1 sh /home/user/.local/state/tierlab/labs/three-tier/plumbing/l4-1.sh; nsenter --net=/run/netns/tl-eb7aae-l7-1 sh /home/user/.local/state/tierlab/labs/three-tier/plumbing/l7-1.sh; nsenter --net=/run/netns/tl-eb7aae-l7-3 sh /home/user/.local/state/tierlab/labs/three-tier/plumbing/l7-3.sh; ip -n tl-eb7aae-web-2 -batch /home/user/.local/state/tierlab/labs/three-tier/plumbing/web-2.batch) & lane0=$!
(set -e; nsenter --net=/run/netns/tl-eb7aae-edge sh /home/user/.local/state/tierlab/labs/three-tier/plumbing/edge.sh; nsenter --net=/run/netns/tl-eb7aae-r-2 sh /home/user/.local/state/tierlab/labs/three-tier/plumbing/r-2.sh; nsenter --net=/run/netns/tl-eb7aae-l4-2 sh /home/user/.local/state/tierlab/labs/three-tier/plumbing/l4-2.sh; nsenter --net=/run/netns/tl-eb7aae-l7-2 sh /home/user/.local/state/tierlab/labs/three-tier/plumbing/l7-2.sh; ip -n tl-eb7aae-web-1 -batch /home/user/.local/state/tierlab/labs/three-tier/plumbing/web-1.batch; ip -n tl-eb7aae-web-3 -batch /home/user/.local/state/tierlab/labs/three-tier/plumbing/web-3.batch) & lane1=$!
wait $lane0
wait $lane1
renice -n -15 -p $(cat /run/tierlab/eb7aae/edge/bird.pid /run/tierlab/eb7aae/r-1/bird.pid /run/tierlab/eb7aae/r-2/bird.pid /run/tierlab/eb7aae/l4-1/bird.pid /run/tierlab/eb7aae/l4-2/bird.pid /run/tierlab/eb7aae/l7-1/bird.pid /run/tierlab/eb7aae/l7-2/bird.pid /run/tierlab/eb7aae/l7-3/bird.pid) >/dev/null || true
