// secret_mask: what differs between two texts of a Secret, without what is secret: a diff ends up in logs.
#pragma once

#include <string>

#include "base/result.h"

namespace proa::cli {

/// Each value of data and stringData becomes "***", or what says that it differs. An empty text stays empty.
Status mask_secrets(std::string& before, std::string& after);

}  // namespace proa::cli
