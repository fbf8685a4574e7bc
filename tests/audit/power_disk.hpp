// PowerDisk: what a disk may hold when power fails, rebuilt from the calls write_recorder noted. Durable is
// what a sync, or a synchronous write, had returned for; of everything else each sector is old, new or
// garbage, a file's size old or new, and of the names' changes any first part. It judges nothing.
#pragma once

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "write_record.hpp"

namespace fairlead::test {

struct NotedCall {
    WriteNote note;
    std::string path;
    std::string other;
    std::string bytes;  // of a begin; empty with a length: all zero
};

inline std::vector<NotedCall> read_notes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    std::vector<NotedCall> calls;
    const auto take = [&](std::size_t& at, std::size_t size) {
        std::string part = text.substr(at, size);
        at += size;
        return part;
    };
    for (std::size_t at = 0; at + sizeof(WriteNote) <= text.size();) {
        NotedCall call;
        std::memcpy(&call.note, text.data() + at, sizeof(WriteNote));
        at += sizeof(WriteNote);
        call.path = take(at, call.note.path_bytes);
        call.other = take(at, call.note.other_bytes);
        call.bytes = take(at, call.note.data_bytes);
        calls.push_back(std::move(call));
    }
    return calls;
}

// What becomes of one sector that was not durable.
enum class Sector : std::uint8_t { old = 0, fresh = 1, garbage = 2 };

class PowerDisk {
  public:
    static constexpr std::uint64_t sector_bytes = 512;
    using Draw = std::function<Sector(std::uint64_t number)>;  // number: of the sector within its write

    // The next call of the program, in the order of the notes.
    void take(const NotedCall& call) {
        const WriteNote& note = call.note;
        const auto key = std::pair(note.process, note.number);
        if (note.ended == 0) {
            under_way_[key] = begun(call);
            return;
        }
        const Begun begin = under_way_.at(key);
        under_way_.erase(key);
        if (note.result < 0 || (note.call == WriteCall::allocate && note.result != 0)) {
            return;
        }
        switch (note.call) {
            case WriteCall::open:
                opened(call);
                break;
            case WriteCall::write:
            case WriteCall::append:
            case WriteCall::truncate:
            case WriteCall::allocate:
                changed(*begin.file, begin.change);
                break;
            case WriteCall::sync:
                synced(begin);
                break;
            case WriteCall::rename:
            case WriteCall::unlink:
                named(begin.name);
                break;
        }
    }

    // The sectors of the synchronous write under way; 0: there is none. For who wants each subset of them.
    [[nodiscard]] std::uint64_t sectors_under_way() const {
        for (const auto& [key, begin] : under_way_) {
            if (begin.file != nullptr && begin.file->synchronous && begin.change.length > 0) {
                return begin.change.length / sector_bytes;
            }
        }
        return 0;
    }

    // A file's new name is under way or not yet durable.
    [[nodiscard]] bool renames(const std::string& to) const {
        const auto is_it = [&to](const Name& name) { return name.to == to; };
        return std::any_of(names_pending_.begin(), names_pending_.end(), is_it) ||
               std::any_of(under_way_.begin(), under_way_.end(),
                           [&is_it](const auto& call) { return is_it(call.second.name); });
    }

    // Writes what the disk may hold now below `to`; paths begin with `below`. The draw for a sector is asked
    // for each write that was not durable; size_new and names are drawn by `random`.
    void write_image(const std::string& below, const std::string& to, const Draw& draw,
                     std::mt19937_64& random) {
        std::map<std::string, std::size_t> names = names_durable_;
        std::vector<Name> pending = names_pending_;
        for (const auto& [key, begin] : under_way_) {
            if (!begin.name.from.empty()) {
                pending.push_back(begin.name);
            }
        }
        const std::size_t count = random() % (pending.size() + 1);
        for (std::size_t i = 0; i < count; ++i) {
            apply(names, pending[i]);
        }
        for (const auto& [path, inode] : names) {
            const std::string target = to + path.substr(below.size());
            std::filesystem::create_directories(std::filesystem::path(target).parent_path());
            std::ofstream file(target, std::ios::binary);
            const std::string content = content_of(inode, draw, random);
            file.write(content.data(), static_cast<std::streamsize>(content.size()));
            file.close();
            std::filesystem::permissions(
                target, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
        }
    }

  private:
    struct Change {
        std::uint64_t offset = 0;
        std::uint64_t length = 0;
        std::string bytes;        // empty: zeros
        std::uint64_t size = 0;   // of the file behind it
        bool only_grows = false;  // allocate: bytes that are there stay
    };
    struct Name {
        std::string from;  // rename and unlink; a new file's name
        std::string to;    // rename
        std::size_t inode = 0;
        bool unlink = false;
    };
    struct Handle {
        std::size_t inode = 0;
        bool directory = false;
        bool synchronous = false;
    };
    struct Inode {
        std::string durable;
        std::uint64_t size = 0;  // as the program sees it
        std::vector<Change> pending;
    };
    struct Begun {
        Handle* file = nullptr;
        Change change;
        Name name;
        std::size_t pending = 0;  // a sync covers what was there when it began
    };

    Begun begun(const NotedCall& call) {
        const WriteNote& note = call.note;
        Begun result;
        if (note.file != 0) {
            result.file = &handles_.at({note.process, note.file});
        }
        const Inode* inode =
            result.file != nullptr && !result.file->directory ? &inodes_[result.file->inode] : nullptr;
        switch (note.call) {
            case WriteCall::write:
            case WriteCall::append: {
                const std::uint64_t at = note.call == WriteCall::append ? inode->size : note.offset;
                result.change = {at, note.length, call.bytes, std::max(inode->size, at + note.length), false};
                break;
            }
            case WriteCall::allocate:
                result.change = {
                    note.offset, note.length, {}, std::max(inode->size, note.offset + note.length), true};
                break;
            case WriteCall::truncate:
                result.change = {0, 0, {}, note.offset, false};
                break;
            case WriteCall::sync:
                result.pending = inode != nullptr ? inode->pending.size() : names_pending_.size();
                break;
            case WriteCall::rename:
            case WriteCall::unlink:
                result.name = {call.path, call.other, 0, note.call == WriteCall::unlink};
                break;
            case WriteCall::open:
                break;
        }
        return result;
    }

    void opened(const NotedCall& call) {
        const auto flags = static_cast<int>(call.note.offset);
        Handle handle;
        handle.directory = (flags & O_DIRECTORY) != 0;
        handle.synchronous = (flags & O_DSYNC) != 0;
        if (!handle.directory) {
            const auto found = names_.find(call.path);
            handle.inode = found != names_.end() ? found->second : inodes_.size();
            if (found == names_.end()) {
                inodes_.emplace_back();
                named({call.path, {}, handle.inode, false});
            } else if ((flags & O_TRUNC) != 0) {
                changed(handle, {0, 0, {}, 0, false});
            }
        }
        handles_[{call.note.process, call.note.file}] = handle;
    }

    void changed(const Handle& handle, const Change& change) {
        Inode& inode = inodes_[handle.inode];
        inode.size = change.size;
        inode.pending.push_back(change);
        if (handle.synchronous) {
            make_durable(inode, inode.pending.size());
        }
    }

    void synced(const Begun& begin) {
        if (!begin.file->directory) {
            make_durable(inodes_[begin.file->inode], begin.pending);
            return;
        }
        for (std::size_t i = 0; i < begin.pending && !names_pending_.empty(); ++i) {
            apply(names_durable_, names_pending_.front());
            names_pending_.erase(names_pending_.begin());
        }
    }

    void named(const Name& name) {
        Name known = name;
        if (!known.to.empty()) {
            known.inode = names_.at(known.from);
        }
        apply(names_, known);
        names_pending_.push_back(known);
    }

    static void apply(std::map<std::string, std::size_t>& names, const Name& name) {
        if (name.unlink || !name.to.empty()) {
            const auto found = names.find(name.from);
            if (found == names.end()) {
                return;
            }
            const std::size_t inode = found->second;
            names.erase(found);
            if (!name.unlink) {
                names[name.to] = inode;
            }
        } else {
            names[name.from] = name.inode;
        }
    }

    static void put(std::string& content, const Change& change, std::uint64_t at, std::uint64_t length) {
        if (change.bytes.empty()) {
            std::memset(content.data() + at, 0, length);
        } else {
            std::memcpy(content.data() + at, change.bytes.data() + (at - change.offset), length);
        }
    }

    static void make_durable(Inode& inode, std::size_t count) {
        for (std::size_t i = 0; i < count && !inode.pending.empty(); ++i) {
            const Change change = std::move(inode.pending.front());
            inode.pending.erase(inode.pending.begin());
            inode.durable.resize(change.size, '\0');
            if (!change.only_grows && change.length > 0) {
                put(inode.durable, change, change.offset, change.length);
            }
        }
    }

    [[nodiscard]] std::string content_of(std::size_t index, const Draw& draw, std::mt19937_64& random) const {
        const Inode& inode = inodes_[index];
        std::string content = inode.durable;
        std::vector<Change> pending = inode.pending;
        for (const auto& [key, begin] : under_way_) {
            if (begin.file != nullptr && !begin.file->directory && begin.file->inode == index &&
                (begin.change.length > 0 || begin.change.size != inode.size)) {
                pending.push_back(begin.change);
            }
        }
        for (const Change& change : pending) {
            if (change.size != content.size() && random() % 2 == 0) {
                content.resize(change.size, '\0');
            }
            for (std::uint64_t at = change.offset;
                 !change.only_grows && at < change.offset + change.length;) {
                const std::uint64_t next =
                    std::min((at / sector_bytes + 1) * sector_bytes, change.offset + change.length);
                if (next <= content.size()) {
                    damage(content, change, at, next - at, draw((at - change.offset) / sector_bytes), random);
                }
                at = next;
            }
        }
        return content;
    }

    static void damage(std::string& content, const Change& change, std::uint64_t at, std::uint64_t length,
                       Sector sector, std::mt19937_64& random) {
        if (sector == Sector::fresh) {
            put(content, change, at, length);
        } else if (sector == Sector::garbage) {
            for (std::uint64_t i = 0; i < length; ++i) {
                content[at + i] = static_cast<char>(random());
            }
        }
    }

    std::vector<Inode> inodes_;
    std::map<std::pair<std::uint32_t, std::uint64_t>, Handle> handles_;
    std::map<std::string, std::size_t> names_;
    std::map<std::string, std::size_t> names_durable_;
    std::vector<Name> names_pending_;
    std::map<std::pair<std::uint32_t, std::uint64_t>, Begun> under_way_;
};

}  // namespace fairlead::test
