#include "observe/cel_log_filter.h"

namespace proa::observe {
namespace {

class CelFilter final : public AccessLogFilter {
 public:
  explicit CelFilter(CelExpression expression) : expression_(std::move(expression)) {}
  bool matches(const StreamInfo& info) const override { return expression_.matches(info); }

 private:
  CelExpression expression_;
};

}  // namespace

AccessLogFilterPtr cel_filter(CelExpression expression) { return std::make_shared<CelFilter>(std::move(expression)); }

}  // namespace proa::observe
