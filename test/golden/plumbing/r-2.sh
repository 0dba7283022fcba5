set -e
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 3 >/proc/sys/net/ipv4/fib_multipath_hash_policy
echo 51 >/proc/sys/net/ipv4/fib_multipath_hash_fields
echo 1 >/proc/sys/net/ipv4/fib_multipath_use_neigh
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/default/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/transit/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/fabric/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects
echo 0 >/proc/sys/net/ipv4/conf/default/send_redirects
echo 0 >/proc/sys/net/ipv4/conf/transit/send_redirects
echo 0 >/proc/sys/net/ipv4/conf/fabric/send_redirects
echo 0 >/proc/sys/net/ipv4/conf/all/accept_redirects
echo 0 >/proc/sys/net/ipv4/conf/default/accept_redirects
echo 0 >/proc/sys/net/ipv4/conf/transit/accept_redirects
echo 0 >/proc/sys/net/ipv4/conf/fabric/accept_redirects
ip -batch /home/user/.local/state/tierlab/labs/three-tier/plumbing/r-2.batch
bird -f -c /home/user/.local/state/tierlab/labs/three-tier/nodes/r-2/bird.conf -s /run/tierlab/eb7aae/r-2/bird.ctl </dev/null >>/home/user/.local/state/tierlab/labs/three-tier/logs/r-2/bird.log 2>&1 &
echo $! >/run/tierlab/eb7aae/r-2/bird.pid
