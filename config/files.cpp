// Whole files: read, hash, write atomically.
#include "config/files.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "risk/assert.hpp"

namespace fairlead::config {
namespace {

// Closes on every way out.
class Descriptor {
  public:
    explicit Descriptor(int value) : value_(value) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (value_ >= 0) {
            ::close(value_);
        }
    }
    [[nodiscard]] int get() const { return value_; }

  private:
    int value_;
};

std::string system_error(const char* what, const std::string& path) {
    return std::string(what) + " " + path + ": " + std::strerror(errno);
}

bool write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

bool read_file(const std::string& path, std::string& into, std::string& error) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
        error = std::strerror(errno);
        return false;
    }
    if (!S_ISREG(info.st_mode)) {
        error = "not a regular file";
        return false;
    }
    into.resize(static_cast<std::size_t>(info.st_size));
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t count = ::read(file.get(), into.data() + done, into.size() - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            error = std::strerror(errno);
            return false;
        }
        if (count == 0) {
            break;
        }
        done += static_cast<std::size_t>(count);
    }
    into.resize(done);
    return true;
}

risk::Sha256 sha256_of(std::string_view bytes) {
    risk::Sha256 hash{};
    unsigned length = 0;
    const int done = EVP_Digest(bytes.data(), bytes.size(), hash.data(), &length, EVP_sha256(), nullptr);
    risk::require(done == 1 && length == hash.size(), "SHA-256 is always to be had");
    return hash;
}

std::string hex_of(const risk::Sha256& hash) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(hash.size() * 2);
    for (const std::uint8_t byte : hash) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

std::string write_file_atomically(const std::string& path, std::string_view bytes) {
    const std::string temporary = path + ".new" + std::to_string(::getpid());
    {
        const Descriptor file(
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
        if (file.get() < 0) {
            return system_error("cannot create", temporary);
        }
        if (!write_all(file.get(), bytes) || ::fsync(file.get()) != 0) {
            std::string error = system_error("cannot write", temporary);
            ::unlink(temporary.c_str());
            return error;
        }
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        std::string error = system_error("cannot rename to", path);
        ::unlink(temporary.c_str());
        return error;
    }
    const std::string parent = std::filesystem::path(path).parent_path().string();
    const Descriptor directory(
        ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() < 0 || ::fsync(directory.get()) != 0) {
        return system_error("cannot sync directory", parent);
    }
    return {};
}

}  // namespace fairlead::config
