#include "config/config_file.h"

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "config/merge.h"
#include "config/message_reader.h"
#include "config/yaml_tree.h"

namespace proa::config {

namespace {

namespace pb = google::protobuf;

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::optional<std::string> contents(const std::string& name, Problems& problems) {
  const Mark at{interned_file(name), 0, 0};
  const std::unique_ptr<std::FILE, Close> file(std::fopen(name.c_str(), "rbe"));
  if (file == nullptr) {
    problems.error(at, {}, fmt::format("cannot be opened: {}", std::strerror(errno)));
    return std::nullopt;
  }
  std::string text;
  std::array<char, 65536> chunk;
  while (const std::size_t got = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
    text.append(chunk.data(), got);
    if (text.size() > TreeLimits().bytes) break;  // the reader says so
  }
  if (std::ferror(file.get()) != 0) {
    problems.error(at, {}, fmt::format("cannot be read: {}", std::strerror(errno)));
    return std::nullopt;
  }
  return text;
}

/// Errors of protobuf's text format, which counts lines and columns from 0.
class TextErrors : public pb::io::ErrorCollector {
 public:
  TextErrors(std::string_view file, Problems& problems) : file_(file), problems_(problems) {}
  void AddError(int line, int column, const std::string& message) override {
    problems_.error(at(line, column), {}, message);
  }
  void AddWarning(int line, int column, const std::string& message) override {
    problems_.warning(at(line, column), {}, message);
  }

 private:
  Mark at(int line, int column) const {
    return {file_, static_cast<std::uint32_t>(line + 1), static_cast<std::uint32_t>(column + 1)};
  }
  std::string_view file_;
  Problems& problems_;
};

void read_file(const ConfigSource& source, pb::Message& out, Marks& marks, Problems& problems) {
  const std::string_view name = interned_file(source.file);
  const Mark at{name, 0, 0};
  const auto text = contents(source.file, problems);
  if (!text) return;
  if (name.ends_with(".pb")) {
    marks.set({}, at, at);
    if (!out.ParseFromString(*text)) {
      problems.error(at, {}, fmt::format("is not a binary {}", out.GetDescriptor()->full_name()));
    }
  } else if (name.ends_with(".pb_text")) {
    marks.set({}, at, at);
    TextErrors errors(name, problems);
    pb::TextFormat::Parser parser;
    parser.RecordErrorsTo(&errors);
    parser.SetRecursionLimit(100);
    parser.ParseFromString(*text, &out);
  } else if (name.ends_with(".json") || name.ends_with(".yaml") || name.ends_with(".yml")) {
    const auto tree = name.ends_with(".json") ? read_json(*text, name, problems) : read_yaml(*text, name, problems);
    const ReadOptions options{.unknown_fields_are_warnings = source.unknown_fields_are_warnings};
    if (tree) read_message(tree->root(), out, marks, problems, {}, options);
  } else {
    problems.error(at, {}, "has an ending that names no format", "use .yaml, .yml, .json, .pb or .pb_text");
  }
}

}  // namespace

void read_config(const ConfigSource& source, pb::Message& out, Marks& marks, Problems& problems) {
  if (source.file.empty() && source.yaml.empty()) {
    return problems.error({}, {}, "no configuration is given", "use -c FILE, --config-yaml TEXT or both");
  }
  if (!source.file.empty()) read_file(source, out, marks, problems);
  if (source.yaml.empty()) return;
  if (const auto tree = read_yaml(source.yaml, "--config-yaml", problems)) {
    merge(tree->root(), out, marks, problems, source.unknown_fields_are_warnings);
  }
}

}  // namespace proa::config
