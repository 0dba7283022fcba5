set -e
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 3 >/proc/sys/net/ipv4/fib_multipath_hash_policy
echo 55 >/proc/sys/net/ipv4/fib_multipath_hash_fields
echo 1 >/proc/sys/net/ipv4/fib_multipath_use_neigh
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/default/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/fabric/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects
echo 0 >/proc/sys/net/ipv4/conf/default/send_redirects
echo 0 >/proc/sys/net/ipv4/conf/fabric/send_redirects
echo 0 >/proc/sys/net/ipv4/conf/all/accept_redirects
echo 0 >/proc/sys/net/ipv4/conf/default/accept_redirects
echo 0 >/proc/sys/net/ipv4/conf/fabric/accept_redirects
echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore
echo 2 >/proc/sys/net/ipv4/conf/all/arp_announce
echo 1 >/proc/sys/net/ipv4/vs/sloppy_tcp
echo 0 >/proc/sys/net/ipv4/vs/expire_nodest_conn
echo 0 >/proc/sys/net/ipv4/vs/expire_quiescent_template
echo 1 >/proc/sys/net/ipv4/vs/conn_reuse_mode
echo 1 >/proc/sys/net/ipv4/vs/schedule_icmp
echo 1 >/proc/sys/net/ipv4/vs/pmtu_disc
echo 1 >/proc/sys/net/ipv4/vs/run_estimation
ip -batch /home/user/.local/state/tierlab/labs/three-tier/plumbing/l4-2.batch
bird -f -c /home/user/.local/state/tierlab/labs/three-tier/nodes/l4-2/bird.conf -s /run/tierlab/eb7aae/l4-2/bird.ctl </dev/null >>/home/user/.local/state/tierlab/labs/three-tier/logs/l4-2/bird.log 2>&1 &
echo $! >/run/tierlab/eb7aae/l4-2/bird.pid
keepalived --dont-fork --log-console --log-detail --no-syslog --check --use-file /home/user/.local/state/tierlab/labs/three-tier/nodes/l4-2/keepalived.conf --pid /run/tierlab/eb7aae/l4-2/keepalived-main.pid --checkers_pid /run/tierlab/eb7aae/l4-2/keepalived-check.pid </dev/null >>/home/user/.local/state/tierlab/labs/three-tier/logs/l4-2/keepalived.log 2>&1 &
echo $! >/run/tierlab/eb7aae/l4-2/keepalived.pid
