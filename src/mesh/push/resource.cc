#include "mesh/push/resource.h"

#include <xxhash.h>

namespace proa::mesh {

std::shared_ptr<const Resource> make_resource(std::string name, std::string body, Origin origin) {
  auto out = std::make_shared<Resource>();
  out->hash = XXH3_64bits(body.data(), body.size());
  out->name = std::move(name);
  out->body = std::move(body);
  out->origin = std::move(origin);
  return out;
}

}  // namespace proa::mesh
