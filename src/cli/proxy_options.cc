#include "cli/proxy_options.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <map>

#include "base/number.h"
#include "cli/version.h"

namespace proa::cli {

int parse_options(int argc, char** argv, ProxyOptions& options) {
  CLI::App app{
      "proa-proxy: the data plane of Proa, a service mesh and API gateway for gRPC and HTTP.\n"
      "It reads an Envoy bootstrap file and serves it; SIGHUP reloads the file, SIGUSR2 starts the\n"
      "program anew and hands over to it, SIGTERM drains and ends."};
  app.get_formatter()->column_width(34);
  app.set_version_flag("--version", fmt::format("proa-proxy version: {}", kVersion));
  app.footer(
      "Examples:\n"
      "  proa-proxy -c envoy.yaml                  serve\n"
      "  proa-proxy -c envoy.yaml --mode validate  print every problem of the file\n"
      "  proa-proxy -c envoy.yaml --config-yaml 'admin: {address: {pipe: {path: /run/proa.sock}}}'");
  app.add_option("-c,--config-path", options.config_path, "bootstrap file: .yaml, .json, .pb or .pb_text")
      ->option_text("FILE");
  app.add_option("--config-yaml", options.config_yaml, "bootstrap as YAML or JSON, merged over the file")
      ->option_text("TEXT");
  const std::map<std::string, Mode> modes{
      {"serve", Mode::kServe}, {"validate", Mode::kValidate}, {"init_only", Mode::kInitOnly}};
  app.add_option("--mode", options.mode, "serve, validate (check the file and end), init_only (start and end)")
      ->transform(CLI::CheckedTransformer(modes, CLI::ignore_case))
      ->option_text("MODE");
  app.add_option("--concurrency", options.concurrency, "worker threads; by default one for each CPU")->option_text("N");
  app.add_option("-l,--log-level", options.log_level, "trace, debug, info, warning, error, critical or off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "warning", "error", "critical", "off"}))
      ->option_text("LEVEL");
  app.add_option("--component-log-level", options.component_log_level, "levels by component: http:debug,upstream:trace")
      ->option_text("LEVELS");
  app.add_option("--log-path", options.log_path, "file for the application log; by default stderr")
      ->option_text("FILE");
  app.add_option("--log-format", options.log_format, "spdlog pattern of the application log")->option_text("PATTERN");
  app.add_option("--service-cluster", options.service_cluster, "cluster name of this node")->option_text("NAME");
  app.add_option("--service-node", options.service_node, "id of this node")->option_text("NAME");
  app.add_option("--service-zone", options.service_zone, "zone of this node")->option_text("NAME");
  app.add_option("--state-dir", options.state_dir,
                 "folder where what a control plane says is kept, to start and serve without it")
      ->option_text("DIR");
  app.add_option("--file-flush-interval-msec", options.file_flush_interval_ms,
                 "milliseconds that lines of an access log may wait to be written (1000)")
      ->check(CLI::PositiveNumber)
      ->option_text("MS");
  app.add_option("--drain-time-s", options.drain_time_s, "seconds that connections may take to finish (600)")
      ->option_text("SECONDS");
  const std::map<std::string, bool> strategies{{"gradual", false}, {"immediate", true}};
  app.add_option("--drain-strategy", options.drain_at_once,
                 "after a hot restart: gradual (tell connections to end over the drain time) or immediate")
      ->transform(CLI::CheckedTransformer(strategies, CLI::ignore_case))
      ->option_text("STRATEGY");
  app.add_option("--parent-shutdown-time-s", options.parent_shutdown_time_s,
                 "seconds until a hot restart ends the old process (900)")
      ->option_text("SECONDS");
  auto* base_id = app.add_option("--base-id", options.base_id, "tells instances on one host apart for hot restart (0)");
  std::string epoch = "0";
  auto* restart_epoch =
      app.add_option("--restart-epoch", epoch,
                     "0 at first; N takes over from the process with N-1; auto from whichever there is")
          ->check([](const std::string& text) {
            return text == "auto" || parse_decimal<uint32_t>(text) ? "" : "neither a number nor auto: " + text;
          });
  app.add_flag("--disable-hot-restart", options.disable_hot_restart, "neither hand over nor take over");
  app.add_flag("--allow-unsupported", options.allow_unsupported,
               "fields that are not supported are warnings, unless leaving them out weakens security");
  app.add_flag("--allow-unknown-static-fields", options.allow_unknown_static_fields, "unknown fields are warnings");
  app.add_option("--admin-address-path", options.admin_address_path, "write the admin's address to this file")
      ->option_text("FILE");
  app.add_flag("--configuration-reference", options.print_reference,
               "print which fields of the configuration are supported, and end");
  // Agents pass these to Envoy; here they have no effect.
  std::string ignored;
  bool ignored_flag = false;
  for (const char* name : {"--local-address-ip-version", "--file-flush-min-size-kb"}) {
    app.add_option(name, ignored, "accepted for compatibility, without effect")->group("Compatibility");
  }
  for (const char* name : {"--skip-deprecated-logs", "--enable-core-dump", "--ignore-unknown-dynamic-fields"}) {
    app.add_flag(name, ignored_flag, "accepted for compatibility, without effect")->group("Compatibility");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;  // EX_USAGE
  }
  options.base_id_given = base_id->count() > 0;
  options.restart_epoch_given = restart_epoch->count() > 0;
  options.restart_epoch = parse_decimal<uint32_t>(epoch);
  options.command.assign(argv, argv + argc);
  if (options.print_reference) return -1;
  if (options.config_path.empty() && options.config_yaml.empty()) {
    std::fputs("proa-proxy: no configuration; give -c FILE or --config-yaml TEXT (see --help)\n", stderr);
    return 64;
  }
  return -1;
}

}  // namespace proa::cli
