#include "mesh/store/log_format.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <limits>

namespace proa::mesh {

namespace {

constexpr std::string_view kMagic = "proa st1";
constexpr std::size_t kHead = 8, kRevision = 8, kCheck = 8, kAlign = 8, kSector = 512;
constexpr std::uint32_t kRemoved = std::numeric_limits<std::uint32_t>::max();

void append_number(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::uint64_t check_of(std::string_view bytes, std::size_t offset) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), offset);
}
std::uint32_t check_of_size(std::string_view size, std::size_t offset) {
  return static_cast<std::uint32_t>(check_of(size, offset));
}

std::size_t padded(std::size_t size) { return (size + kAlign - 1) / kAlign * kAlign; }

std::size_t body_size(std::span<const StoreChange> changes) {
  std::size_t size = kRevision;
  for (const StoreChange& change : changes) size += 8 + change.key.size() + (change.value ? change.value->size() : 0);
  return size;
}

bool all_zero(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char byte) { return byte == 0; });
}

/// One record, if there is a whole and undamaged one at `offset`.
struct Record {
  std::string_view body{};
  std::size_t end = 0;
};
enum class Found : std::uint8_t { kWhole, kCutOff, kBadSize, kBadCheck };

Found find_record(std::string_view bytes, std::size_t offset, Record& out) {
  const std::string_view rest = bytes.substr(offset);
  if (rest.size() < kHead) return Found::kCutOff;
  if (check_of_size(rest.substr(0, 4), offset) != number_at(rest, 4, 4)) return Found::kBadSize;
  const std::size_t size = number_at(rest, 0, 4);
  const std::size_t checked = kHead + padded(size);
  if (rest.size() < checked + kCheck) return Found::kCutOff;
  if (check_of(rest.substr(0, checked), offset) != number_at(rest, checked, kCheck)) return Found::kBadCheck;
  out = {rest.substr(kHead, size), offset + checked + kCheck};
  return Found::kWhole;
}

/// A commit is written at once, so its sectors reach the disk in any order: one of nothing but zeros never did.
bool has_unwritten_sector(std::string_view bytes, std::size_t begin) {
  for (std::size_t at = begin; at < bytes.size();) {
    const std::size_t end = std::min((at / kSector + 1) * kSector, bytes.size());
    if (all_zero(bytes.substr(at, end - at))) return true;
    at = end;
  }
  return false;
}

bool has_record_after(std::string_view bytes, std::size_t offset) {
  Record record;
  for (std::size_t at = offset + kAlign; at < bytes.size(); at += kAlign) {
    if (find_record(bytes, at, record) == Found::kWhole) return true;
  }
  return false;
}

/// False: the body is not what append_log_record() writes.
bool visit_changes(std::string_view body, const LogVisit& visit) {
  const std::uint64_t revision = number_at(body, 0, kRevision);
  body.remove_prefix(kRevision);
  while (!body.empty()) {
    if (body.size() < 8) return false;
    const std::size_t key = number_at(body, 0, 4);
    const std::uint64_t value = number_at(body, 4, 4);
    const bool removed = value == kRemoved;
    body.remove_prefix(8);
    if (key > body.size() || (!removed && value > body.size() - key)) return false;
    visit(revision, body.substr(0, key), removed ? std::nullopt : std::optional(body.substr(key, value)));
    body.remove_prefix(key + (removed ? 0 : value));
  }
  return true;
}

}  // namespace

std::string log_header(std::uint64_t base, std::uint64_t snapshot) {
  std::string out(kMagic);
  append_number(out, base, 8);
  append_number(out, snapshot, 8);
  append_number(out, check_of(out, 0), kCheck);
  return out;
}

std::size_t log_record_size(std::span<const StoreChange> changes) {
  return kHead + padded(body_size(changes)) + kCheck;
}

void append_log_record(std::string& out, std::size_t offset, std::uint64_t revision,
                       std::span<const StoreChange> changes) {
  const std::size_t begin = out.size();
  append_number(out, body_size(changes), 4);
  append_number(out, check_of_size(std::string_view(out).substr(begin), offset), 4);
  append_number(out, revision, kRevision);
  for (const StoreChange& change : changes) {
    append_number(out, change.key.size(), 4);
    append_number(out, change.value ? change.value->size() : kRemoved, 4);
    out += change.key;
    if (change.value) out += *change.value;
  }
  out.resize(begin + padded(out.size() - begin));
  append_number(out, check_of(std::string_view(out).substr(begin), offset), kCheck);
}

std::expected<LogEnd, LogFault> read_log(std::string_view bytes, const LogVisit& visit) {
  const auto fault = [](std::size_t offset, std::string what) {
    return std::unexpected(LogFault{offset, std::move(what)});
  };
  LogEnd end;
  if (bytes.size() < kLogHeader) return fault(0, "is shorter than its header");
  if (!bytes.starts_with(kMagic)) return fault(0, "is no log of a store, or of another version");
  end.base = number_at(bytes, 8, 8);
  end.snapshot = number_at(bytes, 16, 8);
  if (bytes.substr(0, kLogHeader) != log_header(end.base, end.snapshot)) return fault(0, "the header is damaged");
  const std::size_t snapshot_end = kLogHeader + end.snapshot;
  if (end.snapshot > bytes.size() - kLogHeader) {
    return fault(bytes.size(), fmt::format("ends here, though its first {} bytes were written at once", snapshot_end));
  }

  std::size_t at = kLogHeader;
  while (at < bytes.size()) {
    const bool in_snapshot = at < snapshot_end;
    if (at == snapshot_end) end.revision = end.base;
    Record record;
    switch (find_record(bytes, at, record)) {
      case Found::kWhole: break;
      case Found::kCutOff:
        if (in_snapshot) return fault(at, "the record does not end where the others do");
        end.size = at;
        return end;
      case Found::kBadSize:
      case Found::kBadCheck:
        if (!in_snapshot && has_unwritten_sector(bytes, at) && !has_record_after(bytes, at)) {
          end.size = at;
          return end;
        }
        return fault(at, "the record is damaged: its checksum does not fit");
    }
    if (in_snapshot && record.end > snapshot_end) return fault(at, "the record does not end where the others do");
    if (record.body.size() <= kRevision) return fault(at, "the record says nothing");
    const std::uint64_t revision = number_at(record.body, 0, kRevision);
    if (in_snapshot ? revision <= end.revision || revision > end.base : revision != end.revision + 1) {
      return fault(at, fmt::format("revision {} follows {}", revision, end.revision));
    }
    if (!visit_changes(record.body, visit)) return fault(at, "the record is not what the store writes");
    if (!all_zero(bytes.substr(at + kHead + record.body.size(), padded(record.body.size()) - record.body.size()))) {
      return fault(at, "the record is not what the store writes");
    }
    end.revision = revision;
    at = record.end;
  }
  end.revision = std::max(end.revision, end.base);
  end.size = at;
  return end;
}

}  // namespace proa::mesh
