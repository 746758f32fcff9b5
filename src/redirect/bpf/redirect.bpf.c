/* The redirection without netfilter.
 *
 *   connect       of an application: the destination becomes the proxy's port on loopback, and is remembered
 *   sockops       before the first packet: what was remembered of the socket is kept by its source address and port
 *   getsockopt    of the proxy, SO_ORIGINAL_DST: answered from there
 *   getpeername   of the application: where it thinks that it is
 *   sk_lookup     what comes in from elsewhere goes to the proxy's inbound listener, which sees by getsockname where to
 *
 * The inbound listener is known since it called listen(2). Without one, what should go to it is refused: it must not
 * pass the proxy by.
 */
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "layout.h"

#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define SOL_IP 0
#define SOL_IPV6 41
#define SO_ORIGINAL_DST 80
#define MAPPED bpf_htonl(0xffff)
#define PROXY_SOURCE4 bpf_htonl(0x7f000006) /* 127.0.0.6, from which the proxy speaks to the application */

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct proa_config);
} config SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct proa_said);
  __type(value, __u8);
} said SEC(".maps");

#define RANGES(name)                          \
  struct {                                    \
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);      \
    __uint(max_entries, 4096);                \
    __uint(map_flags, BPF_F_NO_PREALLOC);     \
    __type(key, struct proa_range);           \
    __type(value, __u8);                      \
  } name SEC(".maps")
RANGES(included);
RANGES(excluded);
RANGES(own);

/* Reads a field of a context at its own offset: the verifier refuses a computed one, which the compiler likes to make. */
#define FIELD(place) (*(volatile __u32 *)&(place))

/* Of a socket of an application: where it wanted to go. */
struct {
  __uint(type, BPF_MAP_TYPE_SK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct proa_endpoint);
} wanted SEC(".maps");

/* By the source of a connection to the proxy: the same. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, struct proa_endpoint);
  __type(value, struct proa_endpoint);
} origins SEC(".maps");

/* The proxy's inbound listener: 0 for IPv4, 1 for IPv6 and perhaps both. */
struct {
  __uint(type, BPF_MAP_TYPE_SOCKMAP);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, __u64);
} listeners SEC(".maps");

static const struct proa_config *asked(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&config, &zero);
}

static int is(enum proa_word word, __u32 value) {
  struct proa_said key = {.word = word, .value = value};
  return bpf_map_lookup_elem(&said, &key) != 0;
}

static int is_ipv4(const struct proa_endpoint *at) { return at->ip[0] == 0 && at->ip[1] == 0 && at->ip[2] == MAPPED; }

static int is_in(void *ranges, const struct proa_endpoint *at) {
  int four = is_ipv4(at);
  struct proa_range key = {.length = four ? 64 : 160, .family = bpf_htonl(four ? 4 : 6)};
  if (four) {
    key.ip[0] = at->ip[3];
  } else {
    __builtin_memcpy(key.ip, at->ip, sizeof key.ip);
  }
  return bpf_map_lookup_elem(ranges, &key) != 0;
}

/* This host by a name that is not on any network; 0.0.0.0 and :: mean it too. */
static int is_loopback(const struct proa_endpoint *at) {
  if (is_ipv4(at)) return (at->ip[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000) || at->ip[3] == 0;
  return at->ip[0] == 0 && at->ip[1] == 0 && at->ip[2] == 0 && (at->ip[3] == 0 || at->ip[3] == bpf_htonl(1));
}

/* The port of the proxy to which a connection goes instead; 0: it goes where it wants. */
static __u32 goes_to(const struct bpf_sock_addr *ctx, const struct proa_endpoint *to, int from_proxy_source) {
  const struct proa_config *ask = asked();
  if (!ask || ctx->type != SOCK_STREAM || ctx->protocol != IPPROTO_TCP) return 0;
  if (!ask->ipv6 && !is_ipv4(to)) return 0;
  __u64 ids = bpf_get_current_uid_gid();
  __u32 uid = (__u32)ids, gid = ids >> 32, port = bpf_ntohs(to->port);
  struct bpf_sock *sk = ctx->sk;
  int mark = ask->proxy_mark != 0 && sk && sk->mark == ask->proxy_mark;

  if (mark || is(PROA_PROXY_UID, uid) || is(PROA_PROXY_GID, gid)) {
    /* The application called a service that it is an endpoint of itself. */
    return !from_proxy_source && port != ask->tunnel_port && is_in(&own, to) ? ask->inbound_port : 0;
  }
  if (is(PROA_EXCLUDE_OUTBOUND_PORT, port) || is(PROA_EXCLUDE_GROUP, gid) || is_in(&excluded, to)) return 0;
  if (ask->some_groups && !is(PROA_CAPTURE_GROUP, gid)) return 0;
  if (is_loopback(to)) return is_in(&included, to) ? ask->outbound_port : 0;
  if (is_in(&own, to)) return 0;
  return ask->all_outbound || is(PROA_OUTBOUND_PORT, port) || is_in(&included, to) ? ask->outbound_port : 0;
}

static void remember(struct bpf_sock_addr *ctx, struct proa_endpoint *to) {
  if (ctx->sk) bpf_sk_storage_get(&wanted, ctx->sk, to, BPF_SK_STORAGE_GET_F_CREATE);
}

SEC("cgroup/connect4")
int on_connect4(struct bpf_sock_addr *ctx) {
  struct proa_endpoint to = {.ip = {0, 0, MAPPED, ctx->user_ip4}, .port = ctx->user_port};
  struct bpf_sock *sk = ctx->sk;
  __u32 port = goes_to(ctx, &to, sk && sk->src_ip4 == PROXY_SOURCE4);
  if (port == 0) return 1;
  remember(ctx, &to);
  ctx->user_ip4 = bpf_htonl(0x7f000001);
  ctx->user_port = bpf_htons(port);
  return 1;
}

SEC("cgroup/connect6")
int on_connect6(struct bpf_sock_addr *ctx) {
  struct proa_endpoint to = {.ip = {ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3]},
                             .port = ctx->user_port};
  struct bpf_sock *sk = ctx->sk;
  int from_proxy_source = sk && sk->src_ip6[0] == 0 && sk->src_ip6[1] == 0 &&
                          ((sk->src_ip6[2] == 0 && sk->src_ip6[3] == bpf_htonl(6)) ||
                           (sk->src_ip6[2] == MAPPED && sk->src_ip6[3] == PROXY_SOURCE4));
  __u32 port = goes_to(ctx, &to, from_proxy_source);
  if (port == 0) return 1;
  remember(ctx, &to);
  int four = is_ipv4(&to);
  ctx->user_ip6[0] = 0;
  ctx->user_ip6[1] = 0;
  ctx->user_ip6[2] = four ? MAPPED : 0;
  ctx->user_ip6[3] = four ? bpf_htonl(0x7f000001) : bpf_htonl(1);
  ctx->user_port = bpf_htons(port);
  return 1;
}

SEC("cgroup/getpeername4")
int on_getpeername4(struct bpf_sock_addr *ctx) {
  struct proa_endpoint *to = ctx->sk ? bpf_sk_storage_get(&wanted, ctx->sk, 0, 0) : 0;
  if (!to) return 1;
  ctx->user_ip4 = to->ip[3];
  ctx->user_port = to->port;
  return 1;
}

SEC("cgroup/getpeername6")
int on_getpeername6(struct bpf_sock_addr *ctx) {
  struct proa_endpoint *to = ctx->sk ? bpf_sk_storage_get(&wanted, ctx->sk, 0, 0) : 0;
  if (!to) return 1;
  ctx->user_ip6[0] = to->ip[0];
  ctx->user_ip6[1] = to->ip[1];
  ctx->user_ip6[2] = to->ip[2];
  ctx->user_ip6[3] = to->ip[3];
  ctx->user_port = to->port;
  return 1;
}

SEC("sockops")
int on_socket(struct bpf_sock_ops *ctx) {
  const struct proa_config *ask = asked();
  if (!ask) return 1;
  if (ctx->op == BPF_SOCK_OPS_TCP_LISTEN_CB) {
    __u32 key = ctx->family == AF_INET6;
    if (ctx->local_port == ask->inbound_port) bpf_sock_map_update(ctx, &listeners, &key, BPF_ANY);
    return 1;
  }
  if (ctx->op != BPF_SOCK_OPS_TCP_CONNECT_CB) return 1;
  /* Both families are read, then one is taken: branches that read would be merged into one computed offset. */
  __u32 four = FIELD(ctx->local_ip4), a = FIELD(ctx->local_ip6[0]), b = FIELD(ctx->local_ip6[1]);
  __u32 c = FIELD(ctx->local_ip6[2]), d = FIELD(ctx->local_ip6[3]);
  struct proa_endpoint from = {.ip = {0, 0, MAPPED, four}, .port = bpf_htons(ctx->local_port)};
  if (ctx->family == AF_INET6) {
    from.ip[0] = a;
    from.ip[1] = b;
    from.ip[2] = c;
    from.ip[3] = d;
  } else if (ctx->family != AF_INET) {
    return 1;
  }
  struct bpf_sock *sk = ctx->sk;
  struct proa_endpoint *to = sk ? bpf_sk_storage_get(&wanted, sk, 0, 0) : 0;
  if (to) {
    bpf_map_update_elem(&origins, &from, to, BPF_ANY);
  } else {
    bpf_map_delete_elem(&origins, &from); /* of an earlier connection from the same port */
  }
  return 1;
}

SEC("cgroup/getsockopt")
int on_getsockopt(struct bpf_sockopt *ctx) {
  if (ctx->optname != SO_ORIGINAL_DST || (ctx->level != SOL_IP && ctx->level != SOL_IPV6)) return 1;
  struct bpf_sock *sk = ctx->sk;
  if (!sk) return 1;
  __u32 four = FIELD(sk->dst_ip4), a = FIELD(sk->dst_ip6[0]), b = FIELD(sk->dst_ip6[1]);
  __u32 c = FIELD(sk->dst_ip6[2]), d = FIELD(sk->dst_ip6[3]);
  struct proa_endpoint from = {.ip = {0, 0, MAPPED, four}, .port = sk->dst_port};
  if (sk->family == AF_INET6) {
    from.ip[0] = a;
    from.ip[1] = b;
    from.ip[2] = c;
    from.ip[3] = d;
  }
  struct proa_endpoint *to = bpf_map_lookup_elem(&origins, &from);
  if (!to || is_ipv4(to) != (ctx->level == SOL_IP)) return 1;
  if (is_ipv4(to)) {
    struct sockaddr_in *out = ctx->optval;
    if ((void *)(out + 1) > ctx->optval_end) return 1;
    __builtin_memset(out, 0, sizeof *out);
    out->sin_family = AF_INET;
    out->sin_port = to->port;
    out->sin_addr.s_addr = to->ip[3];
    ctx->optlen = sizeof *out;
  } else {
    struct sockaddr_in6 *out = ctx->optval;
    if ((void *)(out + 1) > ctx->optval_end) return 1;
    __builtin_memset(out, 0, sizeof *out);
    out->sin6_family = AF_INET6;
    out->sin6_port = to->port;
    __builtin_memcpy(&out->sin6_addr, to->ip, sizeof to->ip);
    ctx->optlen = sizeof *out;
  }
  ctx->retval = 0;
  return 1;
}

SEC("sk_lookup")
int on_lookup(struct bpf_sk_lookup *ctx) {
  const struct proa_config *ask = asked();
  if (!ask || ctx->protocol != IPPROTO_TCP) return SK_PASS;
  if (!ask->ipv6 && ctx->family == AF_INET6) return SK_PASS;
  /* From this host itself. The interface would not tell: what goes to an own address has that address's. */
  struct proa_endpoint from = {.ip = {0, 0, MAPPED, ctx->remote_ip4}};
  if (ctx->family == AF_INET6) {
    from.ip[0] = ctx->remote_ip6[0];
    from.ip[1] = ctx->remote_ip6[1];
    from.ip[2] = ctx->remote_ip6[2];
    from.ip[3] = ctx->remote_ip6[3];
  }
  if (is_loopback(&from) || is_in(&own, &from)) return SK_PASS;
  __u32 port = ctx->local_port;
  if (port == ask->outbound_port || port == ask->inbound_port || port == ask->tunnel_port) return SK_PASS;
  if (ask->all_inbound ? is(PROA_EXCLUDE_INBOUND_PORT, port) : !is(PROA_INBOUND_PORT, port)) return SK_PASS;
  __u32 key = ctx->family == AF_INET6;
  struct bpf_sock *listener = bpf_map_lookup_elem(&listeners, &key);
  if (!listener && key == 0) {
    key = 1;
    listener = bpf_map_lookup_elem(&listeners, &key);
  }
  if (!listener) return SK_DROP;
  long failed = bpf_sk_assign(ctx, listener, 0);
  bpf_sk_release(listener);
  return failed ? SK_DROP : SK_PASS;
}

char license_text[] SEC("license") = "Dual BSD/GPL";
