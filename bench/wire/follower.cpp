// fairlead-wire-follower: reads the live front behind the gateway, as drop copy and desk do, and checks every
// record it copies. Sleeps for a moment when it has caught up. Told to end, it says how many records it read
// and how often the writer had overtaken it.
#include <signal.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "audit/journal_reader.hpp"

namespace {

using namespace fairlead;

volatile std::sig_atomic_t asked_to_end = 0;
void ask_to_end(int) {
    asked_to_end = 1;
}

constexpr int looks_before_sleep = 20;  // as the keeper does
constexpr long sleep_ns = 50'000;
constexpr long attach_wait_ns = 20'000'000;

void sleep_for(long nanoseconds) {
    const timespec wait{0, nanoseconds};
    ::nanosleep(&wait, nullptr);
}

struct Counts {
    std::uint64_t records = 0;
    std::uint64_t overtaken = 0;
};

// Reads until told to end. False: the front's records do not hold together.
bool follow(audit::FrontReader& front, Counts& counts) {
    std::vector<std::byte> copy(audit::record_bytes_max);
    audit::RecordView view;
    int idle_looks = 0;
    while (asked_to_end == 0) {
        switch (front.next(copy, view)) {
            case audit::ReadStatus::record:
                ++counts.records;
                idle_looks = 0;
                break;
            case audit::ReadStatus::end:
                if (++idle_looks > looks_before_sleep) {
                    sleep_for(sleep_ns);
                }
                break;
            case audit::ReadStatus::overtaken:
                ++counts.overtaken;
                static_cast<void>(front.seek(front.head()->published.load(std::memory_order_acquire)));
                break;
            case audit::ReadStatus::damaged:
                std::cerr << "fairlead-wire-follower: " << front.error() << '\n';
                return false;
        }
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Follows the front and checks what it reads"};
    std::string directory;
    app.add_option("--front", directory, "the front's directory")->required();
    CLI11_PARSE(app, argc, argv);
    std::signal(SIGTERM, ask_to_end);
    std::signal(SIGINT, ask_to_end);
    audit::FrontReader front;
    while (asked_to_end == 0) {
        const std::string error = front.attach(directory);
        if (error.empty()) {
            break;
        }
        if (!front.missing()) {
            std::cerr << "fairlead-wire-follower: " << error << '\n';
            return 1;
        }
        sleep_for(attach_wait_ns);
    }
    Counts counts;
    const bool good = asked_to_end != 0 || follow(front, counts);
    std::cout << "{\"records\": " << counts.records << ", \"overtaken\": " << counts.overtaken << "}\n";
    return good ? 0 : 1;
}
