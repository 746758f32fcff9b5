#include "http/header_matcher.h"

#include <algorithm>
#include <charconv>

namespace proa::http {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

std::optional<int64_t> integer(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// What a head has outside of its list. `known`: the name is such a one.
std::optional<std::string_view> pseudo_value(const RequestHead& head, std::string_view name, bool& known) {
  known = true;
  if (name == ":method") return head.method;
  std::string_view value;
  if (name == ":path") {
    value = head.path;
  } else if (name == ":authority" || name == "host") {
    value = head.authority;
  } else if (name == ":scheme") {
    value = head.scheme;
  } else if (name == ":protocol") {
    value = head.protocol;
  } else {
    known = false;
  }
  if (value.empty()) return std::nullopt;
  return value;
}

bool is_pseudo(std::string_view name, HeaderId id) { return name.starts_with(':') || id == HeaderId::kHost; }

}  // namespace

Result<HeaderMatcher> HeaderMatcher::make(Spec spec) {
  if (spec.name.empty()) return fail("a header matcher needs a header name");
  spec.name = to_lower(spec.name);
  return HeaderMatcher(std::move(spec));
}

HeaderMatcher::HeaderMatcher(Spec spec) : spec_(std::move(spec)), id_(header_id(spec_.name)) {}

bool HeaderMatcher::matches_value(std::optional<std::string_view> value) const {
  if (auto* present = std::get_if<Present>(&spec_.match)) {
    // treat_missing_as_empty makes every header present.
    bool there = value.has_value() || spec_.treat_missing_as_empty;
    return (there == present->wanted) != spec_.invert;
  }
  // An absent header matches nothing, not even inverted, unless it counts as empty.
  if (!value && !spec_.treat_missing_as_empty) return false;
  return holds_for(value.value_or(std::string_view())) != spec_.invert;
}

bool HeaderMatcher::holds_for(std::string_view value) const {
  if (auto* range = std::get_if<Range>(&spec_.match)) {
    auto number = integer(value);
    return number && *number >= range->begin && *number < range->end;
  }
  return std::get<StringMatcher>(spec_.match).matches(value);
}

bool HeaderMatcher::matches(const RequestHead& head, ValuesMode mode) const {
  if (is_pseudo(spec_.name, id_)) {
    bool known = false;
    return matches_value(pseudo_value(head, spec_.name, known));
  }
  return matches(head.headers, mode);
}

bool HeaderMatcher::matches(const HeaderList& headers, ValuesMode mode) const {
  const bool by_id = id_ != HeaderId::kOther;
  auto same = [&](const Header& header) { return by_id ? header.id == id_ : header.name == spec_.name; };
  const Header* first = nullptr;
  size_t count = 0;
  for (const Header& header : headers.all()) {
    if (!same(header)) continue;
    if (!first) first = &header;
    ++count;
  }
  if (count == 0) return matches_value(std::nullopt);
  if (count == 1 || std::holds_alternative<Present>(spec_.match)) return matches_value(first->value);
  if (mode == ValuesMode::kEach) {
    auto holds = [&](const Header& header) { return same(header) && holds_for(header.value); };
    return std::ranges::any_of(headers.all(), holds) != spec_.invert;
  }
  const bool any = mode == ValuesMode::kAny;
  if (matches_value(headers.joined(spec_.name)) == any) return any;
  for (const Header& header : headers.all()) {
    if (same(header) && matches_value(header.value) == any) return any;
  }
  return !any;
}

bool HeaderMatcher::matches(const ResponseHead& head, ValuesMode mode) const {
  if (spec_.name != ":status") return matches(head.headers, mode);
  char digits[8];
  auto [end, error] = std::to_chars(digits, digits + sizeof digits, head.status);
  return matches_value(std::string_view(digits, end - digits));
}

std::string HeaderMatcher::describe() const {
  std::string out = "header \"" + spec_.name + "\" ";
  if (spec_.invert) out += "not: ";
  out += std::visit(
      Overloaded{[](const Present& p) { return std::string(p.wanted ? "is present" : "is absent"); },
                 [](const Range& r) { return "in [" + std::to_string(r.begin) + ", " + std::to_string(r.end) + ")"; },
                 [](const StringMatcher& m) { return m.describe(); }},
      spec_.match);
  return out;
}

std::optional<std::string_view> request_value(const RequestHead& head, std::string_view name) {
  bool known = false;
  auto pseudo = pseudo_value(head, name, known);
  if (known) return pseudo;
  bool found = false;
  std::string_view value = head.headers.joined(name, &found);
  if (!found) return std::nullopt;
  return value;
}

}  // namespace proa::http
