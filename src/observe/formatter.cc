#include "observe/formatter.h"

#include <algorithm>
#include <array>

#include "base/number.h"
#include "http/header_validity.h"
#include "observe/format_step.h"

namespace proa::observe {

const std::string_view kDefaultLogFormat =
    "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" "
    "%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
    "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" "
    "\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\"\n";

namespace {

constexpr size_t kMaxFormatBytes = 64 * 1024;

std::array<std::span<const FormatOperator>, 4> all_operators() {
  return {message_operators(), exchange_operators(), connection_operators(), time_operators()};
}

// Levenshtein distance, for "did you mean".
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string_view nearest(std::string_view name) {
  std::string_view best;
  size_t best_distance = SIZE_MAX;
  for (auto operators : all_operators()) {
    for (const FormatOperator& candidate : operators) {
      size_t d = distance(name.substr(0, 64), candidate.name);
      if (d < best_distance) {
        best_distance = d;
        best = candidate.name;
      }
    }
  }
  return best;
}

bool is_name_char(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// Reads one operator that begins behind its "%"; `at` goes behind the closing "%".
Status parse_operator(std::string_view text, size_t& at, FormatStep& step) {
  const size_t begin = at;
  while (at < text.size() && is_name_char(text[at])) ++at;
  std::string_view name = text.substr(begin, at - begin);
  auto malformed = [&](std::string_view why) {
    return fail("at position " + std::to_string(begin) + ": \"%" + std::string(text.substr(begin, 40)) + "\" " +
                std::string(why));
  };
  if (name.empty()) return malformed("is no operator; write %% for a percent sign");
  std::string_view arguments;
  bool has_arguments = false;
  if (at < text.size() && text[at] == '(') {
    // The arguments end at the ")" that ends the operator: they may hold "%" and ")" themselves.
    const size_t first = at + 1;
    size_t close = first;
    for (;; ++close) {
      close = text.find(')', close);
      if (close == std::string_view::npos) return malformed("has no closing \")\"");
      if (close + 1 < text.size() && (text[close + 1] == '%' || text[close + 1] == ':')) break;
    }
    arguments = text.substr(first, close - first);
    has_arguments = true;
    at = close + 1;
  }
  if (at < text.size() && text[at] == ':') {
    const size_t digits = ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    auto length = parse_decimal<size_t>(text.substr(digits, at - digits));
    if (!length) return malformed("needs a number behind \":\"");
    step.max_length = *length;
  }
  if (at >= text.size() || text[at] != '%') return malformed("has no closing \"%\"");
  ++at;
  if (auto status = compile_operator(name, arguments, has_arguments, step); !status) {
    return fail("at position " + std::to_string(begin) + ": " + status.error().message);
  }
  return {};
}

void append_escaped_controls(std::string_view text, std::string& out) {
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (!http::is_control(c) && byte != '\t') {
      out += c;
      continue;
    }
    out += "\\x";
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
}

// Makes the bytes behind `from` fit for where they go.
void sanitise(FormatTarget target, size_t from, std::string& out) {
  if (target == FormatTarget::kBody || http::is_field_value(std::string_view(out).substr(from))) return;
  if (target == FormatTarget::kHeader) {
    for (size_t i = from; i < out.size(); ++i) {
      if (http::is_control(out[i])) out[i] = ' ';
    }
    return;
  }
  const std::string raw = out.substr(from);
  out.resize(from);
  append_escaped_controls(raw, out);
}

}  // namespace

Status compile_operator(std::string_view name, std::string_view arguments, bool has_arguments, FormatStep& step) {
  for (auto operators : all_operators()) {
    for (const FormatOperator& known : operators) {
      if (known.name != name) continue;
      step.extract = known.extract;
      step.option = known.option;
      if (!known.compile) {
        if (has_arguments) return fail("operator " + std::string(name) + " takes no arguments");
        return {};
      }
      auto status = known.compile(arguments, step);
      if (!status) return fail("operator " + std::string(name) + ": " + status.error().message);
      return {};
    }
  }
  return fail("unknown operator " + std::string(name.substr(0, 64)) + ", did you mean " + std::string(nearest(name)) +
              "?");
}

Result<std::vector<FormatStep>> compile_steps(std::string_view text) {
  if (text.size() > kMaxFormatBytes) return fail("a format is longer than 65536 bytes");
  std::vector<FormatStep> steps;
  std::string literal;
  auto flush = [&] {
    if (literal.empty()) return;
    steps.emplace_back().text = std::move(literal);
    literal.clear();
  };
  for (size_t at = 0; at < text.size();) {
    if (text[at] != '%') {
      literal += text[at++];
    } else if (at + 1 < text.size() && text[at + 1] == '%') {
      literal += '%';
      at += 2;
    } else {
      FormatStep step;
      if (auto status = parse_operator(text, ++at, step); !status) return std::unexpected(status.error());
      flush();
      if (!step.extract) {  // an operator whose value is known now
        literal += step.text;
      } else {
        steps.push_back(std::move(step));
      }
    }
  }
  flush();
  return steps;
}

void append_plain(const FormatValue& value, size_t max_length, std::string& out) {
  using Kind = FormatValue::Kind;
  switch (value.kind) {
    case Kind::kMissing: return;
    case Kind::kText: out.append(value.text.substr(0, max_length)); return;
    case Kind::kNumber: {
      char digits[kMaxDecimalDigits];
      char* end = write_decimal(digits, value.number);
      out.append(digits, std::min<size_t>(max_length, end - digits));
      return;
    }
    case Kind::kSigned: out.append(std::to_string(value.signed_number).substr(0, max_length)); return;
    case Kind::kBool: out.append(std::string_view(value.boolean ? "true" : "false").substr(0, max_length)); return;
    case Kind::kJson: break;
  }
  if (value.json->is_string()) {
    out.append(std::string_view(value.json->get_ref<const std::string&>()).substr(0, max_length));
    return;
  }
  const size_t from = out.size();
  append_json(*value.json, out);
  if (out.size() - from > max_length) out.resize(from + max_length);
}

Result<Formatter> Formatter::compile(std::string_view text, FormatTarget target, bool omit_empty) {
  auto steps = compile_steps(text);
  if (!steps) return std::unexpected(steps.error());
  Formatter result;
  result.steps_ = std::make_shared<const std::vector<FormatStep>>(std::move(*steps));
  result.target_ = target;
  result.omit_empty_ = omit_empty;
  return result;
}

Formatter Formatter::literal(std::string text) {
  Formatter result;
  std::vector<FormatStep> steps(1);
  steps[0].text = std::move(text);
  result.steps_ = std::make_shared<const std::vector<FormatStep>>(std::move(steps));
  return result;
}

const std::string* Formatter::constant() const {
  static const std::string kNothing;
  if (!steps_ || steps_->empty()) return &kNothing;
  return steps_->size() == 1 && !steps_->front().extract ? &steps_->front().text : nullptr;
}

void Formatter::format(const StreamInfo& info, std::string& out) const {
  if (!steps_) return;
  static thread_local FormatValue value;
  for (const FormatStep& step : *steps_) {
    if (!step.extract) {
      out += step.text;
      continue;
    }
    step.extract(step, info, value);
    if (value.kind == FormatValue::Kind::kMissing) {
      if (!omit_empty_) out += '-';
      continue;
    }
    const size_t from = out.size();
    append_plain(value, step.max_length, out);
    sanitise(target_, from, out);
  }
}

bool Formatter::has_value(const StreamInfo& info) const {
  if (!steps_ || steps_->size() != 1 || !steps_->front().extract) return true;
  FormatValue value;
  steps_->front().extract(steps_->front(), info, value);
  return value.kind != FormatValue::Kind::kMissing;
}

}  // namespace proa::observe
