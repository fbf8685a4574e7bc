// Histogram of latencies in nanoseconds: fixed buckets, 128 to each doubling, so a value is known within
// 0.8 %. Recording is an increment; nothing is allocated after construction. Not thread-safe: one owner.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace fairlead::load {

class Histogram {
  public:
    Histogram() : counts_(bucket_count, 0) {}

    // Values below zero count as zero, values of 2^40 ns (18 minutes) and more as the last bucket.
    void record(std::int64_t value_ns) noexcept {
        const std::uint64_t value = value_ns < 0 ? 0 : static_cast<std::uint64_t>(value_ns);
        ++counts_[bucket_of(value)];
        ++count_;
        sum_ns_ += value;
        max_ns_ = std::max(max_ns_, value);
        min_ns_ = std::min(min_ns_, value);
    }

    void merge(const Histogram& other) noexcept {
        for (std::size_t i = 0; i < bucket_count; ++i) {
            counts_[i] += other.counts_[i];
        }
        count_ += other.count_;
        sum_ns_ += other.sum_ns_;
        max_ns_ = std::max(max_ns_, other.max_ns_);
        min_ns_ = std::min(min_ns_, other.min_ns_);
    }

    // The smallest bucket's upper edge that has at least `per_million` of the values at or below it,
    // never more than the greatest value seen. 500'000 is the median. 0 when empty.
    [[nodiscard]] std::uint64_t percentile_ns(std::uint64_t per_million) const noexcept {
        if (count_ == 0) {
            return 0;
        }
        const std::uint64_t wanted = std::max<std::uint64_t>(1, (count_ * per_million + 999'999) / 1'000'000);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < bucket_count; ++i) {
            seen += counts_[i];
            if (seen >= wanted) {
                return std::clamp(upper_edge(i), min_ns(), max_ns_);
            }
        }
        return max_ns_;
    }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t max_ns() const noexcept { return max_ns_; }
    [[nodiscard]] std::uint64_t min_ns() const noexcept { return count_ == 0 ? 0 : min_ns_; }
    [[nodiscard]] std::uint64_t mean_ns() const noexcept { return count_ == 0 ? 0 : sum_ns_ / count_; }

  private:
    static constexpr unsigned sub_bits = 7;
    static constexpr std::uint64_t sub_count = 1ULL << sub_bits;
    static constexpr unsigned top_bit = 40;
    static constexpr std::size_t bucket_count = (top_bit - sub_bits + 1) * sub_count;

    static std::size_t bucket_of(std::uint64_t value) noexcept {
        if (value < sub_count) {
            return static_cast<std::size_t>(value);
        }
        if (value >= (1ULL << top_bit)) {
            return bucket_count - 1;
        }
        const unsigned exponent = static_cast<unsigned>(std::bit_width(value)) - 1;
        const std::uint64_t sub = (value >> (exponent - sub_bits)) & (sub_count - 1);
        return static_cast<std::size_t>((exponent - sub_bits + 1) * sub_count + sub);
    }
    static std::uint64_t upper_edge(std::size_t bucket) noexcept {
        if (bucket < sub_count) {
            return bucket;
        }
        const std::uint64_t shift = bucket / sub_count - 1;
        const std::uint64_t sub = bucket % sub_count;
        return ((sub_count + sub + 1) << shift) - 1;
    }

    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    std::uint64_t sum_ns_ = 0;
    std::uint64_t max_ns_ = 0;
    std::uint64_t min_ns_ = UINT64_MAX;
};

}  // namespace fairlead::load
