// Lag: for how long records that are on the disk have waited for the archive. Told the time; pure. The alarm
// is raised once they have waited longer than a limit, and ends when what waits has waited for less than half
// of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "risk/words.hpp"

namespace fairlead::audit {

class Lag {
  public:
    enum class Change : std::uint8_t { none, raised, over };
    // archived: what is believed to be in the archive before it has been read.
    explicit Lag(std::int64_t limit_ns, risk::Sequence archived = 0)
        : limit_ns_(limit_ns), marked_(archived), archived_(archived) {}

    // Records up to `synced` are on the disk, those up to `archived` in the archive. What the archive has
    // lost again counts from now on.
    Change look(risk::Sequence synced, risk::Sequence archived, std::int64_t now_ns) {
        if (archived < archived_) {
            marks_.clear();
            marked_ = archived;
            refilled_ = std::max(refilled_, archived_);
        }
        archived_ = archived;
        // A mark each tenth of the limit is as exact as an alarm needs.
        if (synced > marked_) {
            if (marks_.empty() || now_ns - marks_.back().since_ns > limit_ns_ / 10) {
                marks_.push_back({synced, now_ns});
            } else {
                marks_.back().last = synced;
            }
            marked_ = synced;
        }
        while (!marks_.empty() && marks_.front().last <= archived) {
            marks_.pop_front();
        }
        waited_ns_ = marks_.empty() ? 0 : now_ns - marks_.front().since_ns;
        const bool was = late_;
        late_ = archived < refilled_ || waited_ns_ > (late_ ? limit_ns_ / 2 : limit_ns_);
        return late_ == was ? Change::none : late_ ? Change::raised : Change::over;
    }
    [[nodiscard]] bool late() const noexcept { return late_; }
    // What was lost is not all there again.
    [[nodiscard]] bool refilling() const noexcept { return archived_ < refilled_; }
    [[nodiscard]] std::int64_t waited_ns() const noexcept { return waited_ns_; }

  private:
    struct Mark {
        risk::Sequence last = 0;
        std::int64_t since_ns = 0;
    };
    std::int64_t limit_ns_;
    std::deque<Mark> marks_;
    risk::Sequence marked_ = 0;
    risk::Sequence archived_ = 0;
    risk::Sequence refilled_ = 0;  // what it had when it lost some
    std::int64_t waited_ns_ = 0;
    bool late_ = false;
};

}  // namespace fairlead::audit
