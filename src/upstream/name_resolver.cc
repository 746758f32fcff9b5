#include "upstream/name_resolver.h"

namespace proa::upstream {

namespace {

class SystemNames final : public NameResolver {
 public:
  explicit SystemNames(net::Resolver& resolver) : resolver_(resolver) {}
  std::unique_ptr<Question> resolve(const std::string& name, net::DnsFamily family,
                                    net::DnsCallback callback) override {
    struct Asked final : Question {
      net::DnsHandle handle;
    };
    auto question = std::make_unique<Asked>();
    question->handle = resolver_.resolve(name, family, std::move(callback));
    return question;
  }

 private:
  net::Resolver& resolver_;
};

}  // namespace

std::unique_ptr<NameResolver> system_names(net::Resolver& resolver) { return std::make_unique<SystemNames>(resolver); }

}  // namespace proa::upstream
