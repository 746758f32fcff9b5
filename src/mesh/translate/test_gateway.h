// What the tests of gateways share: the world of the captures, and the router that istiod translated it for.
#pragma once

#include "mesh/translate/scope.h"
#include "mesh/translate/test_captured.h"

namespace proa::mesh {

struct CapturedGateway : Captured {
  CapturedGateway() {
    node.type = ProxyNode::Type::router;
    node.addresses = {"127.0.9.1"};
    node.id = "gw-1.shop";
    node.service_account = "gw";
    node.mesh_id.clear();
    node.labels = {{"istio", "ingressgateway"}, {"app", "gw"}};
  }
};

}  // namespace proa::mesh
