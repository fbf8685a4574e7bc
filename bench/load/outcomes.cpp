#include "bench/load/outcomes.hpp"

#include <algorithm>

namespace fairlead::load {
namespace {

constexpr std::size_t complaints_max = 20;
constexpr std::size_t number_digits = 9;

bool is_pending(char execution_type) {
    return execution_type == 'A' || execution_type == '6' || execution_type == 'E' || execution_type == 'I';
}

// "Price 12.3 is no tick: ..." -> without digits, so that equal reasons count together.
std::string words_of(std::string_view text) {
    std::string words;
    for (const char c : text.substr(0, text.find(':'))) {
        words.push_back(c >= '0' && c <= '9' ? '#' : c);
    }
    return words;
}

std::int64_t code_of(std::string_view text) {
    std::int64_t code = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            break;
        }
        code = code * 10 + (c - '0');
    }
    return code;
}

}  // namespace

Outcomes::Outcomes(std::size_t sessions, std::string tag)
    : tag_(std::move(tag)), sessions_(sessions), numbers_(sessions) {}

void Outcomes::reserve(std::uint64_t commands) {
    commands_.reserve(commands);
    orders_.reserve(commands);
    for (NumberIndex& index : numbers_) {
        index.commands.reserve(commands / numbers_.size() * 2 + 64);
    }
}

std::uint32_t Outcomes::add(const PlannedCommand& plan) {
    const auto command = static_cast<std::uint32_t>(commands_.size());
    SentCommand sent;
    sent.order = plan.order;
    sent.session = plan.session;
    sent.kind = plan.kind;
    sent.fault = plan.fault;
    sent.expectation = plan.expectation;
    if (plan.kind == CommandKind::new_order) {
        if (orders_.size() <= plan.order) {
            orders_.resize(plan.order + 1);
        }
        OrderState& order = orders_[plan.order];
        order.plan = plan;
        order.command = order.current = command;
        ++sessions_[plan.session].orders;
        if (plan.fault == Fault::duplicate_identifier) {
            // In order of sending: they are answered in that order too.
            std::uint32_t last = orders_[plan.original].command;
            while (commands_[last].duplicate != no_command) {
                last = commands_[last].duplicate;
            }
            commands_[last].duplicate = command;
        }
    } else {
        orders_[plan.order].pending = command;
        ++sessions_[plan.session].changes;
    }
    commands_.push_back(sent);
    return command;
}

void Outcomes::set_number(std::uint32_t command, std::uint64_t number) {
    NumberIndex& index = numbers_[commands_[command].session];
    if (index.first == 0) {
        index.first = number;
    }
    index.commands.resize(number - index.first, no_command);
    index.commands.push_back(command);
}

void Outcomes::sent(std::uint32_t command, Stamp now) {
    commands_[command].sent_utc_ns = now.utc_ns;
    commands_[command].sent_ns = now.monotonic_ns;
}

std::string_view Outcomes::identifier(std::uint32_t command, std::array<char, 24>& room) const {
    char* out = std::copy(tag_.begin(), tag_.end(), room.data());
    *out++ = '-';
    out = fix::format_padded(out, command, number_digits);
    return {room.data(), static_cast<std::size_t>(out - room.data())};
}

std::uint32_t Outcomes::find(std::string_view identifier) const {
    if (identifier.size() != tag_.size() + 1 + number_digits || !identifier.starts_with(tag_)) {
        return no_command;
    }
    const auto number = fix::parse_unsigned(identifier.substr(tag_.size() + 1));
    return number && number.value < commands_.size() ? static_cast<std::uint32_t>(number.value) : no_command;
}

std::uint32_t Outcomes::find_number(std::uint32_t session, std::uint64_t number) const {
    const NumberIndex& index = numbers_[session];
    if (index.first == 0 || number < index.first || number - index.first >= index.commands.size()) {
        return no_command;
    }
    return index.commands[number - index.first];
}

std::uint32_t Outcomes::on_message(std::uint32_t session, const fix::Message& message, Stamp received) {
    ++totals_.reports;
    const std::string_view type = message.type();
    if (type == "8") {
        return on_execution_report(session, message, received);
    }
    std::uint32_t command = no_command;
    Answer answer = Answer::refused;
    if (type == "9") {
        command = find(message.value(11));
    } else if (type == "j" || type == "3") {
        command = find_number(session, fix::parse_unsigned(message.value(45)).value);
        answer = type == "3" ? Answer::session_reject : Answer::refused;
    }
    if (command == no_command) {
        ++totals_.unknown_reports;
        complain("answers nothing that was sent", message);
        return no_order;
    }
    if (message.has(10007)) {
        answer = Answer::refused_by_venue;
    }
    return on_reject(command, message, received, answer);
}

std::uint32_t Outcomes::on_reject(std::uint32_t command, const fix::Message& message, Stamp received,
                                  Answer how) {
    SentCommand& sent = commands_[command];
    if (sent.answer != Answer::none) {
        return no_order;
    }
    count_refusal(sent, message, how);
    if (how == Answer::session_reject) {
        complain("a Reject of a message that was meant to be right", message);
    }
    answer(command, how, received);
    OrderState& order = orders_[sent.order];
    if (sent.kind == CommandKind::new_order) {
        order.ended = true;
        // The key of a refused order, so that the witness can show it never reached the venue.
        order.order_key = fix::parse_unsigned(message.value(37)).value;
    } else if (order.pending == command) {
        order.pending = no_command;
        const std::string_view status = message.value(39);
        order.ended = order.ended || status == "2" || status == "4" || status == "8" || status == "C";
    }
    return sent.order;
}

// An order whose answer waits is not the one refused: a later one with its ClOrdID is, when that was refused
// at once.
std::uint32_t Outcomes::refused_of(std::uint32_t command, const fix::Message& message) const {
    const auto quantity = fix::parse_quantity(message.value(38));
    const auto price = fix::parse_price(message.value(44));
    std::uint32_t open = no_command;
    std::uint32_t last = command;
    for (std::uint32_t one = command; one != no_command; one = commands_[one].duplicate) {
        last = one;
        if (commands_[one].answer != Answer::none || commands_[one].order >= orders_.size()) {
            continue;
        }
        open = open == no_command ? one : open;
        const PlannedCommand& plan = orders_[commands_[one].order].plan;
        if ((!quantity || quantity.value == plan.quantity) && (!price || price.value == plan.price)) {
            return one;
        }
    }
    return open != no_command ? open : last;
}

std::uint32_t Outcomes::on_execution_report(std::uint32_t session, const fix::Message& message,
                                            Stamp received) {
    std::uint32_t command = find(message.value(11));
    const std::string_view execution = message.value(150);
    if (command == no_command) {
        ++totals_.unknown_reports;
        return no_order;
    }
    if (execution.size() != 1 || message.value(37).empty() || message.value(17).empty() ||
        message.value(39).size() != 1 || commands_[command].session != session) {
        ++totals_.wrong_reports;
        complain("an ExecutionReport without 17, 37, 39 or 150, or on another session", message);
        return no_order;
    }
    const char type = execution.front();
    // The ClOrdID of a repeated identifier names several commands. A refusal is for the first of them that
    // has no answer yet and asked for what it names, and "duplicate order" never for the one that used it
    // first.
    if (type == '8' && message.value(103) == "6" && commands_[command].duplicate != no_command) {
        command = commands_[command].duplicate;
    }
    if (type == '8') {
        command = refused_of(command, message);
    }
    // Of an order refused or withdrawn nothing more is told: whatever else comes is about the one that used
    // its ClOrdID again, which is free then.
    while (type != '8' && commands_[command].duplicate != no_command &&
           (commands_[command].answer == Answer::refused ||
            commands_[command].answer == Answer::refused_by_venue ||
            commands_[command].answer == Answer::withdrawn)) {
        command = commands_[command].duplicate;
    }
    if (commands_[command].order >= orders_.size()) {
        return no_order;
    }
    OrderState& order = orders_[commands_[command].order];
    if (type == '8') {
        return on_reject(command, message, received,
                         message.has(10007) ? Answer::refused_by_venue : Answer::refused);
    }
    if (is_pending(type)) {
        const SentCommand& sent = commands_[command];
        if (type == 'A' && sent.answer == Answer::none && !message.poss_dup()) {
            sessions_[session].taken.record(received.monotonic_ns - sent.sent_ns);
        }
        return no_order;
    }
    if (order.order_key == 0) {
        order.order_key = fix::parse_unsigned(message.value(37)).value;
    }
    const std::uint32_t number = commands_[command].order;
    std::uint32_t free_to_go = no_order;
    const bool is_new = commands_[command].kind == CommandKind::new_order;
    const bool is_change_answer = !is_new && type != 'F' && order.pending == command;
    if (is_new && commands_[order.command].answer == Answer::none) {
        answer(order.command, Answer::accepted, received);
        free_to_go = number;
    }
    if (is_change_answer) {
        answer(command, Answer::accepted, received);
        order.pending = no_command;
        free_to_go = number;
    }
    follow(order, command, message, type);
    return free_to_go;
}

// What a report does to the order as the client sees it.
void Outcomes::follow(OrderState& order, std::uint32_t command, const fix::Message& message, char type) {
    if (type == 'F') {
        on_trade(order, message);
    } else if (type == '5') {
        order.current = command;
        const auto quantity = fix::parse_quantity(message.value(38));
        const auto price = fix::parse_price(message.value(44));
        if (quantity) {
            order.plan.quantity = quantity.value;
        }
        if (price) {
            order.plan.price = price.value;
        }
    }
    const char status = message.value(39).front();
    if (order.ended || (status != '2' && status != '4' && status != 'C')) {
        return;
    }
    order.ended = true;
    if (status == '2') {
        ++totals_.orders_filled;
    } else if (status == 'C') {
        ++totals_.orders_expired;
    } else if (commands_[command].kind == CommandKind::cancel) {
        ++totals_.orders_cancelled;
    } else {
        ++totals_.orders_cancelled_unasked;
    }
}

void Outcomes::on_trade(OrderState& order, const fix::Message& message) {
    const auto quantity = fix::parse_quantity(message.value(32));
    const auto price = fix::parse_price(message.value(31));
    const auto cumulative = fix::parse_quantity(message.value(14));
    if (!quantity || !price || !cumulative || quantity.value <= 0 || cumulative.value > order.plan.quantity ||
        cumulative.value < order.cumulative + quantity.value) {
        ++totals_.wrong_reports;
        complain("a fill that does not add up with what was ordered and filled before", message);
        return;
    }
    order.cumulative = cumulative.value;
    ++totals_.fills;
    totals_.filled_shares += quantity.value;
    totals_.filled_value += quantity.value * price.value;
}

void Outcomes::answer(std::uint32_t command, Answer how, Stamp received) {
    SentCommand& sent = commands_[command];
    sent.answer = how;
    ++answered_;
    SessionOutcome& session = sessions_[sent.session];
    ++session.answered;
    const auto index = static_cast<std::size_t>(how);
    const std::int64_t wait_ns = received.monotonic_ns - sent.sent_ns;
    if (sent.kind != CommandKind::new_order) {
        ++(sent.kind == CommandKind::cancel ? totals_.cancel_answers : totals_.replace_answers)[index];
        if (how != Answer::withdrawn) {
            session.change.record(wait_ns);
        }
        return;
    }
    ++totals_.new_answers[index];
    orders_[sent.order].answered = true;
    if (how != Answer::withdrawn && sent.due_ns != 0) {
        since_due_.record(received.monotonic_ns - sent.due_ns);
    }
    if (how == Answer::accepted || how == Answer::refused_by_venue) {
        session.acknowledgement.record(wait_ns);
    } else if (how == Answer::refused || how == Answer::session_reject) {
        session.refusal.record(wait_ns);
    }
    totals_.good_refused += how == Answer::refused && sent.expectation == Expectation::accept ? 1 : 0;
    totals_.bad_accepted += (how == Answer::accepted || how == Answer::refused_by_venue) &&
                            sent.expectation == Expectation::refuse;
}

void Outcomes::count_refusal(const SentCommand& command, const fix::Message& message, Answer how) {
    RefusalKey key;
    key.venue = how == Answer::refused_by_venue;
    key.code = code_of(message.value(key.venue ? 10007 : 10006));
    const std::string_view text = message.value(58);
    if (key.code == 0) {
        key.words = words_of(text);
    }
    Refusal& refusal = refusals_[key];
    if (refusal.count++ == 0) {
        refusal.text = text;
    }
    ++refusal.by_fault[static_cast<std::size_t>(command.fault)];
    refusal.new_orders += command.kind == CommandKind::new_order ? 1 : 0;
}

void Outcomes::on_withdrawn(std::uint32_t session, std::uint64_t first, std::uint64_t last) {
    const NumberIndex& index = numbers_[session];
    if (index.first == 0) {
        return;
    }
    for (std::uint64_t number = std::max(first, index.first); number <= last; ++number) {
        const std::uint32_t command = find_number(session, number);
        if (command == no_command || commands_[command].answer != Answer::none) {
            continue;
        }
        answer(command, Answer::withdrawn, {});
        OrderState& order = orders_[commands_[command].order];
        if (commands_[command].kind == CommandKind::new_order) {
            order.ended = true;
        } else if (order.pending == command) {
            order.pending = no_command;
        }
    }
}

std::vector<std::uint32_t> Outcomes::unanswered_commands(std::size_t at_most) const {
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < commands_.size() && found.size() < at_most; ++i) {
        if (commands_[i].answer == Answer::none) {
            found.push_back(i);
        }
    }
    return found;
}

void Outcomes::close() {
    totals_.orders_part_filled =
        static_cast<std::uint64_t>(std::count_if(orders_.begin(), orders_.end(), [](const OrderState& order) {
            return order.cumulative > 0 && order.cumulative < order.plan.quantity;
        }));
}

void Outcomes::complain(std::string_view what, const fix::Message& message) {
    if (complaints_.size() >= complaints_max) {
        return;
    }
    std::string text(message.text());
    std::replace(text.begin(), text.end(), fix::soh, '|');
    complaints_.push_back(std::string(what) + ": " + text);
}

}  // namespace fairlead::load
