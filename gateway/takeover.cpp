#include "gateway/takeover.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <thread>

#include "audit/standby/receiver.hpp"

namespace fairlead::gateway {

std::string record_takeover(Core& core) {
    const std::string& journal = core.config.journal.directory;
    if (!audit::is_standby(journal)) {
        return {};
    }
    if (!core.ledger.takeover_waits()) {
        risk::DeviceEvent event;
        event.record.kind = risk::RecordKind::device_event;
        event.facts.cause = risk::DeviceCause::taken_over;
        event.facts.value = core.journal.front().epoch();
        event.facts.orders_closed = 1;
        core.step(event);
    }
    spdlog::warn(
        "this host takes over a journal it held as a standby. No venue line is connected before two persons "
        "have said "
        "so: fairlead journal resume. The host that led must not trade any more: see that it is off, or cut "
        "off");
    // The mark goes when its Record is on the disk, and not before.
    const risk::Sequence recorded = core.sequencer->last();
    for (int look = 0; core.journal.front().synced() < recorded; ++look) {
        if (look == 3'000) {
            return "the keeper has not written the Record of the takeover within 30 seconds: it must be at "
                   "work";
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return audit::unmark_standby(journal);
}

}  // namespace fairlead::gateway
