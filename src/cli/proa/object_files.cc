#include "cli/proa/object_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>

namespace proa::cli {

namespace {

namespace fs = std::filesystem;

bool is_object_file(const fs::path& path) {
  const std::string ending = path.extension().string();
  return !path.filename().string().starts_with('.') && (ending == ".yaml" || ending == ".yml" || ending == ".json");
}

Result<std::string> contents_of(std::FILE* file, const std::string& name) {
  std::string out;
  char buffer[16384];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, file)) > 0;) out.append(buffer, got);
  if (std::ferror(file) != 0) return fail(fmt::format("{}: {}", name, std::strerror(errno)));
  return out;
}

Result<ObjectFile> read_one(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return fail(fmt::format("{}: {}", path, std::strerror(errno)));
  auto text = contents_of(file, path);
  std::fclose(file);
  if (!text) return std::unexpected(text.error());
  return ObjectFile{path, std::move(*text)};
}

template <class Walk>
Result<std::vector<std::string>> files_in(const std::string& folder) {
  std::set<std::string> files;
  std::error_code error;
  for (auto at = Walk(folder, error); !error && at != Walk(); at.increment(error)) {
    if (at->is_regular_file(error) && is_object_file(at->path())) files.insert(at->path().string());
  }
  if (error) return fail(fmt::format("{}: {}", folder, error.message()));
  if (files.empty()) return fail(fmt::format("{}: no .yaml, .yml or .json file is in it", folder));
  return std::vector<std::string>(files.begin(), files.end());
}

}  // namespace

Result<std::vector<ObjectFile>> read_object_files(const std::vector<std::string>& paths, bool recursive) {
  std::vector<ObjectFile> out;
  for (const std::string& path : paths) {
    if (path == "-") {
      auto text = contents_of(stdin, "standard input");
      if (!text) return std::unexpected(text.error());
      out.push_back({"standard input", std::move(*text)});
      continue;
    }
    std::vector<std::string> files{path};
    std::error_code error;
    if (fs::is_directory(path, error)) {
      auto found =
          recursive ? files_in<fs::recursive_directory_iterator>(path) : files_in<fs::directory_iterator>(path);
      if (!found) return std::unexpected(found.error());
      files = std::move(*found);
    }
    for (const std::string& file : files) {
      auto read = read_one(file);
      if (!read) return std::unexpected(read.error());
      out.push_back(std::move(*read));
    }
  }
  return out;
}

}  // namespace proa::cli
