#include "mesh/store/log_format.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace proa::mesh {
namespace {

using State = std::map<std::string, std::string, std::less<>>;

struct Read {
  State state;
  std::expected<LogEnd, LogFault> end;
};

Read read(std::string_view bytes) {
  State state;
  auto end = read_log(bytes, [&](std::uint64_t, std::string_view key, std::optional<std::string_view> value) {
    value ? (void)state.insert_or_assign(std::string(key), std::string(*value)) : (void)state.erase(std::string(key));
  });
  return {std::move(state), std::move(end)};
}

/// A log of a snapshot and some commits, with the state after each whole length.
struct Log {
  std::string bytes;
  std::size_t snapshot = 0;           ///< its end
  std::map<std::size_t, State> upto;  ///< what a log of at least that many bytes says
  State state;
  std::uint64_t revision = 0;

  void commit(std::vector<StoreChange> changes) {
    append_log_record(bytes, bytes.size(), ++revision, changes);
    for (StoreChange& change : changes) {
      if (change.value) {
        state[change.key] = *change.value;
      } else {
        state.erase(change.key);
      }
    }
    upto[bytes.size()] = state;
  }
};

Log example() {
  Log log;
  std::string records;
  const std::vector<StoreChange> first{{"a", "1"}, {"b", std::string(700, 'x')}}, second{{"c", "3"}};
  append_log_record(records, kLogHeader, 4, first);
  append_log_record(records, kLogHeader + records.size(), 7, second);
  log.bytes = log_header(9, records.size()) + records;
  log.snapshot = log.bytes.size();
  log.state = {{"a", "1"}, {"b", std::string(700, 'x')}, {"c", "3"}};
  log.upto[log.bytes.size()] = log.state;
  log.revision = 9;
  log.commit({{"a", "2"}});
  log.commit({{"b", std::nullopt}, {"d", std::string(1200, 'y')}});
  log.commit({{"e", ""}});
  log.commit({{"a", std::nullopt}});
  return log;
}

TEST(LogFormat, gives_back_what_was_written) {
  const Log log = example();
  const Read got = read(log.bytes);
  ASSERT_TRUE(got.end) << got.end.error().what;
  EXPECT_EQ(got.state, log.state);
  EXPECT_EQ(got.end->base, 9u);
  EXPECT_EQ(got.end->revision, 13u);
  EXPECT_EQ(got.end->size, log.bytes.size());
}

TEST(LogFormat, of_a_log_cut_at_any_byte_every_whole_commit_counts) {
  const Log log = example();
  for (std::size_t size = 0; size <= log.bytes.size(); ++size) {
    const Read got = read(std::string_view(log.bytes).substr(0, size));
    if (size < log.snapshot) {  // which is never there in part: it comes by a rename
      EXPECT_FALSE(got.end) << size;
      continue;
    }
    ASSERT_TRUE(got.end) << size << ": " << got.end.error().what;
    const auto& [whole, state] = *std::prev(log.upto.upper_bound(size));
    EXPECT_EQ(got.state, state) << size;
    EXPECT_EQ(got.end->size, whole) << size;
  }
}

TEST(LogFormat, a_changed_byte_anywhere_is_a_fault_at_its_record) {
  const Log log = example();
  for (std::size_t at = 0; at < log.bytes.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      std::string bytes = log.bytes;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      const Read got = read(bytes);
      ASSERT_FALSE(got.end) << at;
      EXPECT_LE(got.end.error().offset, at);
      EXPECT_GT(got.end.error().offset + 1300, at);
    }
  }
}

TEST(LogFormat, a_last_commit_with_a_sector_that_never_reached_the_disk_is_dropped) {
  Log log = example();
  const std::size_t before = log.bytes.size();
  const State state = log.state;
  log.commit({{"f", std::string(2000, 'z')}});
  for (std::size_t sector = before / 512; sector <= (log.bytes.size() - 1) / 512; ++sector) {
    std::string bytes = log.bytes;
    const std::size_t begin = std::max(before, sector * 512), end = std::min(bytes.size(), (sector + 1) * 512);
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin), bytes.begin() + static_cast<std::ptrdiff_t>(end),
              '\0');
    const Read got = read(bytes);
    ASSERT_TRUE(got.end) << sector << ": " << got.end.error().what;
    EXPECT_EQ(got.end->size, before);
    EXPECT_EQ(got.state, state);
    // The same with another commit after it was on the disk once: something else destroyed it.
    Log more = log;
    more.commit({{"g", "1"}});
    bytes += more.bytes.substr(log.bytes.size());
    const Read damaged = read(bytes);
    ASSERT_FALSE(damaged.end);
    EXPECT_EQ(damaged.end.error().offset, before);
  }
}

TEST(LogFormat, records_belong_to_their_place_and_order) {
  const Log log = example();
  std::vector<std::size_t> ends;
  for (const auto& [end, state] : log.upto) ends.push_back(end);
  const auto without = [&](std::size_t i) { return log.bytes.substr(0, ends[i]) + log.bytes.substr(ends[i + 1]); };
  EXPECT_FALSE(read(without(0)).end);
  EXPECT_FALSE(read(without(1)).end);
  // The same record, with the checksum of its place, twice.
  std::string twice = log.bytes;
  const std::vector<StoreChange> last{{"a", std::nullopt}};
  append_log_record(twice, twice.size(), 13, last);
  const Read got = read(twice);
  ASSERT_FALSE(got.end);
  EXPECT_EQ(got.end.error().what, "revision 13 follows 13");
}

TEST(LogFormat, an_empty_store_is_a_header) {
  const Read got = read(log_header(5, 0));
  ASSERT_TRUE(got.end);
  EXPECT_EQ(got.end->revision, 5u);
  EXPECT_TRUE(got.state.empty());
}

}  // namespace
}  // namespace proa::mesh
