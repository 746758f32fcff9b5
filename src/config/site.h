// Site: a place in a configuration that can complain. Compile functions take one beside their message:
//   void compile_port(const SocketAddress& address, const Site& at) {
//     if (address.port_value() > 65535) (at / "port_value").error("is 70000, above the highest port 65535");
//   }
// A Site borrows its parent, like FieldPath: keep each step in a variable, or step by a dotted name.
#pragma once

#include "config/field_path.h"
#include "config/problems.h"

namespace proa::config {

class Site {
 public:
  Site(const Marks& marks, Problems& problems, const FieldPath& path)
      : marks_(&marks), problems_(&problems), path_(path) {}

  Site operator/(std::string_view field) const& { return {*marks_, *problems_, path_ / field}; }
  Site operator/(std::string_view field) const&& = delete;
  Site operator[](std::size_t index) const& { return {*marks_, *problems_, path_[index]}; }
  Site operator[](std::size_t index) const&& = delete;
  Site entry(std::string_view key) const& { return {*marks_, *problems_, path_.entry(key)}; }
  Site entry(std::string_view key) const&& = delete;

  /// At the value. Both are const: what changes is the list of problems, which the Site only borrows.
  void error(std::string what, std::string fix = {}) const {
    problems_->error(marks_->find(path_), path_.str(), std::move(what), std::move(fix));
  }
  void warning(std::string what, std::string fix = {}) const {
    problems_->warning(marks_->find(path_), path_.str(), std::move(what), std::move(fix));
  }

  const FieldPath& path() const { return path_; }
  const Marks& marks() const { return *marks_; }
  Problems& problems() const { return *problems_; }

 private:
  const Marks* marks_;
  Problems* problems_;
  FieldPath path_;
};

}  // namespace proa::config
