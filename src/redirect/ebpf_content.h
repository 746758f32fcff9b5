// What the programs of bpf/redirect.bpf.c are told: options as the content of their maps. Pure.
#pragma once

#include <vector>

#include "redirect/bpf/layout.h"
#include "redirect/options.h"

namespace proa::redirect {

struct EbpfContent {
  proa_config config{};
  std::vector<proa_said> said{};
  std::vector<proa_range> included{}, excluded{};
  std::vector<proa_range> own{};
};

/// `own`: the addresses of this host. The fingerprint is another one whenever anything else is.
EbpfContent ebpf_content(const Options& options, const std::vector<net::Address>& own);

}  // namespace proa::redirect
