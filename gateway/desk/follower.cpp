#include "gateway/desk/follower.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "audit/checkpoint_files.hpp"
#include "gateway/desk/http_parts.hpp"

namespace fairlead::desk {
namespace {

constexpr std::int64_t tick_ns = 250'000'000;
constexpr std::int64_t look_ns = second_ns;
constexpr std::int64_t silent_ns = second_ns;
constexpr std::size_t records_at_once = 256;
constexpr auto idle_wait = std::chrono::milliseconds(2);
constexpr auto let_look = std::chrono::microseconds(100);
constexpr auto retry_wait = std::chrono::milliseconds(500);

std::int64_t clock_ns(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return std::int64_t{now.tv_sec} * second_ns + now.tv_nsec;
}

// Maps one page of a file that another process writes, for reading.
bool map_page(const std::string& path, std::size_t size, audit::MappedFile& into) {
    const audit::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat about {};
    if (!file.open() || ::fstat(file.get(), &about) != 0 || static_cast<std::size_t>(about.st_size) < size) {
        return false;
    }
    return into.map(file.get(), size, false, path).empty();
}

template <class Page>
const Page* page_of(const audit::MappedFile& file) {
    return file.data() == nullptr ? nullptr : std::launder(reinterpret_cast<const Page*>(file.data()));
}

}  // namespace

Follower::Follower(const Options& options, Log log)
    : options_(options),
      log_(std::move(log)),
      reader_(options.journal, options.front),
      state_(options.sizes, options.room, options.journal.directory + "/reference") {
    auto empty = std::make_shared<Picture>();
    around_.now = clock_ns(CLOCK_REALTIME);
    around_.error.clear();
    empty->at = around_.now;
    empty->overview = json_text(overview(state_, around_, {}));
    picture_ = std::move(empty);
    around_shared_ = around_;
}

Follower::~Follower() {
    stop();
}

void Follower::start() {
    thread_ = std::thread([this] { run(); });
}

void Follower::stop() {
    stop_.store(true,
                std::memory_order_relaxed);  // pairs with the load in run(): it need not be seen at once
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Follower::run() {
    while (!stop_.load(std::memory_order_relaxed)) {  // pairs with stop()
        if (!found_ && failed_.empty()) {
            find_place();
        }
        const Step step = found_ && failed_.empty() ? read_some() : Step::none;
        if (step == Step::failed) {
            log_("following stopped: " + failed_);
            around_.error = failed_;
        } else if (found_ && failed_.empty()) {
            around_.error.clear();
        }
        const std::int64_t now = clock_ns(CLOCK_MONOTONIC);
        if (now >= next_tick_ns_) {
            next_tick_ns_ = now + tick_ns;
            around_.ready = found_ && failed_.empty() && (around_.ready || step == Step::none);
            tick();
        }
        if (!found_ || !failed_.empty()) {
            std::this_thread::sleep_for(retry_wait);
        } else if (step == Step::none) {
            std::this_thread::sleep_for(idle_wait);
        } else if (waiting_.load(std::memory_order_relaxed) > 0) {  // pairs with look(): a hint only
            std::this_thread::sleep_for(let_look);  // a mutex is not fair: who unlocks it locks it again
        }
    }
}

// Behind what has been applied: a journal that was lost from sight is gone on with, not begun anew.
void Follower::find_place() {
    {
        const std::lock_guard hold(state_lock_);
        found_ = reader_.seek(state_.ledger().last_sequence() + 1);
    }
    // Not there yet is no fault; a journal that is pruned or damaged is.
    if (!found_ && !reader_.error().empty() && around_.error != reader_.error()) {
        around_.error = reader_.error();
        log_("the journal cannot be read yet: " + around_.error);
    }
}

Follower::Step Follower::read_some() {
    const std::lock_guard hold(state_lock_);
    audit::RecordView view;
    for (std::size_t i = 0; i < records_at_once; ++i) {
        const audit::ReadStatus status = reader_.next(view);
        if (status == audit::ReadStatus::end) {
            return i == 0 ? Step::none : Step::some;
        }
        failed_ = status == audit::ReadStatus::record ? state_.apply(view) : reader_.error();
        if (!failed_.empty() || status != audit::ReadStatus::record) {
            failed_ = failed_.empty() ? "the journal cannot be read on" : failed_;
            return Step::failed;
        }
    }
    return Step::some;
}

void Follower::open_front() {
    const bool fresh = front_.head() == nullptr || !front_.current();
    if (!fresh) {
        return;
    }
    front_ = audit::FrontReader();
    if (!front_.attach(options_.front).empty()) {
        return;
    }
    mark_ = audit::MappedFile();
    static_cast<void>(map_page(audit::mark_path(options_.front), audit::shared_page_bytes, mark_));
    if (found_) {
        find_place();  // another front stands at its place: what was mapped grows no more
    }
}

void Follower::open_statistics() {
    audit::MappedFile page;
    if (!map_page(gateway::statistics_path(options_.front), sizeof(gateway::StatisticsPage), page)) {
        return;
    }
    const auto* found = page_of<gateway::StatisticsPage>(page);
    // Pairs with the store of the writer: the page is whole.
    if (found->magic.load(std::memory_order_acquire) == gateway::statistics_magic) {
        const std::lock_guard hold(statistics_lock_);
        statistics_ = std::move(page);
    }
}

void Follower::look_around() {
    open_front();
    if (mark_.data() == nullptr) {
        static_cast<void>(map_page(audit::mark_path(options_.front), audit::shared_page_bytes, mark_));
    }
    audit::SignedCheckpoint checkpoint;
    const std::string path = audit::latest_checkpoint_path(options_.journal.directory);
    struct stat about {};
    if (::stat(path.c_str(), &about) == 0 && audit::read_checkpoint(path, checkpoint).empty()) {
        around_.has_checkpoint = true;
        around_.checkpoint_size = checkpoint.checkpoint.size;
        around_.checkpoint_at = std::int64_t{about.st_mtim.tv_sec} * second_ns + about.st_mtim.tv_nsec;
        around_.checkpoint_root = audit::to_base64(checkpoint.checkpoint.root);
    }
}

void Follower::tell_gateway(const std::string& was) {
    using Severity = IncidentNote::Severity;
    if (around_.gateway == "silent") {
        state_.note(Severity::alarm, "gateway", around_.now, "the gateway has been silent for a second",
                    "交易閘道已一秒無回應");
    } else if (around_.gateway == "running" && was == "silent") {
        state_.note(Severity::info, "gateway", around_.now, "the gateway is at work again",
                    "交易閘道恢復運作");
    }
}

void Follower::tick() {
    const std::int64_t now = clock_ns(CLOCK_MONOTONIC);
    around_.now = clock_ns(CLOCK_REALTIME);
    if (now >= next_look_ns_) {
        next_look_ns_ = now + look_ns;
        look_around();
    }
    if (const audit::FrontHead* head = front_.head()) {
        around_.published = head->published.load(std::memory_order_acquire);  // pairs with Front::append
    }
    if (const auto* mark = page_of<audit::KeeperMarkPage>(mark_)) {
        around_.synced = mark->synced.load(std::memory_order_acquire);  // pairs with KeeperMark::advance
    }
    const auto* page = page_of<gateway::StatisticsPage>(statistics_);
    const auto beat = [&] {
        // Pairs with the gateway's own relaxed store: it stands for itself.
        return page == nullptr ? 0 : page->beat_monotonic_ns.load(std::memory_order_relaxed);
    };
    if (now - beat() > silent_ns) {
        open_statistics();  // a gateway that started anew has made another page
        page = page_of<gateway::StatisticsPage>(statistics_);
    }
    around_.waiting.clear();
    if (page != nullptr) {
        for (const gateway::StatisticsPage::Line& line : page->lines) {
            const std::uint32_t id = line.id.load(std::memory_order_relaxed);  // pairs with the gateway's own
            if (id == 0) {
                break;
            }
            around_.waiting[id] =
                line.waiting.load(std::memory_order_relaxed);  // pairs with the gateway's own
        }
    }
    const std::string was = around_.gateway;
    std::shared_ptr<const Picture> made;
    {
        const std::lock_guard hold(state_lock_);
        const bool quiet = now - beat() > silent_ns;
        around_.gateway = state_.stopped()  ? "stopped"
                          : page == nullptr ? "unknown"
                          : quiet           ? "silent"
                                            : "running";
        around_.since = around_.gateway == was && around_.since != 0 ? around_.since
                        : around_.gateway == "silent"                ? around_.now
                                                                     : state_.running_since();
        if (around_.gateway != was) {
            tell_gateway(was);
        }
        const risk::Sequence followed = state_.ledger().last_sequence();
        around_.published = std::max(around_.published, followed);
        if (now - rate_from_ns_ >= second_ns) {
            around_.records_per_second = rate_from_ns_ == 0 ? 0
                                                            : static_cast<double>(followed - rate_from_) *
                                                                  static_cast<double>(second_ns) /
                                                                  static_cast<double>(now - rate_from_ns_);
            rate_from_ns_ = now;
            rate_from_ = followed;
        }
        state_.refresh(around_.ready ? around_.now : state_.last_at());
        if (!news_) {
            static_cast<void>(state_.take_ended_users());
        }
        news_ = news_ || around_.ready;
        made = make_picture(state_, around_);
    }
    {
        const std::lock_guard hold(picture_lock_);
        picture_ = std::move(made);
        around_shared_ = around_;
    }
}

std::shared_ptr<const Picture> Follower::picture() const {
    const std::lock_guard hold(picture_lock_);
    return picture_;
}

Surroundings Follower::surroundings() const {
    const std::lock_guard hold(picture_lock_);
    return around_shared_;
}

std::vector<risk::UserName> Follower::take_ended_users() {
    const std::lock_guard hold(state_lock_);
    return news_ ? state_.take_ended_users() : std::vector<risk::UserName>();
}

Follower::Gauges Follower::gauges() const {
    const std::lock_guard hold(statistics_lock_);
    Gauges gauges;
    const auto* page = page_of<gateway::StatisticsPage>(statistics_);
    if (page == nullptr) {
        return gauges;
    }
    // Each pairs with the gateway's relaxed store and stands for itself.
    const auto read = [](const std::atomic<std::uint64_t>& figure) {
        return figure.load(std::memory_order_relaxed);
    };
    gauges.known = true;
    gauges.passes = read(page->passes);
    gauges.epoll_questions = read(page->epoll_questions);
    gauges.messages_in = read(page->messages_in);
    gauges.messages_out = read(page->messages_out);
    gauges.inbox_depth = read(page->inbox_depth);
    gauges.out_buffer_bytes = read(page->out_buffer_bytes);
    gauges.connections = read(page->connections);
    gauges.log_lines_dropped = read(page->log_lines_dropped);
    gauges.front_permille = read(page->front_permille);
    return gauges;
}

}  // namespace fairlead::desk
