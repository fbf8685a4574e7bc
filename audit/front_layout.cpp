#include "audit/front_layout.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <new>

#include "audit/hash.hpp"

namespace fairlead::audit {

const char* describe(KeeperState state) noexcept {
    switch (state) {
        case KeeperState::absent:
            return "absent";
        case KeeperState::recovering:
            return "recovering";
        case KeeperState::running:
            return "running";
        case KeeperState::stopped:
            return "stopped";
        case KeeperState::io_error:
            return "input/output error";
        case KeeperState::disk_full:
            return "disk full";
        case KeeperState::damage:
            return "journal damaged";
        case KeeperState::corrupt_front:
            return "front corrupt";
        case KeeperState::switching:
            return "going over to the spare device";
        case KeeperState::on_spare:
            return "on the spare device";
    }
    return "unknown";
}

BootId current_boot_id() noexcept {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string text;
    file >> text;
    std::erase(text, '-');
    BootId id{};
    if (!from_hex(text, id)) {
        id = {};
    }
    return id;
}

MarkResult open_mark(const std::string& directory, bool writable) {
    MarkResult result;
    const std::string path = mark_path(directory);
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660));
    if (!file.open()) {
        result.error = system_error("open", path, errno);
        return result;
    }
    // Gateway and keeper may open it at the same moment.
    if (::flock(file.get(), LOCK_EX) != 0 || ::ftruncate(file.get(), shared_page_bytes) != 0) {
        result.error = system_error("prepare", path, errno);
        return result;
    }
    MappedFile page;
    result.error = page.map(file.get(), shared_page_bytes, true, path);
    if (!result.error.empty()) {
        return result;
    }
    const BootId boot = current_boot_id();
    if (boot == BootId{}) {
        result.error =
            "/proc/sys/kernel/random/boot_id cannot be read: without it nobody can tell whether the front "
            "in '" +
            directory + "' is from this boot";
        return result;
    }
    if (std::launder(reinterpret_cast<KeeperMarkPage*>(page.data()))->boot_id != boot) {
        (new (page.data()) KeeperMarkPage())->boot_id = boot;
    }
    result.error = result.map.map(file.get(), shared_page_bytes, writable, path);
    // Explicitly: the mapping keeps the open file alive, and the lock with it, long after this.
    ::flock(file.get(), LOCK_UN);
    return result;
}

std::string head_path(const std::string& directory) {
    return directory + "/head";
}
std::string mark_path(const std::string& directory) {
    return directory + "/keeper.mark";
}
std::string front_segment_path(const std::string& directory, std::uint32_t slot) {
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "/segment-%02u", slot);
    return directory + name.data();
}

}  // namespace fairlead::audit
