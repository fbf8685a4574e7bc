// write_recorder: a preload library that notes what a program does to files below FAIRLEAD_RECORD_BELOW,
// before and after each call, in FAIRLEAD_RECORD_TO, with all bytes. The program is the one that is
// installed; power_image_test rebuilds from the notes what a disk may hold if power fails at any of them.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string>

#include "write_record.hpp"

namespace {

using fairlead::test::WriteCall;
using fairlead::test::WriteNote;

constexpr int files_max = 1024;
std::mutex mutex;
std::uint64_t next_call = 0;
std::uint64_t next_file = 0;
std::uint64_t file_of[files_max];  // 0: not below the directory

template <class Function>
Function original(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

bool below(const char* path) {
    static const char* directory = std::getenv("FAIRLEAD_RECORD_BELOW");
    return directory != nullptr && std::strncmp(path, directory, std::strlen(directory)) == 0;
}

void put(WriteNote note, const char* path, const char* other, const void* bytes) {
    static const int log = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, std::getenv("FAIRLEAD_RECORD_TO"),
                                                      O_WRONLY | O_CREAT | O_APPEND, 0600));
    note.path_bytes = path != nullptr ? static_cast<std::uint32_t>(std::strlen(path)) : 0;
    note.other_bytes = other != nullptr ? static_cast<std::uint32_t>(std::strlen(other)) : 0;
    const auto* data = static_cast<const char*>(bytes);
    const bool zeros =
        data == nullptr || std::all_of(data, data + note.length, [](char c) { return c == 0; });
    note.data_bytes = zeros ? 0 : note.length;
    std::string text(reinterpret_cast<const char*>(&note), sizeof note);
    text.append(path != nullptr ? path : "", note.path_bytes);
    text.append(other != nullptr ? other : "", note.other_bytes);
    text.append(zeros ? "" : data, note.data_bytes);
    if (::syscall(SYS_write, log, text.data(), text.size()) != static_cast<long>(text.size())) {
        std::abort();  // half a record of what was written would prove nothing
    }
}

// Notes the call's begin, does it, notes its end with what came of it.
template <class Call>
auto recorded(WriteNote note, const char* path, const char* other, const void* bytes, Call call) {
    {
        const std::lock_guard lock(mutex);
        note.process = static_cast<std::uint32_t>(::getpid());
        note.number = ++next_call;
        put(note, path, other, bytes);
    }
    const auto result = call();
    const int error = errno;
    {
        const std::lock_guard lock(mutex);
        note.ended = 1;
        note.result = result;
        if (note.call == WriteCall::open && result >= 0 && result < files_max) {
            note.file = file_of[result] = ++next_file;
        }
        put(note, path, other, nullptr);
    }
    errno = error;
    return result;
}

std::uint64_t known(int handle) {
    const std::lock_guard lock(mutex);
    return handle >= 0 && handle < files_max ? file_of[handle] : 0;
}

WriteNote about(WriteCall call, std::uint64_t file, std::uint64_t offset = 0, std::uint64_t length = 0) {
    WriteNote note;
    note.call = call;
    note.file = file;
    note.offset = offset;
    note.length = length;
    return note;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    const auto call = [&] { return original<int (*)(const char*, int, ...)>("open")(path, flags, mode); };
    if (!below(path)) {
        const int handle = call();
        const std::lock_guard lock(mutex);
        if (handle >= 0 && handle < files_max) {
            file_of[handle] = 0;
        }
        return handle;
    }
    return recorded(about(WriteCall::open, 0, static_cast<std::uint64_t>(flags)), path, nullptr, nullptr,
                    call);
}

ssize_t pwrite(int handle, const void* bytes, size_t length, off_t offset) {
    const auto call = [&] {
        return original<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite")(handle, bytes, length,
                                                                                offset);
    };
    const std::uint64_t file = known(handle);
    return file == 0 ? call()
                     : recorded(about(WriteCall::write, file, static_cast<std::uint64_t>(offset), length),
                                nullptr, nullptr, bytes, call);
}

ssize_t write(int handle, const void* bytes, size_t length) {
    const auto call = [&] {
        return original<ssize_t (*)(int, const void*, size_t)>("write")(handle, bytes, length);
    };
    const std::uint64_t file = known(handle);
    return file == 0 ? call()
                     : recorded(about(WriteCall::append, file, 0, length), nullptr, nullptr, bytes, call);
}

int fsync(int handle) {
    const auto call = [&] { return original<int (*)(int)>("fsync")(handle); };
    const std::uint64_t file = known(handle);
    return file == 0 ? call() : recorded(about(WriteCall::sync, file), nullptr, nullptr, nullptr, call);
}

int fdatasync(int handle) {
    const auto call = [&] { return original<int (*)(int)>("fdatasync")(handle); };
    const std::uint64_t file = known(handle);
    return file == 0 ? call() : recorded(about(WriteCall::sync, file), nullptr, nullptr, nullptr, call);
}

int ftruncate(int handle, off_t length) noexcept {
    const auto call = [&] { return original<int (*)(int, off_t)>("ftruncate")(handle, length); };
    const std::uint64_t file = known(handle);
    return file == 0 ? call()
                     : recorded(about(WriteCall::truncate, file, static_cast<std::uint64_t>(length)), nullptr,
                                nullptr, nullptr, call);
}

int posix_fallocate(int handle, off_t offset, off_t length) {
    const auto call = [&] {
        return original<int (*)(int, off_t, off_t)>("posix_fallocate")(handle, offset, length);
    };
    const std::uint64_t file = known(handle);
    return file == 0 ? call()
                     : recorded(about(WriteCall::allocate, file, static_cast<std::uint64_t>(offset),
                                      static_cast<std::uint64_t>(length)),
                                nullptr, nullptr, nullptr, call);
}

int rename(const char* from, const char* to) noexcept {
    const auto call = [&] { return original<int (*)(const char*, const char*)>("rename")(from, to); };
    return below(from) ? recorded(about(WriteCall::rename, 0), from, to, nullptr, call) : call();
}

int unlink(const char* path) noexcept {
    const auto call = [&] { return original<int (*)(const char*)>("unlink")(path); };
    return below(path) ? recorded(about(WriteCall::unlink, 0), path, nullptr, nullptr, call) : call();
}

int remove(const char* path) noexcept {
    const auto call = [&] { return original<int (*)(const char*)>("remove")(path); };
    return below(path) ? recorded(about(WriteCall::unlink, 0), path, nullptr, nullptr, call) : call();
}

}  // extern "C"
