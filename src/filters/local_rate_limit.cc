// Local rate limits: token buckets shared by all workers, one for all requests and one for each descriptor.
#include <algorithm>
#include <string>

#include "filters/all.h"
#include "net/loop.h"
#include "route/route.h"
#include "route/route_match.h"

namespace proa::filters {
namespace {

using http::HeaderId;

enum class Stat { kEnabled, kEnforced, kLimited, kOk };
constexpr observe::StatDef kStats[] = {{"http_local_rate_limit.enabled"},
                                       {"http_local_rate_limit.enforced"},
                                       {"http_local_rate_limit.rate_limited"},
                                       {"http_local_rate_limit.ok"}};

using Config = LocalRateLimitConfig;

bool matches(const Config::Descriptor& rule, const route::Descriptor& descriptor) {
  if (rule.entries.size() != descriptor.entries.size()) return false;
  for (size_t i = 0; i < rule.entries.size(); ++i) {
    if (rule.entries[i].first != descriptor.entries[i].first) return false;
    if (!rule.entries[i].second.empty() && rule.entries[i].second != descriptor.entries[i].second) return false;
  }
  return true;
}

/// One connection's own buckets, in the order of the configuration's.
struct ConnectionBuckets {
  explicit ConnectionBuckets(const Config& like) {
    if (like.bucket) bucket = like.bucket->another();
    for (const Config::Descriptor& rule : like.descriptors) descriptors.push_back(rule.bucket->another());
  }
  std::shared_ptr<TokenBucket> bucket;
  std::vector<std::shared_ptr<TokenBucket>> descriptors;
};

/// Null: the configuration's buckets, which all connections share.
const ConnectionBuckets* own_buckets(const Config& config, Exchange& x) {
  if (!config.connection_key) return nullptr;
  std::shared_ptr<void>& slot = x.connection_slot(config.connection_key);
  if (!slot) slot = std::make_shared<ConnectionBuckets>(config);
  return static_cast<const ConnectionBuckets*>(slot.get());
}

class LocalRateLimit final : public Filter {
 public:
  explicit LocalRateLimit(std::shared_ptr<const Config> config)
      : Filter({.response = true}), config_(std::move(config)) {}

  Verdict on_request(Exchange& x, bool) const override {
    const Config& config = config_of(x);
    if (!config.enabled || !config.enabled->includes(x.info().random, nullptr)) return Verdict::kContinue;
    config.stats->add(Stat::kEnabled);
    const MonoTime now = x.loop().now();
    const TokenBucket* limiting = nullptr;
    const bool allowed = take(config, x, now, limiting);
    x.slot(*this) = const_cast<TokenBucket*>(limiting);
    config.stats->add(allowed ? Stat::kOk : Stat::kLimited);
    if (allowed) return Verdict::kContinue;
    if (!config.enforced || !config.enforced->includes(x.info().random, nullptr)) return Verdict::kContinue;
    config.stats->add(Stat::kEnforced);
    x.info().set(observe::ResponseFlag::kRateLimited);
    auto* headers = x.arena().make<http::HeaderList>(x.arena());
    config.response_headers.apply(*headers, x.info(), x.arena());
    x.respond({.status = config.status,
               .body = "local_rate_limited",
               .details = "local_rate_limited",
               .grpc_status = config.resource_exhausted ? 8 : -1,
               .headers = headers});
    return Verdict::kDone;
  }

  void on_response(Exchange& x, http::ResponseHead& head, bool) const override {
    const Config& config = config_of(x);
    const auto* bucket = static_cast<const TokenBucket*>(x.slot(*this));
    if (!config.ratelimit_headers || !bucket) return;
    const MonoTime now = x.loop().now();
    auto decimal = [&](uint64_t value) { return x.arena().copy(std::to_string(value)); };
    head.headers.set(HeaderId::kXRateLimitLimit, decimal(bucket->max()));
    head.headers.set(HeaderId::kXRateLimitRemaining, decimal(bucket->available(now)));
    auto reset = std::chrono::ceil<std::chrono::seconds>(bucket->until_fill(now)).count();
    head.headers.set(HeaderId::kXRateLimitReset, decimal(static_cast<uint64_t>(std::max<int64_t>(reset, 0))));
  }

 private:
  const Config& config_of(Exchange& x) const {
    const auto* own = route_config<Config>(x, *this);
    return own ? *own : *config_;
  }

  /// `limiting`: the bucket that decided, for the headers.
  static bool take(const Config& config, Exchange& x, MonoTime now, const TokenBucket*& limiting) {
    const ConnectionBuckets* own = own_buckets(config, x);
    const route::Route* route = x.route();
    if (!config.descriptors.empty() && route && route->forward()) {
      const route::MatchInput input{.request = x.request(), .host = x.request().authority, .info = x.info()};
      for (const route::Descriptor& descriptor : route::descriptors(route->forward()->rate_limits, config.stage, input,
                                                                    route->cluster, config.service_cluster)) {
        for (size_t i = 0; i < config.descriptors.size(); ++i) {
          if (!matches(config.descriptors[i], descriptor)) continue;
          TokenBucket& bucket = own ? *own->descriptors[i] : *config.descriptors[i].bucket;
          limiting = &bucket;
          if (!bucket.take(now, descriptor.hits_addend)) return false;
          break;
        }
      }
    }
    TokenBucket* bucket = own ? own->bucket.get() : config.bucket.get();
    if (!bucket) return true;
    if (!limiting || bucket->available(now) < limiting->available(now)) limiting = bucket;
    return bucket->take(now);
  }

  std::shared_ptr<const Config> config_;
};

}  // namespace

const observe::StatSchema kLocalRateLimitSchema{"", kStats};

std::unique_ptr<Filter> make_local_rate_limit(std::shared_ptr<const LocalRateLimitConfig> config) {
  return std::make_unique<LocalRateLimit>(std::move(config));
}

}  // namespace proa::filters
