// fairlead-wire-raw-write: what the disk itself takes for one synchronous write of 4 KiB, direct, into a file
// written with zeros before: what a journal of one write an order would pay at least. Writes in the paces of
// the tester, then back to back. Prints one line of JSON. Not a test of the file system.
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>

namespace {

constexpr std::size_t block_bytes = 4'096;
constexpr std::size_t zeros_bytes = 1 << 20;

std::int64_t clock_ns() noexcept {
    timespec at{};
    ::clock_gettime(CLOCK_MONOTONIC, &at);
    return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

class RawFile {
  public:
    RawFile(const std::string& path, std::size_t mebibytes) : blocks_(mebibytes * zeros_bytes / block_bytes) {
        block_ = static_cast<char*>(std::aligned_alloc(block_bytes, zeros_bytes));
        std::memset(block_, 0, zeros_bytes);
        fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_DIRECT | O_DSYNC | O_CLOEXEC, 0600);
        if (fd_ < 0) {
            fail(path.c_str());
        }
        for (std::size_t i = 0; i < mebibytes; ++i) {
            if (::pwrite(fd_, block_, zeros_bytes, static_cast<off_t>(i * zeros_bytes)) !=
                static_cast<ssize_t>(zeros_bytes)) {
                fail("writing zeros");
            }
        }
    }
    ~RawFile() {
        ::close(fd_);
        std::free(block_);
    }
    RawFile(const RawFile&) = delete;
    RawFile& operator=(const RawFile&) = delete;

    // One block, the next place; how long it took.
    std::int64_t write() {
        ++count_;
        std::memcpy(block_, &count_, sizeof count_);
        const auto place = static_cast<off_t>(count_ % blocks_ * block_bytes);
        const std::int64_t begin = clock_ns();
        if (::pwrite(fd_, block_, block_bytes, place) != static_cast<ssize_t>(block_bytes)) {
            fail("writing");
        }
        return clock_ns() - begin;
    }

  private:
    std::size_t blocks_;
    std::uint64_t count_ = 0;
    char* block_ = nullptr;
    int fd_ = -1;
};

nlohmann::json summary(std::vector<std::int64_t>& values, std::int64_t took_ns) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
        return values.empty()
                   ? 0
                   : values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
    };
    return {{"count", values.size()},
            {"p50", at(0.5)},
            {"p99", at(0.99)},
            {"writes_a_second", static_cast<double>(values.size()) * 1e9 / static_cast<double>(took_ns)}};
}

// Writes begin `gap_us` apart, or as soon as the one before has returned; 0 = back to back.
nlohmann::json measure(RawFile& file, double gap_us, double seconds) {
    std::vector<std::int64_t> took;
    const auto gap_ns = static_cast<std::int64_t>(gap_us * 1'000);
    const std::int64_t begin = clock_ns();
    const std::int64_t end = begin + static_cast<std::int64_t>(seconds * 1e9);
    std::int64_t next = begin + gap_ns;
    while (clock_ns() < end) {
        while (clock_ns() < next) {
        }
        took.push_back(file.write());
        next = std::max(next + gap_ns, clock_ns());
    }
    return summary(took, clock_ns() - begin);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Times synchronous direct writes of 4 KiB"};
    std::string path;
    std::vector<double> gaps_us = {15, 200, 2000};
    double seconds = 1;
    std::size_t mebibytes = 64;
    app.add_option("--file", path, "made anew, with zeros; stays")->required();
    app.add_option("--gap", gaps_us, "gaps between writes in microseconds");
    app.add_option("--seconds", seconds, "of each part");
    app.add_option("--mebibytes", mebibytes, "size of the file");
    CLI11_PARSE(app, argc, argv);
    RawFile file(path, mebibytes);
    nlohmann::json out;
    for (const double gap : gaps_us) {
        out["gap_" + std::to_string(static_cast<int>(gap)) + "us"] = measure(file, gap, seconds);
    }
    out["back_to_back"] = measure(file, 0, seconds);
    std::cout << out.dump() << '\n';
    return 0;
}
