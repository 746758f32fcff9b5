#include "route/header_ops.h"

#include "http/header_validity.h"

namespace proa::route {
namespace {

// Lower case; fails for what must not be touched by configuration: pseudo-headers and Host.
Result<std::string> modifiable_name(std::string name, std::string_view verb) {
  for (char& c : name) c = http::to_lower(c);
  if (name.starts_with(':') || name == "host") {
    return fail("header \"" + name + "\" cannot be " + std::string(verb) +
                ": pseudo-headers and Host are changed by rewrites only");
  }
  if (!http::is_token(name)) return fail("\"" + name + "\" is not a header name");
  return name;
}

std::string_view value_of(const HeaderOp& op, const observe::StreamInfo& info, Arena& arena) {
  if (const std::string* constant = op.value.constant()) return *constant;
  static thread_local std::string text;
  text.clear();
  op.value.format(info, text);
  return arena.copy(text);
}

void add_field(const HeaderOp& op, std::string_view value, http::HeaderList& headers) {
  const bool known = op.id != http::HeaderId::kOther;
  const bool append = op.action == AppendAction::kAppendIfExistsOrAdd;
  const bool exists = !append && (known ? headers.has(op.id) : headers.find(op.name) != nullptr);
  switch (op.action) {
    case AppendAction::kAddIfAbsent:
      if (exists) return;
      break;
    case AppendAction::kOverwriteIfExists:
      if (!exists) return;
      [[fallthrough]];
    case AppendAction::kOverwriteIfExistsOrAdd:
      if (exists) {
        known ? headers.set(op.id, value) : headers.set(op.name, value);
        return;
      }
      break;
    case AppendAction::kAppendIfExistsOrAdd: break;
  }
  headers.add({known ? http::header_name(op.id) : std::string_view(op.name), value, op.id});
}

}  // namespace

Status HeaderOps::add(std::string name, std::string_view value, AppendAction action, bool keep_empty_value) {
  auto lower = modifiable_name(std::move(name), "added");
  if (!lower) return std::unexpected(lower.error());
  auto formatter = observe::Formatter::compile(value, observe::FormatTarget::kHeader, true);
  if (!formatter) return fail("value of header \"" + *lower + "\": " + formatter.error().message);
  if (!http::is_field_value(value)) {
    return fail("value of header \"" + *lower + "\" has a control character");
  }
  HeaderOp op;
  op.id = http::header_id(*lower);
  op.name = std::move(*lower);
  op.action = action;
  op.keep_empty_value = keep_empty_value;
  op.value = std::move(*formatter);
  steps_.push_back(std::move(op));
  return {};
}

Status HeaderOps::remove(std::string name) {
  auto lower = modifiable_name(std::move(name), "removed");
  if (!lower) return std::unexpected(lower.error());
  HeaderOp op;
  op.id = http::header_id(*lower);
  op.name = std::move(*lower);
  op.remove = true;
  auto first_addition = steps_.begin();
  while (first_addition != steps_.end() && first_addition->remove) ++first_addition;
  steps_.insert(first_addition, std::move(op));
  return {};
}

void HeaderOps::append(const HeaderOps& later) {
  steps_.insert(steps_.end(), later.steps_.begin(), later.steps_.end());
}

void HeaderOps::apply(http::HeaderList& headers, const observe::StreamInfo& info, Arena& arena) const {
  for (const HeaderOp& op : steps_) {
    if (op.remove) {
      op.id != http::HeaderId::kOther ? headers.remove(op.id) : headers.remove(op.name);
      continue;
    }
    std::string_view value = value_of(op, info, arena);
    if (!value.empty() || op.keep_empty_value) add_field(op, value, headers);
  }
}

}  // namespace proa::route
