// ResendPlan: what is still to be sent again on one session, one message at a time, so that live traffic
// goes first. It decides between application messages and gap fills; what an application message holds
// is the journal's to say. One per session, used by the order thread.
#pragma once

#include <algorithm>
#include <cstdint>

namespace fairlead::fix {

class ResendPlan {
  public:
    enum class StepKind : std::uint8_t {
        none,         // nothing left to send again
        more,         // looked at many numbers and found no end yet: call again later
        application,  // send message `number` again
        gap_fill,     // send a gap fill with `number` and NewSeqNo `new_number`
    };
    struct Step {
        StepKind kind = StepKind::none;
        std::uint64_t number = 0;
        std::uint64_t new_number = 0;
    };

    // Numbers begin..end, both sent before. A request while one is served widens it: asking often does
    // not make the work grow beyond one pass over the numbers from the lowest asked for.
    void request(std::uint64_t begin, std::uint64_t end) noexcept {
        if (active()) {
            begin = std::min(begin, run_begin_ != 0 ? run_begin_ : next_);
            end = std::max(end, end_);
        }
        next_ = begin;
        end_ = end;
        run_begin_ = 0;
    }
    void clear() noexcept { next_ = end_ = run_begin_ = 0; }
    [[nodiscard]] bool active() const noexcept { return next_ != 0; }

    // is_application(number): whether the message of that number is to be sent again (else it is filled).
    template <class IsApplication>
    [[nodiscard]] Step next(IsApplication&& is_application) noexcept {
        if (!active()) {
            return {};
        }
        for (std::uint32_t looked = 0; next_ <= end_; ++looked, ++next_) {
            if (looked == looks_max) {
                return {StepKind::more, 0, 0};
            }
            if (!is_application(next_)) {
                run_begin_ = run_begin_ != 0 ? run_begin_ : next_;
                continue;
            }
            if (run_begin_ != 0) {
                return end_run();
            }
            const std::uint64_t number = next_++;
            return {StepKind::application, number, 0};
        }
        if (run_begin_ != 0) {
            return end_run();
        }
        clear();
        return {};
    }

  private:
    static constexpr std::uint32_t looks_max = 4096;

    Step end_run() noexcept {
        const Step step{StepKind::gap_fill, run_begin_, next_};
        run_begin_ = 0;
        return step;
    }

    std::uint64_t next_ = 0;  // 0 = nothing asked for
    std::uint64_t end_ = 0;
    std::uint64_t run_begin_ = 0;  // first number of the run of filled ones being gathered, 0 = none
};

}  // namespace fairlead::fix
