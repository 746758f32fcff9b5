#include "config/listener_compile.h"

#include <gmock/gmock.h>

#include "config/test_compile.h"

namespace proa::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct ListenerCompile : CompileTest {
  static constexpr std::string_view kTcp =
      "{name: tcp, typed_config: {\"@type\": "
      "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, "
      "stat_prefix: t, cluster: backend}}";
  static std::string chain(const std::string& match = "{}", const std::string& name = "c") {
    return "{name: " + name + ", filter_chain_match: " + match + ", filters: [" + std::string(kTcp) + "]}";
  }
  static std::string filter(std::string_view folder, std::string_view type, std::string_view fields = "") {
    return "{name: f, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.listener." +
           std::string(folder) + ".v3." + std::string(type) + std::string(fields) + "}}";
  }
  std::shared_ptr<const proxy::ListenerConfig> compile(const std::string& fields,
                                                       const std::string& chains = "filter_chains: [" + chain() + "]") {
    return compile_listener(
        read<envoy::config::listener::v3::Listener>(
            "{address: {socket_address: {address: 127.0.0.1, port_value: 8080}}, " + fields + ", " + chains + "}"),
        at, compiler);
  }
};

TEST_F(ListenerCompile, defaults) {
  auto to = compile("name: main");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_EQ(to->name, "main");
  ASSERT_EQ(to->addresses.size(), 1U);
  EXPECT_EQ(to->addresses[0].to_string(), "127.0.0.1:8080");
  EXPECT_TRUE(to->bind_to_port && to->socket.reuse_port && to->socket.v6_only);
  EXPECT_FALSE(to->inspect_tls || to->inspect_http || to->original_destination || to->proxy_protocol);
  EXPECT_EQ(to->inspection_timeout, Milliseconds(15'000));
  EXPECT_EQ(to->connection_limit, 0);
  EXPECT_EQ(to->stats->name().name, "127.0.0.1_8080");
  ASSERT_EQ(to->chains.size(), 1U);
  EXPECT_TRUE(to->chains[0]->tcp && !to->chains[0]->http && !to->chains[0]->tls);
}

TEST_F(ListenerCompile, original_destinations_and_filters_left_out_at_ports) {
  auto to = compile(
      "name: m, use_original_dst: true, bind_to_port: false, listener_filters: [{name: f, filter_disabled: "
      "{destination_port_range: {start: 15006, end: 15007}}, typed_config: {\"@type\": "
      "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector}}]");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_TRUE(to->use_original_destination && !to->bind_to_port && to->inspect_tls);
  EXPECT_TRUE(to->no_tls_at.contains(15006) && !to->no_tls_at.contains(15007) && !to->no_http_at.contains(15006));
}

TEST_F(ListenerCompile, a_connection_outlives_a_change_of_http_alone) {
  auto hash = [this](const std::string& filters) {
    return compile("name: m", "filter_chains: [{filters: [" + filters + "]}]")->chains.at(0)->transport_hash;
  };
  auto rbac = [](const std::string& policies) {
    return "{name: r, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC, "
           "stat_prefix: r, rules: {policies: {" +
           policies + "}}}}, ";
  };
  auto http = [](const std::string& domain) {
    return "{name: h, typed_config: {\"@type\": type.googleapis.com/envoy.extensions.filters.network."
           "http_connection_manager.v3.HttpConnectionManager, stat_prefix: h, http_filters: [{name: r, typed_config: "
           "{\"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}], route_config: "
           "{virtual_hosts: [{name: v, domains: ['" +
           domain + "']}]}}}";
  };
  auto policy = [](const std::string& name, int port) {
    return name + ": {permissions: [{destination_port: " + std::to_string(port) + "}], principals: [{any: true}]}";
  };
  const uint64_t before = hash(rbac(policy("a", 1) + ", " + policy("b", 2)) + http("*"));
  EXPECT_EQ(before, hash(rbac(policy("b", 2) + ", " + policy("a", 1)) + http("other.test")));
  EXPECT_NE(before, hash(rbac(policy("a", 1) + ", " + policy("b", 3)) + http("*")));
  EXPECT_NE(before, hash(http("*")));
  EXPECT_EQ(problem_lines(), "");
}

TEST_F(ListenerCompile, connections_are_counted_over_a_reload) {
  auto before = compile("name: main");
  auto after = compile("name: main, transparent: true");
  EXPECT_EQ(before->connections, after->connections);
  EXPECT_NE(before->connections, compile("name: other")->connections);
}

TEST_F(ListenerCompile, without_a_name_it_has_that_of_its_address) {
  EXPECT_EQ(compile("stat_prefix: edge")->name, "127.0.0.1:8080");
  EXPECT_EQ(compile("stat_prefix: edge")->stats->name().name, "edge");
}

TEST_F(ListenerCompile, addresses_and_socket) {
  auto to = compile(
      "name: m, additional_addresses: [{address: {socket_address: {address: '::1', port_value: 81}}}], bind_to_port: "
      "false, enable_reuse_port: false, transparent: true, freebind: true, tcp_backlog_size: 7, "
      "tcp_fast_open_queue_length: 9, max_connections_to_accept_per_socket_event: 3, tcp_keepalive: {keepalive_probes: "
      "2, keepalive_time: 30}, socket_options: [{level: 1, name: 9, int_value: 1, state: STATE_PREBIND}]");
  EXPECT_EQ(problem_lines(), "");
  ASSERT_EQ(to->addresses.size(), 2U);
  EXPECT_EQ(to->addresses[1].to_string(), "[::1]:81");
  EXPECT_FALSE(to->bind_to_port || to->socket.reuse_port);
  EXPECT_TRUE(to->socket.transparent && to->socket.free_bind);
  EXPECT_EQ(to->socket.backlog, 7);
  EXPECT_EQ(to->socket.fast_open_queue, 9U);
  EXPECT_EQ(to->accepts_per_event, 3U);
  ASSERT_TRUE(to->socket.keep_alive.has_value());
  EXPECT_EQ(to->socket.keep_alive->probes, 2U);
  EXPECT_EQ(to->socket.keep_alive->idle, std::chrono::seconds(30));
  EXPECT_FALSE(to->socket.keep_alive->interval.has_value());
  ASSERT_EQ(to->socket.options.size(), 1U);
  EXPECT_EQ(to->socket.options[0].level, 1);
}

TEST_F(ListenerCompile, listener_filters) {
  auto to = compile(
      "name: m, listener_filters_timeout: 0s, continue_on_listener_filters_timeout: true, "
      "listener_filters: [" +
      filter("tls_inspector", "TlsInspector") + ", " + filter("http_inspector", "HttpInspector") + ", " +
      filter("original_dst", "OriginalDst") + ", " +
      filter("proxy_protocol", "ProxyProtocol",
             ", allow_requests_without_proxy_protocol: true, disallowed_versions: [V1], rules: [{tlv_type: 234, "
             "on_tlv_present: {key: endpoint}}, {tlv_type: 2, on_tlv_present: {metadata_namespace: n, key: k}}]") +
      "]");
  EXPECT_EQ(problem_lines(), "");
  EXPECT_TRUE(to->inspect_tls && to->inspect_http && to->original_destination);
  ASSERT_TRUE(to->proxy_protocol.has_value());
  EXPECT_TRUE(to->proxy_protocol->allow_without && to->proxy_protocol->allow_v2);
  EXPECT_FALSE(to->proxy_protocol->allow_v1);
  EXPECT_TRUE(to->proxy_protocol->keep_tlvs.nothing());
  EXPECT_TRUE(to->inspection_stats && to->http_inspection_stats);
  ASSERT_EQ(to->proxy_protocol->tlv_rules.size(), 2U);
  EXPECT_EQ(to->proxy_protocol->tlv_rules[0].type, 234);
  EXPECT_EQ(to->proxy_protocol->tlv_rules[0].space, "envoy.filters.listener.proxy_protocol");
  EXPECT_EQ(to->proxy_protocol->tlv_rules[0].key, "endpoint");
  EXPECT_EQ(to->proxy_protocol->tlv_rules[1].space, "n");
  EXPECT_EQ(to->inspection_timeout, kNever);
  EXPECT_TRUE(to->continue_on_inspection_timeout);
}

TEST_F(ListenerCompile, what_a_chain_matches_on_is_found_out) {
  EXPECT_TRUE(compile("name: m", "filter_chains: [" + chain("{server_names: [a.test]}") + "]")->inspect_tls);
  EXPECT_TRUE(compile("name: m", "filter_chains: [" + chain("{transport_protocol: tls}") + "]")->inspect_tls);
  EXPECT_FALSE(compile("name: m", "filter_chains: [" + chain("{destination_port: 1}") + "]")->inspect_tls);
}

TEST_F(ListenerCompile, matches) {
  auto to = compile("name: m",
                    "filter_chains: [" +
                        chain("{destination_port: 443, server_names: ['*.Example.COM'], source_type: EXTERNAL, "
                              "source_ports: [1, 2], prefix_ranges: [{address_prefix: 10.0.0.0, prefix_len: 8}]}") +
                        "]");
  EXPECT_EQ(problem_lines(), "");
  const proxy::FilterChainMatch& match = to->chains[0]->match;
  EXPECT_EQ(match.destination_port, 443);
  EXPECT_THAT(match.server_names, ElementsAre("*.example.com"));
  EXPECT_EQ(match.source_type, proxy::SourceType::kExternal);
  EXPECT_THAT(match.source_ports, ElementsAre(1, 2));
  ASSERT_EQ(match.prefix_ranges.size(), 1U);
  EXPECT_EQ(match.prefix_ranges[0].to_string(), "10.0.0.0/8");
}

TEST_F(ListenerCompile, server_names_that_are_none) {
  compile("name: m", "filter_chains: [" + chain("{server_names: ['a.*', '*a.test', '*.*.test', '*.ok.test']}") + "]");
  EXPECT_THAT(problem_lines(), HasSubstr("filter_chains[0].filter_chain_match.server_names[0]: \"a.*\" is no server"));
  EXPECT_EQ(problems.all().size(), 3U) << problem_lines();
}

TEST_F(ListenerCompile, chains_that_cannot_be_told_apart) {
  compile("name: m", "filter_chains: [" + chain("{}", "one") + ", " + chain("{}", "two") + "]");
  EXPECT_EQ(problem_lines(), "filter_chains: filter chains \"one\" and \"two\" have the same match\n");
}

TEST_F(ListenerCompile, a_listener_needs_a_chain_and_a_chain_a_terminal_filter) {
  compile("name: m", "filter_chains: []");
  EXPECT_EQ(problem_lines(), ": has no filter chain\n");
  compile("name: m", "default_filter_chain: {filters: []}");
  EXPECT_THAT(problem_lines(), HasSubstr("default_filter_chain.filters: has no terminal filter"));
}

TEST_F(ListenerCompile, nothing_comes_after_the_terminal_filter) {
  compile("name: m", "default_filter_chain: {filters: [" + std::string(kTcp) + ", " + std::string(kTcp) + "]}");
  EXPECT_EQ(problem_lines(), "default_filter_chain.filters[1]: comes after the terminal filter\n");
}

TEST_F(ListenerCompile, the_runtime_limits_connections) {
  bootstrap = read<envoy::config::bootstrap::v3::Bootstrap>(
      "{layered_runtime: {layers: [{name: a, static_layer: {envoy.resource_limits.listener.m.connection_limit: 5}}, "
      "{name: b, static_layer: {envoy.resource_limits.listener.m.connection_limit: 7}}]}}");
  EXPECT_EQ(compile("name: m")->connection_limit, 7) << "the last layer wins";
  EXPECT_EQ(compile("name: other")->connection_limit, 0);
}

TEST_F(ListenerCompile, an_address_that_is_a_name_is_refused) {
  compile_listener(read<envoy::config::listener::v3::Listener>(
                       "{name: m, address: {socket_address: {address: localhost, port_value: 1}}, filter_chains: [" +
                       chain() + "]}"),
                   at, compiler);
  EXPECT_THAT(problem_lines(), HasSubstr("address.socket_address.address: "));
}

}  // namespace
}  // namespace proa::config
