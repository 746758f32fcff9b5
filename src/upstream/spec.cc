#include "upstream/spec.h"

namespace proa::upstream {

namespace {
const LbSpec kLb;
const HttpSpec kHttp;
const BreakerSpec kBreakers;
const DnsSpec kDns;
}  // namespace

const LbSpec& default_lb() { return kLb; }
const HttpSpec& default_http() { return kHttp; }
const BreakerSpec& default_breakers() { return kBreakers; }
const DnsSpec& default_dns() { return kDns; }

}  // namespace proa::upstream
