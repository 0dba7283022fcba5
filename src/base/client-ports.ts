/**
 * Ports that traffic's connections begin from, on each address of a client: above the well-known ones, and not beyond Linux' default range of
 * ephemeral ports (ip-sysctl.rst, ip_local_port_range).
 */
export const clientPorts = { first: 10_000, last: 60_999, count: 51_000 } as const;
