#include "tests/lifecycle/table.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace fairlead::lifecycle {

namespace {

using simulation::second_ns;

constexpr std::int64_t lot = 1'000;
constexpr std::array<std::string Row::*, 19> columns{
    &Row::time,         &Row::from,        &Row::in,           &Row::out,     &Row::exec_type,
    &Row::order_status, &Row::quantity,    &Row::filled,       &Row::leaves,  &Row::last,
    &Row::more,         &Row::buy,         &Row::sell,         &Row::gross,   &Row::net,
    &Row::offset,       &Row::symbol_long, &Row::symbol_short, &Row::sellable};
constexpr std::array<std::string_view, 19> heads{
    "time",   "from",      "message in", "message out", "ExecType", "OrdStatus", "OrderQty",
    "CumQty", "LeavesQty", "LastQty",    "more",        "buy",      "sell",      "gross",
    "net",    "offset",    "long",       "short",       "sellable"};

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what);
}

std::string trimmed(const std::string& text) {
    const std::size_t from = text.find_first_not_of(" \t");
    return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(" \t") + 1 - from);
}

std::string exec_word(const std::string& code) {
    static const std::map<std::string, std::string> words{{"0", "New"},
                                                          {"4", "Canceled"},
                                                          {"5", "Replace"},
                                                          {"6", "Pending Cancel"},
                                                          {"8", "Rejected"},
                                                          {"A", "Pending New"},
                                                          {"C", "Expired"},
                                                          {"D", "Restated"},
                                                          {"E", "Pending Replace"},
                                                          {"F", "Trade"},
                                                          {"G", "Trade Correct"},
                                                          {"H", "Trade Cancel"},
                                                          {"I", "Order Status"}};
    const auto found = words.find(code);
    return found == words.end() ? "150=" + code : found->second;
}

std::string status_word(const std::string& code) {
    static const std::map<std::string, std::string> words{
        {"0", "New"},         {"1", "Partially Filled"}, {"2", "Filled"},
        {"4", "Canceled"},    {"6", "Pending Cancel"},   {"8", "Rejected"},
        {"A", "Pending New"}, {"C", "Expired"},          {"E", "Pending Replace"}};
    const auto found = words.find(code);
    return found == words.end() ? "39=" + code : found->second;
}

bool is_quantity(int tag) {
    return tag == 38 || tag == 151 || tag == 14 || tag == 32;
}

void set(Fields& fields, int tag, const std::string& value) {
    const auto at =
        std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == tag; });
    if (value.empty()) {
        if (at != fields.end()) {
            fields.erase(at);
        }
    } else if (at != fields.end()) {
        at->second = value;
    } else {
        fields.emplace_back(tag, value);
    }
}

void add_tag(std::string& more, const FixMessage& message, int tag) {
    if (message.has(tag)) {
        more += (more.empty() ? "" : " ") + std::to_string(tag) + "=" + message.get(tag);
    }
}

// "KEY N"
void take_number(const std::string& line, std::string_view key, std::uint32_t& value) {
    if (line.rfind(key, 0) == 0) {
        value = static_cast<std::uint32_t>(std::stoul(line.substr(key.size())));
    }
}

}  // namespace

// "Replace(b,a) 7000 @100 59=3": a verb, its names, a quantity, a price, a code or word, and tags set by
// hand.
struct Player::Words {
    std::string verb;
    std::vector<std::string> names;
    std::vector<std::string> plain;  // neither names nor tags
    std::vector<std::pair<int, std::string>> tags;

    explicit Words(const std::string& text) {
        std::istringstream stream(text);
        std::string word;
        stream >> word;
        const std::size_t open = word.find('(');
        verb = word.substr(0, open);
        if (open != std::string::npos) {
            std::istringstream inner(word.substr(open + 1, word.size() - open - 2));
            for (std::string name; std::getline(inner, name, ',');) {
                names.push_back(name);
            }
        }
        while (stream >> word) {
            const std::size_t equals = word.find('=');
            if (equals != std::string::npos) {
                tags.emplace_back(std::stoi(word.substr(0, equals)), word.substr(equals + 1));
            } else {
                plain.push_back(word);
            }
        }
    }
    [[nodiscard]] std::string name(std::size_t index) const {
        if (index >= names.size()) {
            fail(verb + ": a name is missing");
        }
        return names[index];
    }
    [[nodiscard]] std::string price() const {
        for (const std::string& word : plain) {
            if (word.front() == '@') {
                return word.substr(1);
            }
        }
        return {};
    }
    [[nodiscard]] std::int64_t quantity(std::int64_t otherwise) const {
        for (const std::string& word : plain) {
            if (word.find_first_not_of("0123456789") == std::string::npos) {
                return std::stoll(word);
            }
        }
        return otherwise;
    }
    void apply(Fields& fields, std::int64_t unit) const {
        for (const auto& [tag, value] : tags) {
            set(fields, tag, is_quantity(tag) && unit > 1 ? std::to_string(std::stoll(value) / unit) : value);
        }
    }
};

// --- files

std::vector<Table> load_tables(const std::string& file) {
    std::ifstream stream(file);
    std::vector<Table> tables;
    for (std::string line; std::getline(stream, line);) {
        if (line.rfind("== ", 0) == 0) {
            tables.emplace_back();
            tables.back().file = file;
            tables.back().name = trimmed(line.substr(3));
        } else if (!tables.empty() && line.rfind('|', 0) == 0) {
            std::istringstream cells(line.substr(1));
            Row row;
            std::size_t column = 0;
            for (std::string cell; column < columns.size() && std::getline(cells, cell, '|'); ++column) {
                row.*columns[column] = trimmed(cell);
            }
            if (row.time != heads.front() && row.time.rfind("--", 0) != 0) {
                tables.back().rows.push_back(row);
            }
        } else if (!tables.empty() && !trimmed(line).empty()) {
            tables.back().notes.push_back(line);
            take_number(line, "line rate ", tables.back().line_rate);
            take_number(line, "own cancels ", tables.back().own_cancels);
        }
    }
    return tables;
}

std::string text_of(const Table& table) {
    std::array<std::size_t, columns.size()> widths{};
    for (std::size_t column = 0; column < columns.size(); ++column) {
        widths[column] = heads[column].size();
        for (const Row& row : table.rows) {
            widths[column] = std::max(widths[column], (row.*columns[column]).size());
        }
    }
    std::string text = "== " + table.name + "\n";
    for (const std::string& note : table.notes) {
        text += note + "\n";
    }
    const auto add_line = [&](const auto& cell_of) {
        for (std::size_t column = 0; column < columns.size(); ++column) {
            std::string cell(cell_of(column));
            cell.resize(widths[column], ' ');
            text += "| " + cell + " ";
        }
        text += "|\n";
    };
    add_line([](std::size_t column) { return heads[column]; });
    for (const Row& row : table.rows) {
        add_line([&row](std::size_t column) { return row.*columns[column]; });
    }
    return text;
}

// --- playing

Table Player::play(const Table& asked) {
    Table came = asked;
    came.rows.clear();
    for (const Row& row : asked.rows) {
        if (row.in.empty()) {
            continue;  // a further message out of the row above
        }
        if (const std::size_t at = row.in.find("55="); at != std::string::npos) {
            const std::string named = row.in.substr(at + 3, row.in.find(' ', at) - at - 3);
            symbol_ = stage_.ledger().find_security(risk::Symbol{named}) != 0 ? named : symbol_;
        }
        act(row);
        stage_.settle();
        std::vector<Row> out;
        collect(out);
        if (out.empty()) {
            out.emplace_back();
            out.front().out = "nothing";
        }
        out.front().time = row.time;
        out.front().from = row.from;
        out.front().in = row.in;
        const Credit credit = stage_.credit(symbol_);
        Row& last = out.back();
        last.buy = std::to_string(credit.buy);
        last.sell = std::to_string(credit.sell);
        last.gross = std::to_string(credit.gross);
        last.net = std::to_string(credit.net);
        last.offset = std::to_string(credit.offset);
        last.symbol_long = std::to_string(credit.symbol_long);
        last.symbol_short = std::to_string(credit.symbol_short);
        last.sellable = std::to_string(credit.sellable);
        if (const std::string differ = stage_.scopes_differ(); !differ.empty()) {
            fail(row.in + ": " + differ);
        }
        came.rows.insert(came.rows.end(), out.begin(), out.end());
    }
    return came;
}

void Player::act(const Row& row) {
    const Words words(row.in);
    if (row.from == "client" || row.from == "client2") {
        client_act(row.from == "client" ? 0 : 1, words);
    } else if (row.from == "venue") {
        venue_act(words);
    } else if (row.from == "person") {
        person_act(words);
    } else if (row.from == "clock") {
        clock_act(words);
    } else if (row.from == "gateway" && words.verb == "Killed") {
        stage_.restart();
    } else {
        fail("nobody is called " + row.from);
    }
}

void Player::client_act(std::size_t client, Words words) {
    End& end = stage_.client(client);
    const std::string now = simulation::fix_time(1'795'397'400 * second_ns);
    if (words.verb == "Disconnect") {
        end.drop();
        return;
    }
    if (words.verb == "Logon") {
        stage_.log_on(client);
        return;
    }
    static const std::map<std::string, std::string> types{
        {"New", "D"}, {"Replace", "G"}, {"Cancel", "F"}, {"Status", "H"}, {"MassCancel", "q"}};
    const auto found = types.find(words.verb);
    if (found == types.end()) {
        fail("no client says " + words.verb);
    }
    const std::string& type = found->second;
    Fields fields{{11, words.name(0)}};
    if (type == "G" || type == "F") {
        fields.emplace_back(41, words.name(1));
    }
    if (type == "q") {
        fields.emplace_back(530, "7");
    } else {
        fields.emplace_back(1, std::string(Stage::account));
        fields.emplace_back(55, symbol_);
        fields.emplace_back(54, "1");
    }
    if (type != "H") {
        fields.emplace_back(60, now);
    }
    if (type == "D" || type == "G") {
        fields.emplace_back(38, std::to_string(words.quantity(0)));
        const bool market = words.price() == "market";
        fields.emplace_back(40, market ? "1" : "2");
        if (!market) {
            fields.emplace_back(44, words.price());
        }
    }
    words.apply(fields, 1);
    // PossResend stands in the header.
    std::stable_partition(fields.begin(), fields.end(), [](const auto& field) { return field.first == 97; });
    if (type == "D" || type == "G" || type == "F") {
        under_way_.emplace_back(type, words.name(0));
    }
    end.say(type, fields);
}

Player::Booked& Player::order_named(const std::string& name) {
    const auto at = orders_.find(name);
    if (at == orders_.end()) {
        fail("the venue has no order " + name);
    }
    return at->second;
}

void Player::venue_act(Words words) {
    if (words.verb == "Disconnect") {
        stage_.venue(0).drop();
        return;
    }
    if (words.verb == "Again") {  // the last report once more, under the next number
        stage_.venue(0).say("8", last_report_);
        return;
    }
    const auto arrived = arrived_.find(words.name(0));
    if (arrived == arrived_.end()) {
        fail("nothing called " + words.name(0) + " has arrived at the venue");
    }
    const Command& command = arrived->second;
    Booked& order = order_named(command.order);
    char id[16];
    std::snprintf(id, sizeof id, "%012llu", static_cast<unsigned long long>(command.number));
    if (words.verb == "CancelReject") {
        Fields fields{{50, "0"},
                      {57, order.branch},
                      {37, order.number},
                      {11, id},
                      {41, order.id},
                      {39, "8"},
                      {434, command.type == "F" ? "1" : "2"},
                      {102, "1"},
                      {58, words.plain.at(0) + "-REFUSED"}};
        words.apply(fields, lot);
        stage_.venue(0).say("9", fields);
    } else if (words.verb == "Execution" && !words.plain.empty()) {
        venue_report(words, order, id, words.plain.front());
    } else {
        fail("no venue says " + words.verb);
    }
}

void Player::venue_report(const Words& words, Booked& order, const std::string& id, std::string word) {
    std::int64_t told = order.leaves;
    std::string exec_type;
    std::string last_quantity;
    if (word == "New") {
        const std::int64_t taken = words.quantity(order.quantity);
        order.quantity = taken;
        order.leaves = order.ended ? 0 : taken - order.filled;
        told = taken;
        exec_type = "0";
    } else if (word == "Fill") {
        const std::int64_t quantity = words.quantity(0);
        order.filled += quantity;
        order.leaves = std::max<std::int64_t>(0, order.leaves - quantity);
        told = order.quantity;
        exec_type = "F";
        last_quantity = std::to_string(quantity / lot);
        order.executions.push_back("B" + std::to_string(executions_ + 1));
    } else if (word == "Replaced") {
        const std::int64_t cut = words.quantity(0);
        order.leaves -= cut;
        order.quantity -= cut;
        if (!words.price().empty()) {
            order.price = words.price();
        }
        told = cut > 0 ? cut : order.leaves;
        exec_type = "5";
    } else if (word == "Canceled" || word == "Expired" || word == "Restated") {
        order.leaves = 0;
        order.ended = true;
        exec_type = word == "Canceled" ? "4" : word == "Expired" ? "C" : "D";
    } else if (word == "Rejected") {
        order.leaves = 0;
        order.ended = true;
        exec_type = "8";
    } else if (word == "Status") {
        told = order.leaves + order.filled;
        exec_type = "I";
    } else if (word == "TradeCancel" || word == "TradeCorrect") {
        exec_type = word == "TradeCancel" ? "H" : "G";
        last_quantity = std::to_string(words.quantity(0) / lot);
    } else {
        fail("no venue reports " + word);
    }
    const char status = exec_type == "8"    ? '8'
                        : exec_type == "C"  ? 'C'
                        : order.ended       ? '4'
                        : order.leaves == 0 ? '2'
                        : order.filled > 0  ? '1'
                                            : '0';
    Fields fields{{50, "0"}, {57, order.branch}, {37, order.number}, {11, id}};
    if (id != order.id) {
        fields.emplace_back(41, order.id);
    }
    fields.insert(fields.end(), {{17, "B" + std::to_string(++executions_)},
                                 {150, exec_type},
                                 {39, std::string(1, status)},
                                 {1, order.account},
                                 {55, order.symbol},
                                 {54, order.side}});
    if (!last_quantity.empty()) {
        fields.insert(fields.end(), {{32, last_quantity}, {31, words.price()}});
    }
    fields.insert(fields.end(), {{38, std::to_string(told / lot)},
                                 {40, order.type},
                                 {44, order.price},
                                 {59, order.time_in_force},
                                 {151, std::to_string(order.leaves / lot)},
                                 {14, std::to_string(order.filled / lot)},
                                 {60, simulation::fix_time(1'795'397'400 * second_ns)},
                                 {10001, "0"}});
    for (const std::string& plain : words.plain) {
        if (plain.size() == 5 && plain.front() == '#') {  // the venue's status code
            fields.emplace_back(58, plain.substr(1) + "-TOLD");
        }
    }
    words.apply(fields, lot);
    last_report_ = fields;
    stage_.venue(0).say("8", fields);
}

void Player::person_act(Words words) {
    gateway::ControlRequest request;
    if (words.verb == "Bust" || words.verb == "Correct") {
        Booked& order = order_named(words.name(0));
        const std::size_t fill = std::stoul(words.name(1)) - 1;
        request.facts.verb = risk::ControlVerb::fill_adjust;
        request.fill.order_key = std::stoull(order.id);
        request.order_key = request.fill.order_key;
        request.fill.execution_id = risk::ExecutionId{order.executions.at(fill)};
        request.fill.price = words.verb == "Bust" ? 0 : simulation::parse_fix_price(words.price());
    } else if (words.verb == "Halt" || words.verb == "HaltAndCancel" || words.verb == "Resume") {
        request.facts.verb = words.verb == "Resume" ? risk::ControlVerb::resume : risk::ControlVerb::halt;
        request.halt.scope = risk::Scope::investor;
        request.halt.cancel_open = words.verb == "HaltAndCancel" ? 1 : 0;
        request.subject.investor = risk::InvestorId{"A1"};
    } else if (words.verb == "DayClose") {
        request.facts.verb = risk::ControlVerb::day_close;
    } else if (words.verb == "Resolve") {
        request.facts.verb = risk::ControlVerb::resolve;
        request.order_key = std::stoull(order_named(words.name(0)).id);
        request.resolution = risk::Resolution::never_sent;
    } else {
        fail("no person does " + words.verb);
    }
    stage_.ask(request);
}

void Player::clock_act(const Words& words) {
    if (words.verb != "Wait") {
        fail("no clock does " + words.verb);
    }
    stage_.run_for(words.quantity(0) * second_ns);
}

// --- what came out

void Player::collect(std::vector<Row>& into) {
    for (std::size_t venue = 0; venue < 2; ++venue) {
        hear_of_venue(venue, into);
    }
    for (std::size_t client = 0; client < 2; ++client) {
        hear_of_client(client, into);
    }
}

std::string Player::name_arrival(const FixMessage& message, const std::string& order) {
    const std::string type = message.type();
    if (type == "H") {
        return "ask-" + order;
    }
    for (auto at = under_way_.begin(); at != under_way_.end(); ++at) {
        if (at->first == type) {
            const std::string name = at->second;
            under_way_.erase(at);
            return name;
        }
    }
    return "gateway-" + order;  // of the gateway's own: a mass cancel, a disconnect, a halt
}

void Player::hear_of_venue(std::size_t venue, std::vector<Row>& into) {
    auto& heard = stage_.venue(venue).heard;
    for (; !heard.empty(); heard.pop_front()) {
        const FixMessage& message = heard.front();
        const std::string type = message.type();
        std::string order;
        if (type == "D") {
            order = name_arrival(message, "");
            Booked& booked = orders_[order];
            booked = {order,           message.get(37),
                      message.get(50), message.get(11),
                      message.get(1),  message.get(55),
                      message.get(54), message.get(44).empty() ? "0" : message.get(44),
                      message.get(40), message.get(59)};
            booked.quantity = booked.leaves = static_cast<std::int64_t>(message.number(38)) * lot;
            arrived_[order] = {order, order, type, message.number(11)};
        } else {
            for (const auto& [name, booked] : orders_) {
                order = booked.number == message.get(37) ? name : order;
            }
        }
        const std::string name = type == "D" ? order : name_arrival(message, order);
        arrived_[name] = {name, order, type, message.number(11)};
        Row row;
        const std::string verb = type == "D"   ? "New"
                                 : type == "G" ? "Replace"
                                 : type == "F" ? "Cancel"
                                               : "Status";
        row.out = "to venue: " + verb + "(" + name + (type == "D" ? "" : "," + order) + ")";
        if (message.has(38)) {
            row.quantity = std::to_string(message.number(38) * lot);
        }
        add_tag(row.more, message, 44);
        into.push_back(row);
    }
}

void Player::hear_of_client(std::size_t client, std::vector<Row>& into) {
    auto& heard = stage_.client(client).heard;
    for (; !heard.empty(); heard.pop_front()) {
        const FixMessage& message = heard.front();
        told_.push_back(simulation::write_fix(message.fields));
        const std::string type = message.type();
        Row row;
        const std::string name = message.get(type == "j" ? 379 : 11);
        const std::string ids = "(" + name + (message.has(41) ? "," + message.get(41) : "") + ")";
        const std::string to = client == 0 ? "" : "to client2: ";
        if (type == "8") {
            row.out = to + "Execution" + ids;
            row.exec_type = exec_word(message.get(150));
            row.order_status = status_word(message.get(39));
            row.quantity = message.get(38);
            row.filled = message.get(14);
            row.leaves = message.get(151);
            row.last = message.has(32) ? message.get(32) + " @" + message.get(31) : "";
        } else if (type == "9") {
            row.out = to + "Cancel Reject" + ids;
            row.order_status = status_word(message.get(39));
        } else {
            row.out = to +
                      (type == "r"   ? "Mass Cancel Report"
                       : type == "j" ? "Business Reject"
                                     : "35=" + type) +
                      ids;
        }
        for (const int tag : {103, 434, 102, 531, 532, 380, 378, 10006, 10007}) {
            add_tag(row.more, message, tag);
        }
        if (message.get(17) == "0") {
            add_tag(row.more, message, 17);
        }
        if (type == "8" && message.get(150) == "0") {
            add_tag(row.more, message, 44);
        }
        const bool refused = message.get(150) == "8" || type == "9" || type == "j";
        if (refused || message.get(150) == "I") {
            const auto at = std::find_if(under_way_.begin(), under_way_.end(),
                                         [&name](const auto& command) { return command.second == name; });
            if (at != under_way_.end()) {
                under_way_.erase(at);
            }
        }
        into.push_back(row);
    }
}

}  // namespace fairlead::lifecycle
