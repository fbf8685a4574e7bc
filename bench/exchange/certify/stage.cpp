#include "bench/exchange/certify/stage.hpp"

#include <cstdio>
#include <stdexcept>

#include "bench/exchange/reports.hpp"
#include "config/reference_parts.hpp"

namespace fairlead::exchange::certify {

Stage::Stage(Exchange& exchange, const risk::Reference& reference, StageOptions options, SessionWatch session)
    : exchange_(exchange),
      reference_(reference),
      options_(std::move(options)),
      session_(std::move(session)) {}

Steering Stage::on_command(const SeenCommand& command) {
    if (command.terms.account != options_.account.number || command.terms.branch != options_.account.branch) {
        return {};
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    seen_.push_back(command);
    changed_.notify_all();
    if (bends_.empty()) {
        return {};
    }
    const Steering steering = bends_.front();
    bends_.pop_front();
    return steering;
}

void Stage::end() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    changed_.notify_all();
}

risk::Price Stage::tick_below(risk::Price price) const {
    return price - config::tick_at(reference_.ticks, security().tick_class, price - 1);
}

std::string Stage::words(const Wanted& wanted) const {
    return std::string(wanted.side == risk::Side::buy ? "buy" : "sell")
        .append(" of ")
        .append(std::to_string(wanted.quantity))
        .append(" shares of ")
        .append(security().symbol.view())
        .append(" at ")
        .append(price_text(wanted.price));
}

std::string Stage::waited() const {
    return " within " + std::to_string(options_.patience.count() / 1000) + " s";
}

std::string Stage::describe(const SeenCommand& command) const {
    const CheckedMessage& terms = command.terms;
    if (command.type == 'F') {
        return "a cancel of order " + std::string(terms.order_number.view());
    }
    if (command.type == 'G') {
        return "a replace of order " + std::string(terms.order_number.view());
    }
    const std::string symbol(reference_.securities[terms.security].symbol.view());
    return std::string("a new order: ")
        .append(terms.side == risk::Side::buy ? "buy" : "sell")
        .append(" of ")
        .append(std::to_string(terms.quantity))
        .append(" shares of ")
        .append(symbol)
        .append(" at ")
        .append(price_text(terms.price));
}

// --- steps

void Stage::tell(const std::string& instruction) {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!seen_.empty()) {
            throw NotPassed{"the client sent " + describe(seen_.front()) + " before it was asked to"};
        }
    }
    std::printf("%s: %s\n", title_.c_str(), instruction.c_str());
    std::fflush(stdout);
}

void Stage::bend(std::vector<Steering> steering) {
    const std::lock_guard<std::mutex> lock(mutex_);
    bends_.assign(steering.begin(), steering.end());
}

bool Stage::take(std::chrono::milliseconds within, SeenCommand& command) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, within, [this] { return ended_ || !seen_.empty(); });
    if (ended_) {
        throw Ended{};
    }
    if (seen_.empty()) {
        return false;
    }
    command = seen_.front();
    seen_.pop_front();
    if (command.type == 'D') {
        orders_.push_back(command);
    }
    return true;
}

void Stage::pause(std::chrono::milliseconds time) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (changed_.wait_for(lock, time, [this] { return ended_; })) {
        throw Ended{};
    }
}

SeenCommand Stage::expect_any(const std::string& wanted) {
    SeenCommand command;
    if (!take(options_.patience, command)) {
        throw NotPassed{"no " + wanted + " came" + waited()};
    }
    return command;
}

SeenCommand Stage::expect_new(const Wanted& wanted) {
    SeenCommand command = expect_any(words(wanted));
    const CheckedMessage& terms = command.terms;
    const bool same = command.type == 'D' && terms.security == options_.security &&
                      terms.side == wanted.side && terms.quantity == wanted.quantity &&
                      terms.price == wanted.price && terms.type == risk::OrderType::limit &&
                      terms.kind == risk::SessionKind::regular &&
                      terms.time_in_force == risk::TimeInForce::rest_of_day;
    if (!same) {
        throw NotPassed{"the client sent " + describe(command) + ", not the " + words(wanted)};
    }
    if (terms.code != 0) {
        throw NotPassed{"the exchange does not take it: " + status_text(terms.code, terms.kind)};
    }
    return command;
}

SeenCommand Stage::expect_change(char type, const SeenCommand& order) {
    const std::string wanted = std::string(type == 'F' ? "cancel" : "replace") + " of order " +
                               std::string(order.terms.order_number.view());
    SeenCommand command = expect_any(wanted);
    if (command.type != type || command.terms.order_number != order.terms.order_number) {
        throw NotPassed{"the client sent " + describe(command) + ", not the " + wanted};
    }
    return command;
}

void Stage::expect_quiet(const std::string& after) {
    SeenCommand command;
    if (take(options_.quiet, command)) {
        throw NotPassed{"the client sent " + describe(command) + " after " + after};
    }
}

void Stage::let_pass() {
    constexpr int commands_max = 1000;
    SeenCommand command;
    for (int i = 0; i < commands_max && take(options_.quiet, command); ++i) {
    }
}

// --- acts of the exchange

void Stage::command_exchange(const std::string& text) {
    if (const std::string answer = exchange_.control(text); answer != "ok\n") {
        throw std::runtime_error("the exchange does not take \"" + text + "\": " + answer);
    }
}

void Stage::fill(const SeenCommand& order, risk::Quantity shares) {
    command_exchange(order.line + " fill " + std::string(order.terms.order_number.view()) + " " +
                     std::to_string(shares));
}

bool Stage::fill_if_open(const SeenCommand& order) {
    return exchange_.control(order.line + " fill " + std::string(order.terms.order_number.view())) == "ok\n";
}

void Stage::cancel_unasked(const SeenCommand& order) {
    command_exchange(order.line + " cancel-unasked " + std::string(order.terms.order_number.view()));
}

void Stage::break_line(const SeenCommand& order) {
    refuse_lines();
    command_exchange(order.line + " disconnect");
}

// 86 is the status on which a gateway asks again after a pause, as R36's fail-over has it.
void Stage::refuse_lines() {
    command_exchange("all refuse-logon 86");
}

void Stage::mend_line(const std::string& line) {
    command_exchange("all refuse-logon off");
    const auto deadline = std::chrono::steady_clock::now() + options_.patience;
    while (!exchange_.logged_on(line)) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("the gateway did not log on to line " + line + " again" + waited());
        }
        pause(journal_pause);
    }
    wait_until_open();
}

void Stage::clear_up() {
    bend({});
    command_exchange("all refuse-logon off");
    for (const SeenCommand& order : orders_) {
        mend_line(order.line);
    }
    for (const SeenCommand& order : orders_) {
        // Whether anything is left of it is the exchange's to know.
        static_cast<void>(exchange_.control(order.line + " cancel-unasked " +
                                            std::string(order.terms.order_number.view())));
    }
    orders_.clear();
    wait_until_open();
}

void Stage::wait_until_open() {
    const auto deadline = std::chrono::steady_clock::now() + options_.patience;
    const auto open = [this] {
        static_cast<void>(session());
        return exchange_.open_for(options_.security) && session_.open(security().venue);
    };
    while (!open()) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("the gateway takes no orders for " +
                                     std::string(security().symbol.view()) + " in continuous trading" +
                                     waited());
        }
        pause(journal_pause);
    }
}

// --- the journal

void Stage::note_start() {
    at_start_ = session();
}

const SessionFacts& Stage::session() {
    if (const std::string problem = session_.follow(); !problem.empty()) {
        throw std::runtime_error("the gateway's journal cannot be read: " + problem);
    }
    return session_.facts();
}

}  // namespace fairlead::exchange::certify
