#include "tests/simulation/client.hpp"

#include <algorithm>
#include <array>

#include "tests/simulation/threads.hpp"

namespace fairlead::simulation {

namespace {
constexpr std::uint64_t first_stream = 200;
constexpr std::array<const char*, 4> symbols{"2330", "2317", "6488", "2002"};
}  // namespace

Client::Client(Kernel& kernel, Network& network, std::uint32_t session, std::string name,
               std::string gateway_name, std::string user, std::vector<std::string> accounts)
    : Peer(kernel, network, std::move(name), std::move(gateway_name), first_stream + session),
      session_(session),
      user_(std::move(user)),
      accounts_(std::move(accounts)),
      left_(kernel.plan.commands) {
    heartbeat_ns_ = random_.between(5, 20) * second_ns;
}

bool Client::strikes(Fault fault, std::uint64_t permille) {
    if (!kernel_.faults_on || !kernel_.plan.has(fault) || !random_.chance(permille)) {
        return false;
    }
    kernel_.hit(fault);
    return true;
}

// --- the conversation

void Client::start() {
    try_connect(random_.between(1 * ms_ns, 500 * ms_ns));
    act_later();
}

void Client::try_connect(std::int64_t delay_ns) {
    kernel_.after(delay_ns, [this] {
        if (connected()) {
            return;
        }
        const int fd = network_.connect(*this);
        if (!offer(fd)) {
            network_.close(fd);
            network_.close_by_gateway(fd);
            try_connect(random_.between(100 * ms_ns, second_ns));
            return;
        }
        adopt_connection(fd);
        const std::string password = strikes(Fault::wrong_password, 100) ? "guess" : password_of(user_);
        say("A",
            {{98, "0"}, {108, std::to_string(heartbeat_ns_ / second_ns)}, {553, user_}, {554, password}});
    });
}

void Client::on_logon(const FixMessage&) {
    logged_on_ = true;
    kernel_.marks.hit("client logged on");
}

void Client::on_lost() {
    try_connect(random_.between(50 * ms_ns, 1500 * ms_ns));
}

void Client::on_logout(const FixMessage& message) {
    if (message.get(58).find("MsgSeqNum too low") != std::string::npos) {
        kernel_.fail(12, name() + ": the gateway counts other numbers than were sent: " + message.content());
    }
    if (!leaving_) {
        leave("");
    } else {
        drop();
    }
}

void Client::cut_off() {
    if (connected()) {
        network_.cut(fd());
    }
}

void Client::fall_silent() {
    if (connected()) {
        network_.fall_silent(fd());
    }
}

void Client::pause_reading() {
    if (!connected()) {
        return;
    }
    network_.set_reading(fd(), false);
    kernel_.after(random_.between(100 * ms_ns, 4 * second_ns),
                  [this, paused = fd()] { network_.set_reading(paused, true); });
}

// --- commands

void Client::act_later() {
    const std::int64_t pause = kernel_.plan.duration_ns / (kernel_.plan.commands + 1);
    kernel_.after(random_.chance(200) ? random_.between(0, 200 * us_ns) : random_.between(0, 2 * pause),
                  [this] {
                      act();
                      if (sending_ && left_ > 0) {
                          act_later();
                      }
                  });
}

void Client::act() {
    if (!sending_ || left_ == 0 || !logged_on_ || leaving_) {
        return;
    }
    --left_;
    misbehave();
    if (!logged_on_) {
        return;
    }
    const std::uint64_t what = random_.pick(100);
    if (what < 60 || orders_.empty()) {
        send_new(false);
    } else if (what < 75) {
        send_replace();
    } else if (what < 92) {
        send_cancel();
    } else if (what < 98) {
        send_status();
    } else {
        send_mass_cancel();
    }
}

// What a client should not do, or does rarely.
void Client::misbehave() {
    if (strikes(Fault::client_garbage, 60)) {
        std::string text = write_fix({{35, "0"},
                                      {49, name()},
                                      {56, gateway_name_},
                                      {34, std::to_string(next_out_)},
                                      {52, fix_time(kernel_.true_utc_ns())}});
        text[text.size() - 2] = text[text.size() - 2] == '0' ? '1' : '0';
        network_.send(fd(), random_.chance(500) ? text : "nothing of this is a message");
        unrecorded(session_, next_out_);
    }
    if (strikes(Fault::client_gap, 40)) {
        sent_[next_out_] = {"0", {}, kernel_.true_utc_ns()};
        ++next_out_;
    }
    if (strikes(Fault::client_poss_dup, 60)) {
        for (auto at = sent_.rbegin(); at != sent_.rend(); ++at) {
            if (at->second.type == "D") {
                say_again(at->first);
                break;
            }
        }
    }
    if (next_in_ > 1 && strikes(Fault::client_asks_resend, 40)) {
        say("2", {{7, std::to_string(1 + random_.pick(next_in_ - 1))}, {16, "0"}});
    }
    if (strikes(Fault::client_poss_resend, 60)) {
        send_new(true);
    }
}

std::string Client::new_id() {
    return "C" + std::to_string(session_) + "-" + std::to_string(++ids_);
}

std::int64_t Client::some_price() {
    const std::int64_t price = 990'000 + static_cast<std::int64_t>(random_.pick(21)) * 1'000;
    return random_.chance(30) ? price + 1 : price > 1'000'000 ? price / 5'000 * 5'000 : price;
}

void Client::send_new(bool poss_resend) {
    std::string id = new_id();
    const bool known =
        !orders_.empty() && (poss_resend ? random_.chance(700) : strikes(Fault::client_repeats_id, 60));
    if (known) {
        id = orders_[random_.pick(orders_.size())].id;
        if (commands_[id].type != "D") {
            id = new_id();
        }
    }
    Order order;
    order.id = id;
    order.account = accounts_[random_.pick(accounts_.size())];
    order.symbol = symbols[random_.pick(symbols.size())];
    order.side = random_.chance(600) ? "1" : "2";
    if (const auto at = order_of_.find(id); at != order_of_.end()) {  // the same order once more
        order = orders_[at->second];
        order.id = id;
    }
    order.quantity = static_cast<std::int64_t>(1 + random_.pick(8)) * 1'000 + (random_.chance(20) ? 1 : 0);
    order.price = some_price();
    Fields fields{{11, id},
                  {1, order.account},
                  {55, random_.chance(15) ? "9998" : order.symbol},
                  {54, order.side},
                  {60, fix_time(kernel_.true_utc_ns())},
                  {38, std::to_string(order.quantity)},
                  {40, "2"},
                  {44, fix_price(order.price)},
                  {59, "0"}};
    if (poss_resend) {
        fields.insert(fields.begin(), {97, "Y"});
    }
    Command& command = commands_[id];
    if (command.type == "D") {
        ++command.asked;
    } else {
        command.type = "D";
        order_of_[id] = orders_.size();
        orders_.push_back(order);
    }
    say("D", std::move(fields));
}

Client::Order* Client::some_order(bool open_only) {
    if (orders_.empty()) {
        return nullptr;
    }
    Order* order = nullptr;
    for (int tried = 0; tried < 5; ++tried) {
        order = &orders_[orders_.size() - 1 - random_.pick(std::min<std::size_t>(orders_.size(), 12))];
        if (!open_only || order->open) {
            break;
        }
    }
    return order;
}

void Client::send_replace() {
    const Order* order = some_order(true);
    const std::string id = new_id();
    std::int64_t quantity = order->quantity;
    std::int64_t price = order->price;
    if (random_.chance(500)) {
        quantity -= static_cast<std::int64_t>(random_.pick(5)) * 1'000;
    } else {
        price = some_price();
    }
    commands_[id] = {"G", order->id};
    order_of_[id] = static_cast<std::size_t>(order - orders_.data());
    say("G", {{11, id},
              {41, order->id},
              {1, order->account},
              {55, order->symbol},
              {54, order->side},
              {60, fix_time(kernel_.true_utc_ns())},
              {38, std::to_string(quantity)},
              {40, "2"},
              {44, fix_price(price)}});
}

void Client::send_cancel() {
    const Order* order = some_order(true);
    const std::string id = new_id();
    commands_[id] = {"F", order->id};
    say("F", {{11, id},
              {41, random_.chance(30) ? "unknown" : order->id},
              {1, order->account},
              {55, order->symbol},
              {54, order->side},
              {60, fix_time(kernel_.true_utc_ns())}});
}

void Client::send_status() {
    const Order* order = some_order(false);
    const std::string request = "Q" + new_id();
    commands_[request] = {"H", order->id};
    say("H", {{790, request}, {11, order->id}, {55, order->symbol}, {54, order->side}});
}

void Client::send_mass_cancel() {
    const std::string id = new_id();
    commands_[id] = {"q", ""};
    say("q", {{11, id}, {530, random_.chance(200) ? "3" : "7"}, {60, fix_time(kernel_.true_utc_ns())}});
}

// --- answers

void Client::on_application(const FixMessage& message) {
    if (message.type() == "3") {
        kernel_.fail(12, name() + ": the gateway rejects a good message: " + message.content());
        return;
    }
    kernel_.marks.hit("answer " + message.type() + message.get(150));
    if (message.has(10006)) {
        kernel_.marks.hit("reason " + message.get(10006));
    }
    count(message);
    follow(message);
}

void Client::count(const FixMessage& message) {
    const std::string type = message.type();
    const std::string exec = message.get(150);
    std::string id = message.has(790) ? message.get(790) : type == "j" ? message.get(379) : message.get(11);
    if (type == "j" && id.empty()) {
        if (const auto asked = sent_.find(message.number(45)); asked != sent_.end()) {
            const FixMessage command{asked->second.fields};
            id = command.has(790) ? command.get(790) : command.get(11);
        }
    }
    // The end of an order is an answer to its New as well, when it comes before that was acknowledged.
    if (const auto first = commands_.find(message.get(41)); first != commands_.end() && type == "8") {
        ++first->second.told;
    }
    const auto at = commands_.find(id);
    if (at == commands_.end()) {
        if (type != "j") {
            kernel_.fail(3, name() + ": told of a command never sent: " + message.content());
        }
        return;
    }
    Command& command = at->second;
    ++command.told;
    if (type == "j" || type == "r" || type == "9") {
        ++command.answers;
    } else if (command.type == "D") {
        command.answers += exec == "0" || exec == "8" ? 1U : 0U;
    } else if (command.type == "G") {
        command.answers += exec == "5" ? 1U : 0U;
    } else if (command.type == "F") {
        command.answers += exec == "4" ? 1U : 0U;
    } else {
        command.answers += exec == "I" || exec == "8" ? 1U : 0U;
    }
}

void Client::follow(const FixMessage& message) {
    const auto at = order_of_.find(message.get(11));
    if (message.type() != "8" || at == order_of_.end() || message.get(150) == "8") {
        return;
    }
    Order& order = orders_[at->second];
    const std::string status = message.get(39);
    order.quantity = static_cast<std::int64_t>(message.number(38));
    order.filled = static_cast<std::int64_t>(message.number(14));
    order.price = parse_fix_price(message.get(44));
    order.open = status != "2" && status != "4" && status != "8" && status != "C";
    if (message.get(150) == "5") {
        order.id = message.get(11);
    }
}

std::string Client::unanswered() const {
    for (const auto& [id, command] : commands_) {
        const bool good =
            command.type == "D" ? command.told >= command.asked : command.answers >= command.asked;
        if (!good) {
            return name() + ": " + command.type + " " + id + " of " + command.original + " has had " +
                   std::to_string(command.answers) + " answers to " + std::to_string(command.asked);
        }
    }
    return {};
}

std::string Client::overanswered() const {
    for (const auto& [id, command] : commands_) {
        if (command.answers > command.asked) {
            return name() + ": " + command.type + " " + id + " has had " + std::to_string(command.answers) +
                   " final answers to " + std::to_string(command.asked);
        }
    }
    return {};
}

}  // namespace fairlead::simulation
