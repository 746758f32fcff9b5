// Gives back the memory that only reading a configuration needed.
#pragma once

namespace proa::cli {

/// Reading a configuration walks through most of protobuf and of the descriptors of Envoy's API: some 8 MB of code and
/// constants that serving never touches, and that stay resident as long as memory is not short. Drops the program's
/// clean file pages; what is still in use comes back by minor faults from the page cache. Breakpoints that a debugger
/// has set go with them. The heap's free pages go too. Any thread.
void release_start_memory();

}  // namespace proa::cli
