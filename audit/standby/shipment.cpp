#include "audit/standby/shipment.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <thread>

#include "audit/checkpoint_files.hpp"
#include "audit/keeper/keeper.hpp"
#include "config/files.hpp"

namespace fairlead::audit {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds connect_wait{2'000};
constexpr milliseconds send_wait{5'000};
constexpr milliseconds retry_pause{200};
constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t silence_ns_max = 5 * second_ns;
constexpr std::int64_t greeting_ns_max = 60 * second_ns;  // a standby reads its journal before it speaks
constexpr std::int64_t beat_every_ns = second_ns / 2;
constexpr std::int64_t look_every_ns = second_ns / 10;
constexpr std::size_t batch_bytes_max = 262'144;
// Looks again at once while records come; then less often.
constexpr microseconds short_wait{50};
constexpr microseconds long_wait{1'000};
constexpr int short_waits = 2'000;

}  // namespace

void StandbyMarks::acked(std::size_t index, std::uint64_t front, risk::Sequence sequence) {
    const std::lock_guard lock(mutex_);
    if (page_.front.load(std::memory_order_relaxed) != front) {
        for (StandbyMarkPage::Standby& standby : page_.standbys) {
            standby.acked.store(0, std::memory_order_relaxed);
        }
        page_.front.store(front, std::memory_order_release);
    }
    page_.standbys[index].acked.store(sequence, std::memory_order_release);  // pairs with Front::acked
}

void StandbyMarks::state(std::size_t index, StandbyState state) noexcept {
    page_.standbys[index].state.store(static_cast<std::uint32_t>(state), std::memory_order_relaxed);
    page_.standbys[index].state_at_ns.store(monotonic_now(), std::memory_order_relaxed);
}

Shipment::Shipment(ShipmentOptions options, const ChannelContext& context, StandbyMarks& marks,
                   const KeeperMarkPage& mark, const std::atomic<bool>& stopping)
    : options_(std::move(options)),
      context_(context),
      marks_(marks),
      mark_(mark),
      stopping_(stopping),
      reader_(options_.journal, options_.front_directory) {}

void Shipment::tell_once(const std::string& text) {
    if (text != told_) {
        told_ = text;
        options_.alarm("standby " + options_.standby.name + ": " + text);
    }
}

void Shipment::run() {
    while (!stopping_.load(std::memory_order_relaxed)) {
        if (mark_.magic.load(std::memory_order_acquire) != mark_magic) {
            tell_once("waits for the keeper, which has not run since this machine was started");
            std::this_thread::sleep_for(retry_pause);
            continue;
        }
        marks_.state(options_.index, StandbyState::connecting);
        if (converse() == Over::refused) {
            marks_.state(options_.index, StandbyState::refused);
            return;
        }
        std::this_thread::sleep_for(retry_pause);
    }
}

Shipment::Over Shipment::converse() {
    const config::StandbyConfig& standby = options_.standby;
    Channel channel;
    const std::string problem =
        channel.connect(context_, standby.at.address, standby.at.port, standby.name, connect_wait);
    Standing standing;
    if (!problem.empty()) {
        tell_once("not connected, tried again and again: " + problem);
        return Over::again;
    }
    if (!greet(channel, standing)) {
        tell_once("said nothing that can be used: " + channel.error());
        return Over::again;
    }
    if (const std::string why = why_not(standing); !why.empty()) {
        static_cast<void>(channel.send(message(MessageKind::refusal, as_content(why)), send_wait));
        options_.alarm("standby " + standby.name +
                       " is refused, and nothing is sent to it until this program is "
                       "started again: " +
                       why);
        return Over::refused;
    }
    next_ = standing.last + 1;
    acked_ = standing.acknowledged;
    files_ = {standing.files.begin(), standing.files.end()};
    checkpoint_.clear();
    found_ = false;
    options_.say("standby " + standby.name + " holds the journal up to record " +
                 std::to_string(standing.last));
    told_.clear();
    if (!send_files(channel)) {
        return Over::again;
    }
    int idle = 0;
    std::int64_t sent_ns = 0;
    std::int64_t looked_ns = 0;
    while (!stopping_.load(std::memory_order_relaxed)) {
        bool sent = false;
        const std::int64_t now = monotonic_now();
        if (!hear(channel) || !send_records(channel, sent)) {
            break;
        }
        acknowledge();
        if (now - looked_ns > look_every_ns) {
            looked_ns = now;
            if (!reader_.current() || !send_checkpoint(channel)) {
                break;  // a front made anew: the standby's standing is compared again
            }
            if (reader_.front() == nullptr && next_ > synced()) {
                found_ = false;  // at the end of the disk: the front is looked for
            }
        }
        if (now - sent_ns > beat_every_ns) {
            sent_ns = now;
            if (!channel.send(message(MessageKind::beat), send_wait)) {
                break;
            }
        }
        if (now - heard_ns_ > silence_ns_max) {
            tell_once("has been silent for 5 seconds");
            return Over::again;
        }
        idle = sent ? 0 : idle + 1;
        if (!sent) {
            channel.wait(idle < short_waits ? short_wait : long_wait);
        }
    }
    if (!refused_ && !stopping_.load(std::memory_order_relaxed)) {
        tell_once("the connection has ended: " +
                  (channel.error().empty() ? reader_.error() : channel.error()));
    }
    return refused_ ? Over::refused : Over::again;
}

bool Shipment::greet(Channel& channel, Standing& standing) {
    const std::int64_t begun = monotonic_now();
    while (!stopping_.load(std::memory_order_relaxed) && channel.error().empty() &&
           monotonic_now() - begun < greeting_ns_max) {
        if (const auto received = channel.receive()) {
            heard_ns_ = monotonic_now();
            return received->kind == MessageKind::standing && decode(received->content, standing);
        }
        channel.wait(long_wait);
    }
    return false;
}

// Compared by the last record's leaf, which by the chain of checksums stands for all before it; the roots of
// later checkpoints stand for them by hashes.
std::string Shipment::why_not(const Standing& standing) {
    if (standing.last == 0) {
        return {};
    }
    const std::string it_holds =
        "it holds record " + std::to_string(standing.last) + " of epoch " + std::to_string(standing.epoch);
    if (standing.last > synced()) {
        return it_holds + ", and this journal ends at " + std::to_string(synced()) +
               ": has that host led meanwhile?";
    }
    RecordView view;
    if (!reader_.seek(standing.last) || reader_.next(view) != ReadStatus::record) {
        return "record " + std::to_string(standing.last) +
               ", its last, cannot be read here: " + reader_.error();
    }
    Sha256Hasher hasher;
    if (view.header.crc != standing.crc || leaf_hash(hasher, view) != standing.leaf) {
        return it_holds + ", which is another than here: its journal must be moved away, it begins anew then";
    }
    return {};
}

bool Shipment::hear(Channel& channel) {
    while (const auto received = channel.receive()) {
        heard_ns_ = monotonic_now();
        if (received->kind == MessageKind::acknowledgement && received->content.size() == sizeof acked_) {
            risk::Sequence acked = 0;
            std::memcpy(&acked, received->content.data(), sizeof acked);
            if (acked < next_) {  // nobody can hold what was not sent
                acked_ = acked;
                acknowledge();
            }
        } else if (received->kind == MessageKind::refusal) {
            refused_ = true;
            options_.alarm("standby " + options_.standby.name +
                           " goes no further, and nothing is sent to it until "
                           "this program is started again: " +
                           std::string(as_text(received->content)));
            return false;
        }
    }
    return channel.error().empty();
}

void Shipment::acknowledge() {
    const FrontHead* front = reader_.front();
    marks_.state(options_.index,
                 front != nullptr && next_ > synced() ? StandbyState::in_step : StandbyState::catching_up);
    if (front != nullptr) {
        marks_.acked(options_.index, front_tag(front->front_id), acked_);
    }
}

bool Shipment::send_records(Channel& channel, bool& sent) {
    const risk::Sequence limit = synced();
    if (!found_) {
        // Not there yet: a journal without a record, a front without one behind the disk's end.
        found_ = reader_.seek(next_);
        if (!found_) {
            if (limit >= next_) {
                tell_once("record " + std::to_string(next_) + " cannot be read here: " + reader_.error());
            }
            return true;
        }
    }
    batch_.clear();
    bool new_day = false;
    while (batch_.size() < batch_bytes_max && next_ <= limit) {
        RecordView view;
        const ReadStatus status = reader_.next(view);
        if (status == ReadStatus::damaged) {
            options_.alarm("the journal cannot be read behind record " + std::to_string(next_ - 1) + ": " +
                           reader_.error());
            return false;
        }
        if (status != ReadStatus::record) {
            break;
        }
        new_day = new_day || view.header.kind == static_cast<std::uint16_t>(risk::RecordKind::day_start);
        batch_.insert(batch_.end(), view.bytes.begin(), view.bytes.end());
        ++next_;
    }
    if (batch_.empty()) {
        return true;
    }
    sent = true;
    return (!new_day || send_files(channel)) &&
           channel.send(message(MessageKind::records, batch_), send_wait);
}

bool Shipment::send_files(Channel& channel) {
    std::error_code problem;
    for (const auto& entry :
         std::filesystem::directory_iterator(options_.journal.directory + "/reference", problem)) {
        const std::string name = entry.path().filename().string();
        if (!is_reference_name(name) || files_.contains(name)) {
            continue;
        }
        std::string content;
        std::string error;
        if (!config::read_file(entry.path().string(), content, error)) {
            tell_once("reference data '" + name + "' cannot be read: " + error);
            return false;
        }
        if (!channel.send(file_message(name, content), send_wait)) {
            return false;
        }
        files_.insert(name);
    }
    return true;
}

bool Shipment::send_checkpoint(Channel& channel) {
    SignedCheckpoint newest;
    if (!read_checkpoint(latest_checkpoint_path(options_.journal.directory), newest).empty() ||
        newest.note == checkpoint_ || newest.checkpoint.size >= next_) {
        return true;
    }
    checkpoint_ = newest.note;
    return channel.send(message(MessageKind::checkpoint, as_content(checkpoint_)), send_wait);
}

}  // namespace fairlead::audit
