set -e
echo 3 >/proc/sys/net/ipv4/fib_multipath_hash_policy
echo 55 >/proc/sys/net/ipv4/fib_multipath_hash_fields
echo 1 >/proc/sys/net/ipv4/fib_multipath_use_neigh
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/default/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/fabric/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/servers/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects
echo 0 >/proc/sys/net/ipv4/conf/default/send_redirects
echo 0 >/proc/sys/net/ipv4/conf/fabric/send_redirects
echo 0 >/proc/sys/net/ipv4/conf/servers/send_redirects
echo 0 >/proc/sys/net/ipv4/conf/all/accept_redirects
echo 0 >/proc/sys/net/ipv4/conf/default/accept_redirects
echo 0 >/proc/sys/net/ipv4/conf/fabric/accept_redirects
echo 0 >/proc/sys/net/ipv4/conf/servers/accept_redirects
echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore
echo 2 >/proc/sys/net/ipv4/conf/all/arp_announce
ip -batch /home/user/.local/state/tierlab/labs/three-tier/plumbing/l7-1.batch
bird -f -c /home/user/.local/state/tierlab/labs/three-tier/nodes/l7-1/bird.conf -s /run/tierlab/eb7aae/l7-1/bird.ctl </dev/null >>/home/user/.local/state/tierlab/labs/three-tier/logs/l7-1/bird.log 2>&1 &
echo $! >/run/tierlab/eb7aae/l7-1/bird.pid
haproxy -db -f /home/user/.local/state/tierlab/labs/three-tier/nodes/l7-1/haproxy.cfg </dev/null >>/home/user/.local/state/tierlab/labs/three-tier/logs/l7-1/haproxy.log 2>&1 &
echo $! >/run/tierlab/eb7aae/l7-1/haproxy.pid
