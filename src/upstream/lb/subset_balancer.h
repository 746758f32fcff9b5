// Balancing within the hosts whose metadata has what a route asks for.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "upstream/lb/balancer.h"

namespace proa::upstream {

/// Subsets are found when the object is built; the balancer of each is made at its first use.
///
/// A route's criteria select the selector with exactly their keys, and there the subset with their values. When
/// there is none: the selector's fallback, else the default one.
class SubsetBalancer final : public Balancer {
 public:
  SubsetBalancer(std::shared_ptr<const LbSpec> spec, std::shared_ptr<const HostSet> hosts, LbInputs inputs);
  ~SubsetBalancer() override;
  Host* choose(LbContext& context, Random& random) const override;
  size_t subsets() const { return subsets_.size(); }

 private:
  struct Subset;
  void find_subsets();
  void add_to_subsets(const HostSet::Member& member, const SubsetSelector& selector);
  const SubsetSelector* selector_for(const SubsetValues& criteria) const;
  const Subset* find(const SubsetValues& values) const;
  Host* choose_in(const Subset& subset, LbContext& context, Random& random) const;
  Host* fall_back(SubsetFallback policy, const SubsetSelector* selector, const SubsetCriteria* criteria,
                  LbContext& context, Random& random) const;

  std::shared_ptr<const LbSpec> spec_;
  std::shared_ptr<const HostSet> hosts_;
  LbInputs inputs_;
  std::unordered_map<std::string, std::unique_ptr<Subset>> subsets_;  // by SubsetCriteria::key_of
  std::unique_ptr<Subset> all_;
  std::unique_ptr<Subset> default_;
};

}  // namespace proa::upstream
