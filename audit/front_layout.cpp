#include "audit/front_layout.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
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

const char* describe(StandbyState state) noexcept {
    switch (state) {
        case StandbyState::absent:
            return "absent";
        case StandbyState::connecting:
            return "connecting";
        case StandbyState::catching_up:
            return "catching up";
        case StandbyState::in_step:
            return "in step";
        case StandbyState::refused:
            return "refused";
    }
    return "unknown";
}

std::uint64_t front_tag(const SegmentId& front) noexcept {
    std::uint64_t tag = 0;
    std::memcpy(&tag, front.data(), sizeof tag);
    return tag;
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

namespace {

template <class Page>
MarkResult open_page(const std::string& directory, const std::string& path, bool writable) {
    MarkResult result;
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660));
    if (!file.open()) {
        result.error = system_error("open", path, errno);
        return result;
    }
    // Their users differ and share a group; the umask must not come between them. Not the owner: it is done
    // already.
    static_cast<void>(::fchmod(file.get(), 0660));
    // Who reads and who writes may open it at the same moment.
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
    if (std::launder(reinterpret_cast<Page*>(page.data()))->boot_id != boot) {
        (new (page.data()) Page())->boot_id = boot;
    }
    result.error = result.map.map(file.get(), shared_page_bytes, writable, path);
    // Explicitly: the mapping keeps the open file alive, and the lock with it, long after this.
    ::flock(file.get(), LOCK_UN);
    return result;
}

}  // namespace

MarkResult open_mark(const std::string& directory, bool writable) {
    return open_page<KeeperMarkPage>(directory, mark_path(directory), writable);
}
MarkResult open_standby_mark(const std::string& directory, bool writable) {
    return open_page<StandbyMarkPage>(directory, standby_mark_path(directory), writable);
}

std::string head_path(const std::string& directory) {
    return directory + "/head";
}
std::string mark_path(const std::string& directory) {
    return directory + "/keeper.mark";
}
std::string standby_mark_path(const std::string& directory) {
    return directory + "/standby.mark";
}
std::string front_segment_path(const std::string& directory, std::uint32_t slot) {
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "/segment-%02u", slot);
    return directory + name.data();
}

}  // namespace fairlead::audit
