// Copies of a head into another arena: for a message that outlives the exchange it came with.
#pragma once

#include "base/arena.h"
#include "http/message.h"

namespace proa::http {

/// Names and values too.
HeaderList copy_headers(const HeaderList& from, Arena& arena);
/// All but `expect_continue` and `absolute_form`, which tell how the client sent it.
RequestHead& copy_head(const RequestHead& from, Arena& arena);

}  // namespace proa::http
