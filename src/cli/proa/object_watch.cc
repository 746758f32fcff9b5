#include "cli/proa/object_watch.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/proa/columns.h"
#include "cli/proa/command.h"

namespace proa::cli {

namespace {

using Json = nlohmann::ordered_json;

std::int64_t now_s() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

class Printer {
 public:
  Printer(const std::string& output, TableLook look) : output_(output), look_(look) {}

  Status take(const api::Event& event) {
    Status printed;
    if (output_ == "table") {
      take_row(event);
    } else if (output_ == "json") {
      printed = print_line(event);
    } else if (output_ == "name" && !event.complete()) {
      std::puts((shown(event.has_put() ? event.put().name() : event.deleted()) + (event.has_put() ? "" : " deleted"))
                    .c_str());
    } else if (event.has_put()) {
      std::fputs(("---\n" + event.put().text()).c_str(), stdout);
    } else if (event.has_deleted()) {
      std::fputs(fmt::format("---\n# deleted: {}\n", shown(event.deleted())).c_str(), stdout);
    }
    std::fflush(stdout);
    return printed;
  }

 private:
  /// The first rows wait for each other, so that all stand below one heading.
  void take_row(const api::Event& event) {
    look_.now = now_s();
    const api::Name& name = event.has_put() ? event.put().name() : event.deleted();
    std::erase_if(first_,
                  [&](const api::Object& each) { return each.name().SerializeAsString() == name.SerializeAsString(); });
    if (event.has_put()) first_.push_back(event.put());
    if (event.has_deleted() && complete_) *first_.emplace_back().mutable_name() = event.deleted();
    complete_ = complete_ || event.complete();
    if (!complete_) return;
    Rows rows = object_rows(first_, look_);
    if (event.has_deleted() && rows.size() > 1) rows.back().back() = "deleted";
    if (!event.complete()) rows.erase(rows.begin());
    columns_.print(rows);
    first_.clear();
  }

  static Status print_line(const api::Event& event) {
    if (event.complete()) return {};
    Json object{{"kind", event.deleted().kind().kind()},
                {"metadata", {{"name", event.deleted().name()}, {"namespace", event.deleted().namespace_()}}}};
    if (event.has_put()) {
      auto json = object_json(event.put());
      if (!json) return std::unexpected(json.error());
      object = std::move(*json);
    }
    const Json line{{"event", event.has_put() ? "put" : "deleted"}, {"object", std::move(object)}};
    std::puts(line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    return {};
  }

  const std::string& output_;
  TableLook look_;
  Columns columns_;
  std::vector<api::Object> first_;
  bool complete_ = false;
};

}  // namespace

int watch_objects(const ControlAddress& control, const api::ListRequest& request, const std::string& output,
                  TableLook look) {
  if (grpc::CallStatus may = may_ask(control); !may.ok()) return complain(control, may);
  Printer printer(output, look);
  Status printed;
  const grpc::CallStatus ended =
      watch_control(control, "/proa.api.v1.Objects/Watch", request.SerializeAsString(), [&](std::string_view bytes) {
        api::Event event;
        if (!event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
          printed = fail("the answer is no Event");
        if (printed) printed = printer.take(event);
        return printed.has_value();
      });
  return printed ? complain(control, ended) : complain(printed.error().message);
}

}  // namespace proa::cli
