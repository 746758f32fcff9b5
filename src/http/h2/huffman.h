// HPACK's Huffman code (RFC 7541 section 5.2 and appendix B).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace proa::http::h2 {

/// Room that huffman_decode() needs for `encoded` bytes: the shortest code has 5 bits, and the decoder may
/// write one symbol more than it keeps.
constexpr size_t huffman_decoded_bound(size_t encoded) { return encoded * 8 / 5 + 2; }

inline constexpr size_t kHuffmanError = SIZE_MAX;

/// Decodes into `out`, which has huffman_decoded_bound(encoded.size()) bytes. Returns how many were written,
/// or kHuffmanError (EOS inside, padding of 8 bits or more, or padding that is not all ones).
size_t huffman_decode(std::string_view encoded, char* out);

/// Bytes that huffman_encode() will write.
size_t huffman_encoded_size(std::string_view text);

/// Encodes into `out`; returns the end of what was written.
char* huffman_encode(std::string_view text, char* out);

}  // namespace proa::http::h2
