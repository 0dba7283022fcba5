set -e
echo '1024 65535' >/proc/sys/net/ipv4/ip_local_port_range
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/default/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/internet/rp_filter
ip -batch /home/user/.local/state/tierlab/labs/three-tier/plumbing/client.batch
