// A format and a value, both hostile. Whatever they are: compiling ends with a formatter or an error, a JSON line is one
// line that parses back to the value, a log line has no control bytes but its own, a header value none at all.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "http/header_validity.h"
#include "observe/formatter.h"
#include "observe/metadata.h"

namespace {

using namespace proa;

void require(bool condition) {
  if (!condition) std::abort();
}

bool is_utf8(const std::string& text) {
  const std::string dumped = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return nlohmann::json::parse(dumped).get<std::string>() == text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = input.find('\n');
  const std::string format(input.substr(0, split));
  const std::string value(split == input.npos ? std::string_view() : input.substr(split + 1));

  Arena arena;
  http::RequestHead request(arena);
  request.method = "GET";
  const std::string path = "/p?q=" + value;
  request.path = path;
  request.headers.add("x-value", value);
  observe::StreamInfo info;
  info.request = &request;
  info.upstream_cluster = value;
  info.start_wall = WallTime(std::chrono::seconds(1'700'000'000));
  if (is_utf8(value)) observe::mutable_metadata(info, arena).root["ns"]["key"] = value;

  std::string line;
  auto json = observe::JsonFormatter::compile({{"value", "%REQ(x-value)%"}, {"all", format}});
  auto value_only = observe::JsonFormatter::compile({{"value", "%REQ(x-value)%"}});
  value_only->format(info, line);
  require(
      std::none_of(line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
  auto parsed = nlohmann::json::parse(line, nullptr, false);
  require(!parsed.is_discarded());
  if (is_utf8(value)) require(parsed["value"].get<std::string>() == value);
  if (json) {
    line.clear();
    json->format(info, line);
    require(nlohmann::json::accept(line));
    require(line.find('\n') == std::string::npos);
  }

  auto header = observe::Formatter::compile(format, observe::FormatTarget::kHeader);
  auto log = observe::Formatter::compile(format, observe::FormatTarget::kLog);
  require(header.has_value() == log.has_value());
  if (!header) {
    require(!header.error().message.empty());
    return 0;
  }
  auto controls = [](std::string_view text) { return std::count_if(text.begin(), text.end(), http::is_control); };
  for (const observe::Formatter* formatter : {&*header, &*log}) {
    line.clear();
    formatter->format(info, line);
    require(controls(line) <= controls(format));
  }
  return 0;
}
