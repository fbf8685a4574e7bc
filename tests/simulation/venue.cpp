#include "tests/simulation/venue.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace fairlead::simulation {

namespace {
constexpr std::uint64_t first_stream = 100;
constexpr std::size_t appends_remembered = 5;
}  // namespace

VenueLine::VenueLine(Kernel& kernel, Network& network, std::uint32_t line, std::string name,
                     std::string gateway_name)
    : Peer(kernel, network, std::move(name), std::move(gateway_name), first_stream + line), line_(line) {}

bool VenueLine::strikes(Fault fault, std::uint64_t permille) {
    if (!kernel_.faults_on || !kernel_.plan.has(fault) || !random_.chance(permille)) {
        return false;
    }
    kernel_.hit(fault);
    return true;
}

// --- the conversation

bool VenueLine::accept(int fd) {
    if (connected()) {
        drop();  // its last one may be half open: the venue has one a line
    }
    adopt_connection(fd);
    return true;
}

void VenueLine::cut_off() {
    if (connected()) {
        network_.cut(fd());
    }
}

void VenueLine::fall_silent() {
    if (connected()) {
        network_.fall_silent(fd());
    }
}

void VenueLine::on_logon(const FixMessage& message) {
    const std::string raw = message.get(96);
    const unsigned append = static_cast<unsigned>(std::strtoul(raw.substr(0, 3).c_str(), nullptr, 10));
    std::array<char, 8> key{};
    std::snprintf(key.data(), key.size(), "%02u", append * password / 100 % 100);
    if (raw.size() != 5 || append == 0 || raw.substr(3) != key.data() || message.get(95) != "5") {
        kernel_.fail(12, name() + ": RawData of the logon is wrong: " + raw);
    }
    const bool recent = std::find(appends_.begin(), appends_.end(), raw) != appends_.end();
    appends_.push_back(raw);
    if (appends_.size() > appends_remembered) {
        appends_.erase(appends_.begin());
    }
    if (recent || strikes(Fault::logon_refused, 200)) {
        if (recent && !loss_allowed) {
            kernel_.fail(12, name() + ": append number " + raw + " again within five logons");
        }
        leave(recent ? "01-APPEND-NO ERROR" : "86-PVC STOPPED");
        return;
    }
    heartbeat_ns_ = static_cast<std::int64_t>(message.number(108)) * second_ns;
    logged_on_ = true;
    say("A", {{98, "0"}, {108, message.get(108)}, {95, "5"}, {96, raw}});
}

void VenueLine::on_logout(const FixMessage&) {
    if (!leaving_) {
        leave("");
    } else {
        drop();
    }
}

void VenueLine::on_application(const FixMessage& message) {
    const std::string type = message.type();
    if (type == "3" || type == "j") {
        kernel_.fail(12, name() + ": the gateway rejects a venue's message: " + message.content());
        return;
    }
    if (type != "D" && type != "G" && type != "F" && type != "H") {
        kernel_.fail(12, name() + ": not a message for a venue: " + message.content());
        return;
    }
    on_command(line_, message);
    if (message.get(43) == "Y") {
        kernel_.fail(14, name() + ": a command sent again: " + message.content());
    }
    if (!ids_.insert(message.get(11)).second) {
        kernel_.fail(14, name() + ": ClOrdID twice: " + message.content());
        return;
    }
    // For what it has processed, this message among it: its answer is on the way or not said yet.
    if (strikes(Fault::venue_asks_all, 40)) {
        ++known_asked_;
        say("2", {{7, "1"}, {16, "0"}});
    }
    if (type == "D") {
        take_new(message);
    } else if (type == "G") {
        take_replace(message);
    } else if (type == "F") {
        take_cancel(message);
    } else {
        tell_status(message);
    }
}

// --- the book

char VenueLine::status(const VenueOrder& order) const {
    return order.cancelled ? '4' : order.leaves == 0 ? '2' : order.filled > 0 ? '1' : '0';
}

void VenueLine::report(const VenueOrder& order, const std::string& id, char exec_type, std::int64_t quantity,
                       std::int64_t delay_ns, std::int64_t last_price, const std::string& text) {
    Fields fields{{50, "0"},
                  {57, order.branch},
                  {37, order.number},
                  {11, id},
                  {17, order.side == "1" ? "B" : "S"},
                  {150, std::string(1, exec_type)},
                  {39, std::string(1, status(order))},
                  {1, order.account},
                  {55, order.symbol},
                  {54, order.side},
                  {38, std::to_string(quantity)},
                  {40, "2"},
                  {44, fix_price(order.price)},
                  {59, "0"},
                  {151, std::to_string(order.leaves)},
                  {14, std::to_string(order.filled)},
                  {6, fix_price(order.filled == 0 ? 0 : order.amount / (order.filled * lot))},
                  {60, fix_time(kernel_.true_utc_ns())},
                  {10001, "0"}};
    fields[4].second += std::to_string(line_) + "-" + std::to_string(++executions_);
    if (id != order.id) {
        fields.insert(fields.begin() + 4, {41, order.id});
    }
    if (exec_type == 'F') {
        fields.insert(fields.begin() + 10, {{32, "1"}, {31, fix_price(last_price)}});
    }
    if (!text.empty()) {
        fields.emplace_back(58, text);
    }
    const bool twice = strikes(Fault::report_repeated, 150);
    delay_ns += slow_by_ns_;
    for (int time = 0; time < (twice ? 2 : 1); ++time) {
        kernel_.after(delay_ns + (time == 0 ? 0 : random_.between(0, 2 * second_ns)),
                      [this, fields] { say("8", fields); });
    }
}

void VenueLine::refuse(const FixMessage& message, const std::string& text) {
    const bool is_new = message.type() == "D" || message.type() == "H";
    Fields fields{{50, "0"}, {57, message.get(50)}, {37, message.get(37)}, {11, message.get(11)}};
    if (is_new) {
        fields.insert(fields.end(), {{17, "R" + std::to_string(line_) + "-" + std::to_string(++executions_)},
                                     {150, "8"},
                                     {39, "8"},
                                     {55, message.get(55)},
                                     {54, message.get(54)},
                                     {151, "0"},
                                     {14, "0"},
                                     {6, "0"}});
    } else {
        fields.insert(
            fields.end(),
            {{41, message.get(41)}, {39, "8"}, {434, message.type() == "F" ? "1" : "2"}, {102, "1"}});
    }
    fields.emplace_back(58, text);
    fields.emplace_back(60, fix_time(kernel_.true_utc_ns()));
    kernel_.after(random_.between(20 * us_ns, 2 * ms_ns),
                  [this, fields, type = std::string(is_new ? "8" : "9")] { say(type, fields); });
}

void VenueLine::take_new(const FixMessage& message) {
    if (strikes(Fault::venue_refuses, 100)) {
        refuse(message, "0020-PRICE ERROR");
        return;
    }
    VenueOrder order;
    order.number = message.get(37);
    order.branch = message.get(50);
    order.id = message.get(11);
    order.account = message.get(1);
    order.symbol = message.get(55);
    order.side = message.get(54);
    order.price = parse_fix_price(message.get(44));
    order.leaves = static_cast<std::int64_t>(message.number(38));
    if (orders_.count(order.number) != 0) {
        if (lost_seen) {  // given before the loss, and not reported since: the venue's own shield
            kernel_.marks.hit("order number twice after a loss, refused");
            refuse(message, "0040-DUPLICATE ORDER");
        } else {
            kernel_.fail(13, name() + ": order number twice: " + message.content());
        }
        return;
    }
    std::string text;
    if (order.leaves > 1 && strikes(Fault::quantity_cut, 100)) {
        --order.leaves;
        text = "0031-QUANTITY WAS CUT";
    }
    std::int64_t delay = random_.between(20 * us_ns, 3 * ms_ns);
    if (strikes(Fault::report_late, 150)) {
        delay = random_.between(100 * ms_ns, 4 * second_ns);
    }
    const bool fills_first = strikes(Fault::fill_before_ack, 150);
    report(order, order.id, '0', order.leaves, delay, 0, text);
    orders_[order.number] = order;
    if (fills_first) {
        fill(order.number);
    }
    fill_later(order.number);
}

void VenueLine::fill_later(const std::string& number) {
    if (random_.chance(550)) {
        kernel_.after(random_.between(1 * ms_ns, 3 * second_ns), [this, number] {
            fill(number);
            fill_later(number);
        });
    }
}

// One lot, at the order's price or a better one.
void VenueLine::fill(const std::string& number) {
    VenueOrder& order = orders_.at(number);
    if (order.leaves == 0) {
        return;
    }
    std::int64_t price = order.price;
    if (random_.chance(200) && price > 95 * 10'000) {
        price += order.side == "1" ? -5'000 : 5'000;
    }
    --order.leaves;
    ++order.filled;
    order.amount += price * lot;
    const bool late = strikes(Fault::report_late, 100);
    report(order, order.id, 'F', order.leaves + order.filled,
           late ? random_.between(0, 2 * second_ns) : 50 * us_ns, price);
}

void VenueLine::take_replace(const FixMessage& message) {
    const auto at = orders_.find(message.get(37));
    if (at == orders_.end() || at->second.leaves == 0 || strikes(Fault::venue_refuses, 100)) {
        refuse(message, at == orders_.end() ? "0005-ORDER NOT FOUND" : "0050-NO LEAVES");
        return;
    }
    VenueOrder& order = at->second;
    const std::int64_t price = parse_fix_price(message.get(44));
    const auto cut = static_cast<std::int64_t>(message.number(38));
    if ((price > 0) == (cut > 0) || cut > order.leaves) {
        refuse(message, price > 0 || cut == 0 ? "0011-CHANGE ORDER ERROR" : "0032-CUT OVER LEAVES");
        return;
    }
    std::int64_t told = cut;
    if (price > 0) {
        order.price = price;
        told = order.leaves;
    } else {
        order.leaves -= cut;
        order.cancelled = order.leaves == 0;
    }
    report(order, message.get(11), '5', told, random_.between(20 * us_ns, 3 * ms_ns));
}

void VenueLine::take_cancel(const FixMessage& message) {
    const auto at = orders_.find(message.get(37));
    if (at == orders_.end() || at->second.leaves == 0 || strikes(Fault::venue_refuses, 100)) {
        refuse(message, at == orders_.end() ? "0005-ORDER NOT FOUND" : "0050-NO LEAVES");
        return;
    }
    VenueOrder& order = at->second;
    // Filled before, told after.
    std::int64_t filled_price = 0;
    if (strikes(Fault::fill_after_cancel, 300)) {
        filled_price = order.price;
        --order.leaves;
        ++order.filled;
        order.amount += filled_price * lot;
    }
    const std::int64_t cut = order.leaves;
    if (cut > 0) {
        order.cancelled = true;
        order.leaves = 0;
        report(order, message.get(11), '4', cut, random_.between(20 * us_ns, 1 * ms_ns));
    } else {
        refuse(message, "0050-NO LEAVES");
    }
    if (filled_price != 0) {
        report(order, order.id, 'F', order.filled, random_.between(2 * ms_ns, 2 * second_ns), filled_price);
    }
}

void VenueLine::tell_status(const FixMessage& message) {
    const auto at = orders_.find(message.get(37));
    if (strikes(Fault::status_later, 200)) {
        refuse(message, "0003-MATCHING, QUERY LATER");
    } else if (at == orders_.end()) {
        refuse(message, "0005-ORDER NOT FOUND");
    } else {
        const VenueOrder& order = at->second;
        report(order, message.get(11), 'I', order.leaves + order.filled,
               random_.between(20 * us_ns, 2 * ms_ns));
    }
}

void VenueLine::cancel_something() {
    for (auto& [number, order] : orders_) {
        if (order.leaves > 0 && random_.chance(300)) {
            kernel_.hit(Fault::unsolicited_cancel);
            const std::int64_t cut = order.leaves;
            order.cancelled = true;
            order.leaves = 0;
            report(order, order.id, '4', cut, 100 * us_ns, 0, "0045-CLOSED");
            return;
        }
    }
}

}  // namespace fairlead::simulation
