// A file mapped into memory, and a descriptor that closes itself. Only what front and keeper need of
// the operating system; errors are texts that name path, step and the system's reason.
#pragma once

#include <cstddef>
#include <string>

namespace fairlead::audit {

// "cannot STEP 'PATH': REASON" with errno's reason.
[[nodiscard]] std::string system_error(const char* step, const std::string& path, int error);

class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int handle) noexcept : handle_(handle) {}
    ~Descriptor() { close(); }
    Descriptor(Descriptor&& other) noexcept : handle_(other.release()) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        if (this != &other) {
            close();
            handle_ = other.release();
        }
        return *this;
    }
    [[nodiscard]] int get() const noexcept { return handle_; }
    [[nodiscard]] bool open() const noexcept { return handle_ >= 0; }
    int release() noexcept {
        const int handle = handle_;
        handle_ = -1;
        return handle;
    }
    void close() noexcept;

  private:
    int handle_ = -1;
};

class MappedFile {
  public:
    MappedFile() = default;
    ~MappedFile() { unmap(); }
    MappedFile(MappedFile&& other) noexcept : data_(other.data_), size_(other.size_) {
        other.data_ = nullptr;
        other.size_ = 0;
    }
    MappedFile& operator=(MappedFile&& other) noexcept;
    // Shared mapping of the first `size` bytes. Empty text: done.
    [[nodiscard]] std::string map(int handle, std::size_t size, bool writable, const std::string& path);
    [[nodiscard]] std::byte* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    // False: the system's limit on locked memory is too low; the pages stay swappable.
    [[nodiscard]] bool lock() const noexcept;
    void unmap() noexcept;

  private:
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

// Creates the directory and its parents. Empty text: it is there.
[[nodiscard]] std::string make_directory(const std::string& path);
// Takes the lock file for as long as `held` lives. The error says when another process (`who`) has it.
struct LockResult {
    Descriptor held;
    std::string error;
    [[nodiscard]] bool ok() const noexcept { return error.empty(); }
};
[[nodiscard]] LockResult take_lock(const std::string& path, const char* who);

}  // namespace fairlead::audit
