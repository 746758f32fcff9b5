// The store's log, byte by byte; no file is touched here.
//
//   log       header record...
//   header    "proa st1"  base(8)  snapshot(8)  check(8)
//   record    size(4)  check of size(4)  revision(8)  change...  zeros up to a multiple of 8  check of all before(8)
//   change    key size(4)  value size(4), all ones for a removal  key  value
//
// Numbers are little endian, checks are XXH3 seeded with the record's offset. The records within the first `snapshot`
// bytes say what there was at revision `base` when the file was written as a whole; each one after it is a commit, of the
// next revision. Only the last commit can be torn: the one before it was on the disk when it was begun.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace proa::mesh {

/// One key of a commit.
struct StoreChange {
  std::string key;
  std::optional<std::string> value;  ///< nothing: the key is removed
};

inline constexpr std::size_t kLogHeader = 32;

std::string log_header(std::uint64_t base, std::uint64_t snapshot);
/// Appends a record that begins at `offset` of the file.
void append_log_record(std::string& out, std::size_t offset, std::uint64_t revision,
                       std::span<const StoreChange> changes);
/// The bytes of such a record.
std::size_t log_record_size(std::span<const StoreChange> changes);

struct LogEnd {
  std::uint64_t base = 0;
  std::uint64_t snapshot = 0;
  std::uint64_t revision = 0;  ///< of the last commit
  std::size_t size = 0;        ///< what counts; bytes after it are a commit that was never finished
};
/// Where a log is not what was written.
struct LogFault {
  std::size_t offset = 0;  ///< of the record
  std::string what{};
};
/// The views live as long as the bytes.
using LogVisit =
    std::function<void(std::uint64_t revision, std::string_view key, std::optional<std::string_view> value)>;

/// Visits every change in order. What was visited counts only where there is no fault.
std::expected<LogEnd, LogFault> read_log(std::string_view bytes, const LogVisit& visit);

}  // namespace proa::mesh
