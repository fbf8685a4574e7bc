// Exchange: lines, time, faults and the control language. What a command does is exchange_orders.cpp.
#include "bench/exchange/exchange.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "bench/exchange/exchange_line.hpp"
#include "bench/exchange/reports.hpp"

namespace fairlead::exchange {
namespace {

constexpr risk::UtcNs liquidity_every_ns = 100'000'000;

std::string execution_id(char kind, std::uint64_t number) {
    std::string text(1, kind);
    text += std::to_string(number);
    return text;
}

}  // namespace

Exchange::Line::Line(Exchange& exchange, std::int32_t at, const LineOptions& given,
                     std::string store_directory)
    : owner(exchange),
      index(at),
      name(given.sender_comp_id),
      venue(given.sender_comp_id.starts_with('O') ? risk::Venue::tpex : risk::Venue::twse),
      rule(given.password) {
    LineServerOptions server_options;
    server_options.sender_comp_id = name;
    server_options.target_comp_id = venue == risk::Venue::tpex ? "ROCO" : "XTAI";
    server_options.port = given.port;
    server_options.store_directory = std::move(store_directory);
    server = std::make_unique<LineServer>(server_options, *this);
}

void Exchange::Line::before_message() {
    std::unique_lock<std::mutex> lock(pause_mutex);
    pause.wait(lock, [this] { return reading; });
}

void Exchange::Line::set_reading(bool reads) {
    const std::lock_guard<std::mutex> lock(pause_mutex);
    reading = reads;
    pause.notify_all();
}

std::string Exchange::Line::on_logon(const std::string& raw_data_length, const std::string& raw_data) {
    std::string refusal;
    {
        const std::lock_guard<std::mutex> lock(owner.mutex_);
        if (!faults.refuse_logon.empty()) {
            refusal = faults.refuse_logon == "86" ? "86-PVC STOPPED" : faults.refuse_logon + "-REFUSED";
        }
    }
    if (refusal.empty()) {
        refusal = rule.check(raw_data_length, raw_data);
    }
    if (!refusal.empty()) {
        note("logon refused: " + refusal);
    }
    return refusal;
}

// QuickFIX may hold its session's lock in these two: no lock of ours here.
void Exchange::Line::on_logged_on() {
    risk::UtcNs none = 0;
    owner.first_logon_ns_.compare_exchange_strong(none, stamp_now().utc_ns);
    up.store(true);
    logons.fetch_add(1);
    note("logged on");
}
void Exchange::Line::on_logged_out() {
    up.store(false);
    note("logged out");
}

void Exchange::Line::on_unserved(const std::string& message_type, std::uint64_t message_number) {
    const std::lock_guard<std::mutex> lock(owner.mutex_);
    ++counts.refused["78"];
    constexpr int invalid_message_type = 11;
    server->send(session_reject(message_type, message_number, 0, invalid_message_type, "78-MSGTYPE ERROR"));
}

Exchange::Exchange(const risk::Reference& reference, const ExchangeOptions& options)
    : reference_(reference), options_(options), check_(reference), matching_(reference, options.matching) {
    // A peer that is gone is an error of the write, not a signal.
    std::signal(SIGPIPE, SIG_IGN);
    execution_number_ = options_.matching.first_match_number;
    // Those who quote in the background send orders too.
    matching_.make_room(std::size_t{options_.orders_expected} * (options_.liquidity_seed ? 2 : 1));
    by_number_.reserve(options_.orders_expected);
    client_order_ids_.reserve(options_.orders_expected + options_.orders_expected / 2);
    if (options_.day_origin) {
        matching_.set_origin(*options_.day_origin);
        origin_known_ = true;
    }
    if (options_.liquidity_seed) {
        liquidity_ = std::make_unique<Liquidity>(reference_, matching_, *options_.liquidity_seed);
    }
    std::string problem;
    if (!options_.witness.empty() && !witness_.open(options_.witness, problem)) {
        throw std::runtime_error("witness file " + options_.witness + ": " + problem);
    }
    for (const LineOptions& line : options_.lines) {
        if (!options_.store_directory.empty()) {
            std::filesystem::create_directories(options_.store_directory);
        }
        lines_.push_back(std::make_unique<Line>(*this, static_cast<std::int32_t>(lines_.size()), line,
                                                options_.store_directory));
    }
    for (const std::string& fault : options_.faults) {
        const FaultCommand command = parse_fault(fault);
        std::string answer = command.error;
        if (answer.empty()) {
            apply_fault(command, answer);
        }
        if (answer != "ok") {
            throw std::runtime_error(std::string("fault \"").append(fault).append("\": ").append(answer));
        }
    }
}

Exchange::~Exchange() {
    stop();
}

void Exchange::set_watch(CommandWatch* watch) {
    const std::lock_guard<std::mutex> lock(mutex_);
    watch_ = watch;
}

void Exchange::start() {
    for (const auto& line : lines_) {
        line->server->start();
    }
}

// Lines that do not answer our Logout within a second are cut: an end must not wait for a dead peer.
void Exchange::stop() {
    for (const auto& line : lines_) {
        line->set_reading(true);
        line->server->log_out("");
    }
    constexpr int waits_max = 100;
    constexpr std::chrono::milliseconds wait{10};
    const auto is_up = [](const auto& line) { return line->up.load(); };
    for (int i = 0; i < waits_max && std::any_of(lines_.begin(), lines_.end(), is_up); ++i) {
        std::this_thread::sleep_for(wait);
    }
    for (const auto& line : lines_) {
        line->server->cut(false);
        line->server->stop();
    }
}

// Under the lock.
void Exchange::settle_origin(risk::UtcNs now) {
    if (origin_known_) {
        return;
    }
    const risk::UtcNs first_logon = first_logon_ns_.load();
    matching_.set_origin(first_logon != 0 ? first_logon : now);
    origin_known_ = first_logon != 0;
}

void Exchange::tick() {
    const std::lock_guard<std::mutex> lock(mutex_);
    const risk::UtcNs now = stamp_now().utc_ns;
    settle_origin(now);
    advance(now);
    if (origin_known_ && liquidity_ && now >= liquidity_due_) {
        liquidity_due_ = now + liquidity_every_ns;
        events_.clear();
        liquidity_->step(now, events_);
        tell(events_, now);
    }
    send_due(now);
}

// Auctions and phases that are due, and what they did to whom.
void Exchange::advance(risk::UtcNs now) {
    if (!origin_known_) {
        return;
    }
    events_.clear();
    matching_.advance(now, events_);
    tell(events_, now);
}

void Exchange::send_due(risk::UtcNs now) {
    for (const auto& line : lines_) {
        for (auto* queue : {&line->delayed_answers, &line->delayed_fills}) {
            while (!queue->empty() && queue->front().due <= now) {
                line->server->send(queue->front().message);
                queue->pop_front();
            }
        }
    }
}

// `answer`: to a command, at its moment; otherwise a fill or something else unasked.
void Exchange::deliver(Line& line, const OutMessage& message, bool answer, risk::UtcNs now) {
    LineFaults& faults = line.faults;
    if (take(answer ? faults.drop_acks : faults.drop_fills)) {
        ++line.counts.faults;
        line.note("dropped a report");
        return;
    }
    const bool twice = message.type == '8' && take(faults.duplicate);
    line.counts.faults += twice ? 1 : 0;
    const std::int64_t delay = answer ? faults.delay_acks_ns : faults.delay_fills_ns;
    auto& queue = answer ? line.delayed_answers : line.delayed_fills;
    for (int i = 0; i < (twice ? 2 : 1); ++i) {
        // What waits is not overtaken by its own kind.
        if (delay > 0 || !queue.empty()) {
            const risk::UtcNs due = now + delay;
            queue.push_back({queue.empty() ? due : std::max(due, queue.back().due), message});
        } else {
            line.server->send(message);
        }
    }
}

void Exchange::tell(const std::vector<MarketEvent>& events, risk::UtcNs now) {
    for (const MarketEvent& event : events) {
        BookOrder order = matching_.order(event.slot);
        if (order.line == background_line) {
            continue;
        }
        Line& line = *lines_[static_cast<std::size_t>(order.line)];
        ReportTerms terms;
        terms.client_order_id = order.client_order_id.view();
        terms.quantity = event.quantity;
        // As it was at that moment: later events of the same batch have not happened yet.
        order.leaves = event.leaves_after;
        order.filled = event.filled_after;
        order.amount = event.amount_after;
        if (event.kind == MarketEvent::Kind::trade) {
            terms.exec_type = 'F';
            terms.last_quantity = event.quantity;
            terms.last_price = event.price;
            terms.quantity = event.filled_after + event.leaves_after;
            terms.execution_id = execution_id(order.side == risk::Side::buy ? 'B' : 'S', event.match_number);
            order.state = event.leaves_after == 0 ? OrderState::filled : OrderState::working;
            ++line.counts.fills;
            line.counts.filled_shares += static_cast<std::uint64_t>(event.quantity);
        } else {
            const bool restated = event.kind == MarketEvent::Kind::restated;
            terms.exec_type = restated ? 'D' : '4';
            terms.execution_id = next_execution_id();
            terms.text = restated ? std::string() : status_text(not_filled_at_once, order.kind);
            ++line.counts.cancelled;
        }
        deliver(line, order_report({order, reference_.securities[order.security], now}, terms), false, now);
    }
}

std::string Exchange::next_execution_id() {
    return execution_id('0', ++execution_number_);
}

LineCounts Exchange::counts(std::size_t line) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    LineCounts counts = lines_[line]->counts;
    counts.logons = lines_[line]->logons.load();
    return counts;
}

int Exchange::port(std::size_t line) const {
    return lines_[line]->server->port();
}

bool Exchange::logged_on(std::size_t line) const {
    return lines_[line]->up.load();
}

bool Exchange::logged_on(std::string_view line) const {
    return std::any_of(lines_.begin(), lines_.end(),
                       [line](const auto& one) { return one->name == line && one->up.load(); });
}

bool Exchange::open_for(std::uint32_t security) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const risk::SecurityRow& row = reference_.securities[security];
    const bool up = std::any_of(lines_.begin(), lines_.end(), [&row](const auto& one) {
        return one->venue == row.venue && one->up.load();
    });
    return up && origin_known_ &&
           matching_.phase(stamp_now().utc_ns, row, risk::SessionKind::regular) == risk::Phase::continuous;
}

std::string Exchange::summary() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::string text;
    for (const auto& line : lines_) {
        const LineCounts& counts = line->counts;
        const auto number = [](std::uint64_t value) { return std::to_string(value); };
        const auto of = [&](char type) {
            const auto found = counts.commands.find(type);
            return number(found == counts.commands.end() ? 0 : found->second);
        };
        text += line->name + " port " + number(static_cast<std::uint64_t>(line->server->port())) + ": " +
                (line->up.load() ? "up" : "down") + ", logons " + number(line->logons.load()) + "\n";
        text += "  new " + of('D') + ", changes " + of('G') + ", cancels " + of('F') + ", queries " +
                of('H') + "; accepted " + number(counts.accepted) + ", fills " + number(counts.fills) + " (" +
                number(counts.filled_shares) + " shares), ended " + number(counts.cancelled) +
                ", faults injected " + number(counts.faults) + "\n";
        for (const auto& refused : counts.refused) {
            text += "  refused " + refused.first + ": " + number(refused.second) + "\n";
        }
    }
    text += "matches " + std::to_string(matching_.match_count()) + ", orders in the market's memory " +
            std::to_string(matching_.order_count()) + "\n";
    return text;
}

std::string Exchange::control(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
        text.remove_suffix(1);
    }
    if (text == "summary") {
        return summary();
    }
    if (text == "help") {
        return "summary | help | day-origin UTC_NS | a fault:\n" + std::string(fault_help);
    }
    constexpr std::string_view origin_verb = "day-origin ";
    if (text.starts_with(origin_verb)) {
        risk::UtcNs origin = 0;
        text.remove_prefix(origin_verb.size());
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), origin);
        if (problem != std::errc{} || end != text.data() + text.size() || origin <= 0) {
            return "day-origin: \"" + std::string(text) + "\" must be nanoseconds since 1970, UTC\n";
        }
        const std::lock_guard<std::mutex> lock(mutex_);
        matching_.set_origin(origin);
        origin_known_ = true;
        return "ok\n";
    }
    const FaultCommand command = parse_fault(text);
    std::string answer = command.error;
    if (answer.empty()) {
        apply_fault(command, answer);
    }
    return answer + "\n";
}

void Exchange::apply_fault(const FaultCommand& command, std::string& answer) {
    answer = "no line is called " + command.line;
    for (const auto& line : lines_) {
        if (command.line != "all" && command.line != line->name) {
            continue;
        }
        answer = "ok";
        line->note("fault: " + command.verb);
        bool standing = false;
        bool reads = true;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            standing = set_fault(command, line->faults);
            reads = !line->faults.stop_reading;
            if (!standing) {
                act(*line, command, answer);
            }
        }
        line->set_reading(reads);
    }
}

// The verbs that are done at once. Under the lock.
void Exchange::act(Line& line, const FaultCommand& command, std::string& answer) {
    const std::string word = command.arguments.empty() ? std::string() : command.arguments.front();
    const risk::UtcNs now = stamp_now().utc_ns;
    ++line.counts.faults;
    if (command.verb == "disconnect") {
        line.server->cut(word == "reset");
    } else if (command.verb == "log-out") {
        line.server->log_out(word);
    } else if (command.verb == "skip-numbers") {
        line.server->skip_numbers(std::stoi(word));
    } else if (command.verb == "expect-number") {
        line.server->set_next_incoming(std::stoi(word));
    } else if (command.verb == "ask-resend-all") {
        line.server->ask_resend_all();
    } else if (command.verb == "cancel-unasked" && word == "all") {
        for (Slot slot = 1; slot <= matching_.order_count(); ++slot) {
            if (matching_.order(slot).line == line.index && matching_.order(slot).leaves > 0) {
                cancel_unasked(line, slot, now);
            }
        }
    } else {
        const Slot slot = named_order(line, word);
        if (slot == 0) {
            answer = command.verb + ": the line has no order " + word;
        } else if (command.verb == "forget") {
            matching_.forget(slot);
        } else if (matching_.order(slot).leaves == 0) {
            answer = command.verb + ": nothing is left of order " + word;
        } else if (command.verb == "fill") {
            std::vector<MarketEvent> filled;
            const risk::Quantity before = matching_.order(slot).leaves;
            fill(slot, command.arguments.size() > 1 ? std::stoll(command.arguments[1]) : before, now, filled);
            tell(filled, now);
            answer = matching_.order(slot).leaves < before ? answer : "fill: the market does not match now";
        } else {
            cancel_unasked(line, slot, now);
        }
    }
}

Slot Exchange::named_order(const Line& line, const std::string& name) const {
    if (name == "last") {
        return line.last_order;
    }
    for (Slot slot = matching_.order_count(); slot > 0; --slot) {
        const BookOrder& order = matching_.order(slot);
        if (order.line == line.index && order.order_number.view() == name) {
            return slot;
        }
    }
    return 0;
}

// Somebody else takes so much of a resting order, at its price.
void Exchange::fill(Slot slot, risk::Quantity quantity, risk::UtcNs now, std::vector<MarketEvent>& events) {
    const BookOrder& resting = matching_.order(slot);
    BookOrder other;
    other.security = resting.security;
    other.venue = resting.venue;
    other.kind = resting.kind;
    other.side = resting.side == risk::Side::buy ? risk::Side::sell : risk::Side::buy;
    other.type = resting.type;
    other.price = resting.price;
    other.ordered = other.leaves = std::min(quantity, resting.leaves);
    other.time_in_force = risk::TimeInForce::immediate_or_cancel;
    if (other.leaves > 0) {
        matching_.add(other, now, events);
    }
}

void Exchange::cancel_unasked(Line& line, Slot slot, risk::UtcNs now) {
    ReportTerms terms;
    terms.exec_type = '4';
    terms.quantity = matching_.order(slot).leaves;
    terms.execution_id = next_execution_id();
    matching_.cancel(slot);
    const BookOrder& order = matching_.order(slot);
    terms.client_order_id = order.client_order_id.view();
    ++line.counts.cancelled;
    deliver(line, order_report({order, reference_.securities[order.security], now}, terms), false, now);
}

}  // namespace fairlead::exchange
