// Disk: the devices the journal lies on. It stands behind audit/keeper/segment_store.hpp: disk.cpp defines
// what segment_store.cpp defines in the product. What has been synced lies in files (in memory, since nothing
// else reads them); a write under way at a crash leaves each of its sectors old, new, torn, garbage or stale.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>

#include "audit/format.hpp"
#include "tests/simulation/kernel.hpp"

namespace fairlead::simulation {

// What becomes of the next write.
enum class WriteEnd : std::uint8_t { good, device_error, short_write, keeper_killed, power_lost };

class Disk {
  public:
    explicit Disk(Kernel& kernel);
    ~Disk();
    Disk(const Disk&) = delete;
    Disk& operator=(const Disk&) = delete;
    [[nodiscard]] static Disk* current() noexcept;

    // 0, or errno; the bytes of a frame go to `offset` of the open file.
    [[nodiscard]] int write(int file, const std::string& directory, std::uint64_t offset, audit::Bytes bytes);
    // 0, or errno of why no segment can be made in the directory now.
    [[nodiscard]] int may_prepare(const std::string& directory);
    void fail_next(WriteEnd end) noexcept { next_end_ = end; }
    void set_full(bool full) noexcept { full_ = full; }
    // The devices are good again.
    void mend() noexcept {
        full_ = false;
        failed_.clear();
        next_end_ = WriteEnd::good;
    }
    void set_slow(std::int64_t write_ns) noexcept { slow_ns_ = write_ns; }
    [[nodiscard]] bool failed(const std::string& directory) const { return failed_.count(directory) != 0; }
    // Highest sequence of a frame whose write has returned: what is durable, counted from the bytes.
    [[nodiscard]] std::uint64_t durable() const noexcept { return durable_; }
    void set_durable(std::uint64_t sequence) noexcept { durable_ = sequence; }

    // A checkpoint over so many records has been written: nothing that is not durable is ever signed.
    void on_signed(std::uint64_t size);
    // What a keeper killed, or a loss of power, leaves of the checkpoint under way: part of its note, and,
    // without power, of the shortcut, which nobody synced.
    void tear_checkpoints(const std::string& journal, bool powerless);

    // The keeper is dead: whatever it still does in the rest of a step has no effect.
    bool keeper_dead = false;
    // Time passes while a write is under way; others go on meanwhile.
    std::function<void(std::int64_t ns)> while_writing;
    std::function<void()> on_keeper_killed;
    std::function<void()> on_power_lost;
    // A store asks to be told later to make a segment ready.
    std::function<void(std::function<void()>)> prepare_later;

  private:
    void leave_remains(int file, std::uint64_t offset, audit::Bytes bytes, bool powerless);
    void count_durable(audit::Bytes bytes) noexcept;

    Kernel& kernel_;
    Random random_;
    WriteEnd next_end_ = WriteEnd::good;
    bool full_ = false;
    std::int64_t slow_ns_ = 0;
    std::map<std::string, bool> failed_;
    std::uint64_t durable_ = 0;
    std::uint64_t signed_ = 0;
    Random tearing_;
};

}  // namespace fairlead::simulation
