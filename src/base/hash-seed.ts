/**
 * The sysctl from which a namespace's routes with several next hops take the key of their hash, in both families
 * (Linux 6.11, Documentation/networking/ip-sysctl.rst; include/net/ip_fib.h, fib_multipath_hash_from_keys). Kernels without it, and
 * namespaces in which it is 0, have a key that each boot draws anew. With any fixed key the same flows go the same ways in every
 * run; routers differ in the fields that they hash.
 */
export const hashSeed = { path: 'net/ipv4/fib_multipath_hash_seed', value: '1' } as const;
