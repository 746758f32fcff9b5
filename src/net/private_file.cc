#include "net/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "net/fd.h"

namespace proa::net {
namespace {

std::unexpected<Error> failed(const std::string& path) { return fail(path + ": " + std::strerror(errno)); }

Status write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return fail(std::strerror(errno));
    text.remove_prefix(static_cast<size_t>(wrote));
  }
  return {};
}

/// What was made or renamed in the folder outlives a loss of power.
Status sync_folder(const std::filesystem::path& path) {
  const std::string name = path.empty() ? "." : path.string();
  Fd folder(::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || (::fsync(folder.get()) != 0 && errno != EINVAL)) return failed(name);  // EINVAL: has no such thing
  return {};
}

}  // namespace

Status write_file(const std::string& path, std::string_view text, unsigned mode) {
  const std::string part = path + ".part";
  ::unlink(part.c_str());
  Fd fd(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return failed(part);
  if (Status wrote = write_all(fd.get(), text); !wrote) return fail(part + ": " + wrote.error().message);
  if (::fsync(fd.get()) != 0 || ::rename(part.c_str(), path.c_str()) != 0) return failed(path);
  return sync_folder(std::filesystem::path(path).parent_path());
}

Result<std::optional<std::string>> read_file(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::nullopt;
  if (!fd) return failed(path);
  std::string out;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path);
    if (got == 0) return out;
    out.append(buffer, static_cast<size_t>(got));
  }
}

Status make_private_folder(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (error) return fail(parent.string() + ": " + error.message());
  if (::mkdir(path.c_str(), 0700) == 0) return sync_folder(parent);
  return errno == EEXIST ? Status{} : failed(path);
}

bool others_may_read(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0;
}

}  // namespace proa::net
