"""Brings up a star with Mininet's Python API and prints how many seconds that took, without Python's own start.

Arguments: number of hosts, name of the switch. Everything is taken down again, also on SIGINT and SIGTERM.
"""

import resource
import signal
import sys
import time

from mininet.net import Mininet
from mininet.nodelib import LinuxBridge
from mininet.topo import Topo

hosts, switch_name = int(sys.argv[1]), sys.argv[2]


class Star(Topo):
    def build(self):
        switch = self.addSwitch(switch_name, dpid="1")
        for number in range(1, hosts + 1):
            self.addLink(self.addHost(f"h{number}"), switch)


def interrupt(*_):
    raise KeyboardInterrupt


signal.signal(signal.SIGTERM, interrupt)
# Mininet's own way to more open files also alters sysctls of the whole machine; the limit alone is enough.
Mininet.inited = True
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))

start = time.monotonic()
net = Mininet(topo=Star(), switch=LinuxBridge, controller=None, ipBase="10.0.0.0/16", build=False)
try:
    net.start()
    seconds = time.monotonic() - start
    ports = net.get(switch_name).cmd(f"ip -o link show master {switch_name} up | grep -c 'state UP'")
    if int(ports) != hosts:
        sys.exit(f"{ports.strip()} of {hosts} ports are up")
    print(seconds)
finally:
    net.stop()
