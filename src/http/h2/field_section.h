// The fields of one header block while it is decoded: limits, classification, and what the message rules need.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "http/codec.h"
#include "http/h2/field.h"
#include "http/h2/hpack_table.h"
#include "http/headers.h"

namespace proa::http::h2 {

/// Limits of one block. Above the soft ones a section keeps nothing more but decoding goes on, because the
/// compression state must follow; above the hard one the connection is given up.
struct FieldLimits {
  size_t max_bytes = 60 * 1024;  ///< name + value + 32 of each field, every cookie crumb included
  uint32_t max_fields = 100;
  size_t hard_bytes = 4 * 60 * 1024;
};

/// Lives on the stack during one decode. Regular fields go to `fields`, as slices of `fields.arena()`, of a
/// shared table entry that the arena holds, or of static storage.
///
/// After the first fault (`malformed`) or limit (`too_large`) nothing more is stored.
class FieldSection {
 public:
  /// `fields` == nullptr: decode only to keep the compression state.
  FieldSection(HeaderList* fields, const FieldLimits& limits, UnderscoreAction underscores)
      : fields_(fields), limits_(limits), underscores_(underscores) {}

  /// Accounts for a field, before anything is copied. False: do not add() it.
  bool admit(size_t name_size, size_t value_size) {
    bytes_ += name_size + value_size + kFieldOverhead;
    ++count_;
    if (bytes_ > limits_.max_bytes || count_ > limits_.max_fields) too_large_ = true;
    return fields_ && !too_large_ && malformed_.empty();
  }
  /// `owner`: the table entry that holds the slices; null: they are valid during the call only, except for
  /// static ones (`is_static`).
  void add(const Field& field, TableEntry* owner, bool is_static);
  /// Joins cookie crumbs (RFC 9113 section 8.2.3). Call once, after the last field.
  void finish();

  bool beyond_hard_limit() const { return bytes_ > limits_.hard_bytes; }
  bool too_large() const { return too_large_; }
  std::string_view malformed() const { return malformed_; }  ///< static reason code, or empty
  size_t bytes() const { return bytes_; }

  bool has(Pseudo pseudo) const { return seen_ & bit(pseudo); }
  bool has_any_pseudo() const { return seen_ != 0; }
  std::string_view value(Pseudo pseudo) const { return pseudo_[static_cast<size_t>(pseudo)]; }
  bool has_host() const { return has_host_; }
  std::string_view host() const { return host_; }             ///< kept out of `fields`
  int64_t content_length() const { return content_length_; }  ///< -1: absent
  bool wants_trailers() const { return wants_trailers_; }
  bool expect_continue() const { return expect_continue_; }
  uint32_t underscores_dropped() const { return underscores_dropped_; }

 private:
  static constexpr uint32_t bit(Pseudo pseudo) { return 1u << static_cast<uint32_t>(pseudo); }
  void add_pseudo(const Field& field, TableEntry* owner, bool is_static);
  void add_special(const Field& field, TableEntry* owner, bool is_static);
  void store(const Field& field, TableEntry* owner, bool is_static);
  std::string_view keep(std::string_view slice, TableEntry* owner, bool is_static);
  void refuse(std::string_view reason) { malformed_ = reason; }

  HeaderList* fields_;
  const FieldLimits& limits_;
  UnderscoreAction underscores_;
  bool too_large_ = false;
  bool has_host_ = false;
  bool wants_trailers_ = false;
  bool expect_continue_ = false;
  bool regular_seen_ = false;
  uint32_t count_ = 0;
  uint32_t crumbs_ = 0;
  uint32_t seen_ = 0;
  uint32_t underscores_dropped_ = 0;
  size_t bytes_ = 0;
  int64_t content_length_ = -1;
  std::string_view malformed_;
  std::string_view host_;
  std::array<std::string_view, kPseudoCount> pseudo_{};
};

/// The value of a content-length field: digits only, or -1 (RFC 9110 section 8.6; lists are refused).
int64_t parse_content_length(std::string_view text);

}  // namespace proa::http::h2
