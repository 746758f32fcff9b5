// Any bytes: what decodes must encode to the same bytes, and what encodes must decode to the same text.
#include "http/h2/huffman.h"

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace proa::http::h2;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::string decoded(huffman_decoded_bound(size), '\0');
  size_t n = huffman_decode(input, decoded.data());
  if (n != kHuffmanError) {
    if (n > decoded.size()) std::abort();
    decoded.resize(n);
    std::string encoded(huffman_encoded_size(decoded), '\0');
    huffman_encode(decoded, encoded.data());
    if (encoded != input) std::abort();
  }
  std::string encoded(huffman_encoded_size(input), '\0');
  huffman_encode(input, encoded.data());
  std::string again(huffman_decoded_bound(encoded.size()), '\0');
  if (huffman_decode(encoded, again.data()) != size || again.compare(0, size, input) != 0) std::abort();
  return 0;
}
