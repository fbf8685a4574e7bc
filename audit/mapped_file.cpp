#include "audit/mapped_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace fairlead::audit {

std::string system_error(const char* step, const std::string& path, int error) {
    return std::string("cannot ") + step + " '" + path + "': " + std::strerror(error);
}

void Descriptor::close() noexcept {
    if (handle_ >= 0) {
        ::close(handle_);
        handle_ = -1;
    }
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
    if (this != &other) {
        unmap();
        data_ = other.data_;
        size_ = other.size_;
        other.data_ = nullptr;
        other.size_ = 0;
    }
    return *this;
}

std::string MappedFile::map(int handle, std::size_t size, bool writable, const std::string& path) {
    void* at = ::mmap(nullptr, size, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, handle, 0);
    if (at == MAP_FAILED) {
        return system_error("map", path, errno);
    }
    unmap();
    data_ = static_cast<std::byte*>(at);
    size_ = size;
    return {};
}

bool MappedFile::lock() const noexcept {
    return ::mlock(data_, size_) == 0;
}

void MappedFile::unmap() noexcept {
    if (data_ != nullptr) {
        ::munmap(data_, size_);
        data_ = nullptr;
        size_ = 0;
    }
}

std::string make_directory(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) {
        return "cannot create the directory '" + path + "': " + error.message();
    }
    return {};
}

LockResult take_lock(const std::string& path, const char* who) {
    LockResult result;
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
    if (!file.open()) {
        result.error = system_error("open the lock file", path, errno);
    } else if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        result.error = "'" + path + "' is locked: another " + who + " runs on this journal";
    } else {
        result.held = std::move(file);
    }
    return result;
}

}  // namespace fairlead::audit
