#include "http/copy_head.h"

namespace proa::http {

HeaderList copy_headers(const HeaderList& from, Arena& arena) {
  HeaderList to(arena);
  for (const Header& header : from.all()) {
    to.add({arena.copy(header.name), arena.copy(header.value), header.id, header.sensitive});
  }
  return to;
}

RequestHead& copy_head(const RequestHead& from, Arena& arena) {
  auto& to = *arena.make<RequestHead>(arena);
  to.method = arena.copy(from.method);
  to.method_id = from.method_id;
  to.scheme = arena.copy(from.scheme);
  to.authority = arena.copy(from.authority);
  to.path = arena.copy(from.path);
  to.protocol = arena.copy(from.protocol);
  to.version = from.version;
  to.wants_trailers = from.wants_trailers;
  to.headers = copy_headers(from.headers, arena);
  return to;
}

}  // namespace proa::http
