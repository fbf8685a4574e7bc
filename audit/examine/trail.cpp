#include "audit/examine/trail.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "audit/examine/csv.hpp"
#include "audit/examine/tell_all.hpp"

namespace fairlead::audit {

namespace {

using risk::RecordKind;

constexpr std::size_t candidates_max = 20;

std::uint64_t number_of(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc{} && end == text.data() + text.size() ? number : 0;
}

class Writer {
  public:
    Writer(const TrailOptions& options, const Sink& sink) : options_(options), sink_(sink) {
        if (options.format == TableFormat::csv) {
            sink_(
                "time,record,event,outcome,order,session,line,user,approver,investor,account,symbol,side,"
                "quantity,price,leaves,filled,last_quantity,last_price,client_order_id,venue_order_number,"
                "reason_code,reason,venue_code,detail\n");
        } else if (options.format == TableFormat::json) {
            sink_("[");
        }
    }
    void add(const Told& told) {
        if (told.at < options_.from || told.at > options_.to) {
            return;
        }
        if (options_.format == TableFormat::text) {
            text(told);
        } else {
            row(told);
        }
        ++rows_;
    }
    void end() {
        if (options_.format == TableFormat::json) {
            sink_("\n]\n");
        }
    }
    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }

  private:
    [[nodiscard]] bool chinese() const noexcept { return options_.language == Language::chinese; }
    [[nodiscard]] std::string account(const Told& told) const {
        return told.account.number == 0 ? "" : account_text(told.account, options_.masking);
    }
    [[nodiscard]] std::string_view event(const Told& told) const {
        return chinese() ? told.event_zh : told.event;
    }
    [[nodiscard]] std::string_view reason(const Told& told) const {
        const risk::ReasonText& text = risk::reason_text(told.reason);
        return told.reason == risk::Reason::none ? "" : chinese() ? text.chinese : text.english;
    }
    // Microseconds: what tells one act from the next for a person.
    static std::string time(const Told& told) {
        std::string text = taipei_text(told.at);
        return text.erase(text.find('+') - 3, 3);
    }

    void text(const Told& told) {
        const auto say = [this](const char* english, const char* chinese_word) {
            return std::string(chinese() ? chinese_word : english);
        };
        std::string line = time(told) + " " + std::to_string(told.record) + " " + std::string(event(told));
        const std::string_view outcome = name_of(told.outcome, options_.language);
        line += outcome.empty() ? "" : " " + std::string(outcome);
        if (told.order != 0 && told.order != told.record) {
            line += say(" of order ", " 委託 ") + std::to_string(told.order);
        }
        std::string more;
        const auto add = [&more](const std::string& part) { more += (more.empty() ? "" : ", ") + part; };
        if (!told.symbol.empty()) {
            add((told.side == risk::Side::none ? ""
                                               : std::string(name_of(told.side, options_.language)) + " ") +
                std::string(told.symbol.view()));
        }
        if (told.last_quantity != 0) {
            add(say("filled ", "成交 ") + std::to_string(told.last_quantity) + say(" at ", " 價 ") +
                dollars_text(told.last_price));
        }
        if (told.quantity != 0) {
            add(std::to_string(told.quantity) + say(" shares", " 股") +
                (told.price == 0 ? "" : say(" at ", " 價 ") + dollars_text(told.price)));
        }
        if (told.leaves != 0 || told.filled != 0) {
            add(say("leaves ", "未成交 ") + std::to_string(told.leaves) + say(", filled ", "，已成交 ") +
                std::to_string(told.filled));
        }
        const auto named = [&add](const std::string& name, const std::string& value) {
            if (!value.empty()) {
                add(name + value);
            }
        };
        named("ClOrdID ", std::string(told.client_order_id.view()));
        named(say("order number ", "委託書號 "), std::string(told.order_number.view()));
        named(say("session ", "連線 "), told.session == 0 ? "" : std::to_string(told.session));
        named(say("user ", "使用者 "), told.user);
        named(say("approved by ", "核准 "), told.approver);
        named(say("investor ", "投資人 "), std::string(told.investor.view()));
        named(say("account ", "帳號 "), account(told));
        named(say("venue code ", "交易所代碼 "), told.venue_code == 0 ? "" : std::to_string(told.venue_code));
        named("", std::string(reason(told)));
        named("", told.detail);
        sink_(line + (more.empty() ? "" : ": " + more) + "\n");
    }

    void row(const Told& told) {
        const risk::ReasonText& reason_of = risk::reason_text(told.reason);
        const auto or_nothing = [](std::uint64_t number) {
            return number == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(number);
        };
        const bool has_side = told.side != risk::Side::none;
        const nlohmann::ordered_json row{
            {"time", time(told)},
            {"record", told.record},
            {"event", event(told)},
            {"outcome", name_of(told.outcome, options_.language)},
            {"order", or_nothing(told.order)},
            {"session", or_nothing(told.session)},
            {"line", or_nothing(told.line)},
            {"user", told.user},
            {"approver", told.approver},
            {"investor", told.investor.view()},
            {"account", account(told)},
            {"symbol", told.symbol.view()},
            {"side", has_side ? name_of(told.side, options_.language) : ""},
            {"quantity", told.quantity},
            {"price", dollars_text(told.price)},
            {"leaves", told.leaves},
            {"filled", told.filled},
            {"last_quantity", told.last_quantity},
            {"last_price", dollars_text(told.last_price)},
            {"client_order_id", told.client_order_id.view()},
            {"venue_order_number", told.order_number.view()},
            {"reason_code", told.reason == risk::Reason::none ? "" : reason_of.code},
            {"reason", reason(told)},
            {"venue_code", or_nothing(told.venue_code)},
            {"detail", told.detail}};
        if (options_.format == TableFormat::csv) {
            std::string line;
            for (const auto& [name, value] : row.items()) {
                line += line.empty() ? "" : ",";
                line += value.is_string()   ? csv_cell(value.get_ref<const std::string&>())
                        : value.is_number() ? value.dump()
                                            : "";
            }
            sink_(line + "\n");
            return;
        }
        // What a client sent may be no UTF-8.
        sink_((rows_ == 0 ? "\n" : ",\n") +
              row.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    }

    const TrailOptions& options_;
    const Sink& sink_;
    std::uint64_t rows_ = 0;
};

// --- which order

class OrderSearch {
  public:
    explicit OrderSearch(const TrailOptions& options) : options_(options), id_(options.name) {
        if (const std::size_t slash = options.name.find('/'); slash != std::string::npos) {
            if (const std::uint64_t session = number_of(options.name.substr(0, slash)); session != 0) {
                session_ = session;
                id_ = options.name.substr(slash + 1);
            }
        }
        sequence_ = session_ == 0 ? number_of(options.name) : 0;
    }
    void take(const Told& told) {
        if (told.order == 0 || told.at < options_.from || told.at > options_.to) {
            return;
        }
        const bool command = told.kind == RecordKind::new_order || told.kind == RecordKind::replace_order ||
                             told.kind == RecordKind::cancel_order;
        const bool by_id =
            command && told.client_order_id.view() == id_ && (session_ == 0 || told.session == session_);
        // A New that waited has its number only when it is released.
        const bool numbered = command || told.kind == RecordKind::released;
        const bool by_number = numbered && session_ == 0 && !id_.empty() && told.order_number.view() == id_;
        const bool by_sequence = told.kind == RecordKind::new_order && told.record == sequence_;
        if (by_id || by_number || by_sequence) {
            if (told.kind == RecordKind::new_order && told.order == told.record) {
                found_.emplace(told.order, describe(told));
            } else {
                found_.emplace(told.order, "order " + std::to_string(told.order));
            }
        }
    }
    [[nodiscard]] const std::map<risk::Sequence, std::string>& found() const noexcept { return found_; }

  private:
    [[nodiscard]] std::string describe(const Told& told) const {
        return "order " + std::to_string(told.order) + ": " + taipei_text(told.at) + ", session " +
               std::to_string(told.session) + ", ClOrdID " + std::string(told.client_order_id.view()) +
               (told.order_number.empty() ? "" : ", order number " + std::string(told.order_number.view())) +
               ", " + std::string(told.symbol.view());
    }
    const TrailOptions& options_;
    std::string id_;
    std::uint64_t session_ = 0;
    risk::Sequence sequence_ = 0;
    std::map<risk::Sequence, std::string> found_;
};

// The rows of one order: its own records, the hand-overs to the socket that carried its messages, and what
// made the gateway act upon it: a mass cancel, a halt, a logout.
class OrderTrail {
  public:
    explicit OrderTrail(risk::Sequence order) : order_(order) {}

    void take(const Told& told, const risk::Record& record) {
        if (told.kind == RecordKind::handed_to_socket) {
            const risk::HandedToSocketFacts& facts = as_kind<risk::HandedToSocket>(record).facts;
            const auto carried = std::find_if(under_way_.begin(), under_way_.end(), [&](const auto& message) {
                return message.first == told.line && message.second >= facts.first_number &&
                       message.second <= facts.last_number;
            });
            if (carried != under_way_.end()) {
                under_way_.erase(carried);
                rows_.push_back(told);
            }
            return;
        }
        if (told.order != order_) {
            return;
        }
        rows_.push_back(told);
        if (told.line_number != 0) {
            under_way_.emplace_back(told.line, told.line_number);
        }
        if (told.cause != 0) {
            causes_.insert(told.cause);
        }
    }
    // Causes that are no records of the order itself.
    [[nodiscard]] std::set<risk::Sequence> open_causes() const {
        std::set<risk::Sequence> open = causes_;
        for (const Told& told : rows_) {
            open.erase(told.record);
        }
        return open;
    }
    void add(const Told& told) { rows_.push_back(told); }
    [[nodiscard]] const std::vector<Told>& in_order() {
        std::sort(rows_.begin(), rows_.end(),
                  [](const Told& a, const Told& b) { return a.record < b.record; });
        return rows_;
    }

  private:
    risk::Sequence order_;
    std::vector<Told> rows_;
    std::vector<std::pair<std::uint32_t, std::uint64_t>> under_way_;  // line and message number
    std::set<risk::Sequence> causes_;
};

// One record alone. Empty text: told.
std::string tell_one(const TrailOptions& options, risk::Sequence sequence, OrderTrail& into) {
    JournalReader reader;
    RecordView view;
    RecordStorage storage;
    if (!reader.open(options.place, sequence) || reader.next(view) != ReadStatus::record) {
        return "record " + std::to_string(sequence) + " cannot be read: " + reader.error();
    }
    Teller teller(options.language);
    if (const risk::Record* record = materialize(view, storage); record != nullptr) {
        into.add(teller.tell(*record, nullptr, view.section(SectionKind::received)));
    }
    return {};
}

TrailResult trail_of_order(const TrailOptions& options, const Sink& sink) {
    TrailResult result;
    OrderSearch search(options);
    result.error = tell_all(options.place, options.language,
                            [&search](const Told& told, const Source&) { search.take(told); });
    if (result.error.empty() && search.found().size() != 1) {
        result.asked_wrongly = true;
        result.error = search.found().empty()
                           ? "no order '" + options.name + "' in this journal and time"
                           : "'" + options.name + "' names " + std::to_string(search.found().size()) +
                                 " orders: ask by SESSION/ClOrdID, by order:RECORD, or "
                                 "with --from and --to";
        for (const auto& [order, text] : search.found()) {
            if (result.candidates.size() < candidates_max) {
                result.candidates.push_back(text);
            }
        }
    }
    if (search.found().size() != 1) {
        return result;
    }
    OrderTrail trail(search.found().begin()->first);
    result.error =
        tell_all(options.place, options.language,
                 [&trail](const Told& told, const Source& source) { trail.take(told, source.record); });
    for (const risk::Sequence cause : trail.open_causes()) {
        const std::string problem = tell_one(options, cause, trail);
        result.error = result.error.empty() ? problem : result.error;
    }
    // The whole life, whatever time was given to find it.
    TrailOptions whole = options;
    whole.from = 0;
    whole.to = INT64_MAX;
    Writer writer(whole, sink);
    for (const Told& told : trail.in_order()) {
        writer.add(told);
    }
    writer.end();
    result.rows = writer.rows();
    return result;
}

// --- all acts of somebody

// Value of a tag of a FIX message, or empty.
std::string_view fix_value(std::string_view message, std::string_view tag) {
    const std::string wanted = std::string("\x01") + std::string(tag) + "=";
    const std::size_t at = message.find(wanted);
    if (at == std::string_view::npos) {
        return {};
    }
    const std::size_t begin = at + wanted.size();
    return message.substr(begin, message.find('\x01', begin) - begin);
}

class ActSearch {
  public:
    explicit ActSearch(const TrailOptions& options) : options_(options) {
        if (options.of == TrailOf::session && number_of(options.name) != 0) {
            sessions_.insert(number_of(options.name));
        }
    }
    [[nodiscard]] bool belongs(const Told& told, Bytes raw) {
        switch (options_.of) {
            case TrailOf::order:
                return false;
            case TrailOf::investor:
                return told.investor.view() == options_.name;
            case TrailOf::user:
                return told.user == options_.name || told.approver == options_.name;
            case TrailOf::session:
                break;
        }
        if (told.kind == RecordKind::logon_attempt && told.session != 0) {
            const std::string_view message(reinterpret_cast<const char*>(raw.data()), raw.size());
            if (fix_value(message, "49") == options_.name) {
                sessions_.insert(told.session);
            }
        }
        const auto is = [this](std::uint64_t session) {
            return session != 0 && sessions_.count(session) != 0;
        };
        return is(told.session) || is(told.line) || is(told.client_session);
    }

  private:
    const TrailOptions& options_;
    std::set<std::uint64_t> sessions_;
};

}  // namespace

std::string parse_trail(std::string_view text, TrailOptions& into) {
    static constexpr std::array<std::pair<std::string_view, TrailOf>, 4> kinds{
        {{"order:", TrailOf::order},
         {"investor:", TrailOf::investor},
         {"session:", TrailOf::session},
         {"user:", TrailOf::user}}};
    for (const auto& [prefix, of] : kinds) {
        if (text.substr(0, prefix.size()) == prefix && text.size() > prefix.size()) {
            into.of = of;
            into.name = text.substr(prefix.size());
            return {};
        }
    }
    return "'" + std::string(text) + "': must be order:X, investor:X, session:X or user:X";
}

TrailResult write_trail(const TrailOptions& options, const Sink& sink) {
    if (options.of == TrailOf::order) {
        return trail_of_order(options, sink);
    }
    TrailResult result;
    ActSearch search(options);
    Writer writer(options, sink);
    result.error = tell_all(options.place, options.language, [&](const Told& told, const Source& source) {
        if (search.belongs(told, source.raw)) {
            writer.add(told);
        }
    });
    writer.end();
    result.rows = writer.rows();
    if (result.error.empty() && result.rows == 0) {
        result.asked_wrongly = true;
        result.error = "nothing of '" + options.name + "' in this journal and time";
    }
    return result;
}

}  // namespace fairlead::audit
