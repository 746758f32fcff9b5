/* What the programs in the kernel and the one that loads them have in common. C and C++. */
#pragma once

#include <linux/types.h>

/* An address and a port, in network order. IPv4 as ::ffff:a.b.c.d. */
struct proa_endpoint {
  __u32 ip[4];
  __u32 port;
};

/* A range of addresses, as the key of a longest-prefix trie: the family is its first 32 bits. */
struct proa_range {
  __u32 length;
  __u32 family; /* 4 or 6 */
  __u32 ip[4];
};

/* What is said of a number. */
enum proa_word {
  PROA_PROXY_UID,
  PROA_PROXY_GID,
  PROA_CAPTURE_GROUP,
  PROA_EXCLUDE_GROUP,
  PROA_INBOUND_PORT,
  PROA_EXCLUDE_INBOUND_PORT,
  PROA_OUTBOUND_PORT,
  PROA_EXCLUDE_OUTBOUND_PORT,
};

struct proa_said {
  __u32 word;
  __u32 value;
};

struct proa_config {
  __u64 fingerprint; /* of all that was asked for */
  __u32 outbound_port, inbound_port, tunnel_port;
  __u32 proxy_mark; /* 0: none */
  __u32 all_outbound, all_inbound, some_groups, ipv6;
};
