// The source that the program was built from; made by cmake/find_revision.cmake.
#pragma once

namespace proa::cli {

extern const char* const kRevision;  ///< git's, in hex; empty: not known
extern const bool kModified;         ///< files differed from it

}  // namespace proa::cli
