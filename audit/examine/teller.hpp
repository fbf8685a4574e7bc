// Teller: says of each record of a journal what happened, to which order, by whom. Follows which order is
// whose, so that a venue's report names the investor. Judges nothing. Used by trail and export.
#pragma once

#include <map>
#include <string>
#include <unordered_map>

#include "audit/examine/words.hpp"
#include "audit/format.hpp"
#include "risk/record_operation.hpp"
#include "risk/routing.hpp"

namespace fairlead::audit {

// One record, told. What a record does not have is empty, 0 or `none`.
struct Told {
    risk::Sequence record = 0;
    risk::UtcNs at = 0;
    risk::RecordKind kind = risk::RecordKind::none;
    std::string_view event;     // stable English name: new_order, fill, limit_set ...
    std::string_view event_zh;  // what a person reads in Chinese
    risk::Outcome outcome = risk::Outcome::none;
    risk::Reason reason = risk::Reason::none;
    std::uint16_t venue_code = 0;
    risk::Sequence order = 0;  // sequence of the order's New
    risk::Sequence cause = 0;
    std::uint32_t session = 0;  // client session or venue line of the record
    std::uint32_t line = 0;     // venue line a message went to
    std::uint64_t line_number = 0;
    std::uint32_t client_session = 0;  // told to
    std::string user;
    std::string approver;
    risk::InvestorId investor;
    risk::AccountKey account;
    risk::Symbol symbol;
    risk::Side side = risk::Side::none;
    risk::ClientOrderId client_order_id;
    risk::OrderNumber order_number;
    risk::Quantity quantity = 0;  // shares
    risk::Price price = 0;        // NTD/10,000
    risk::Quantity leaves = 0;    // after this record
    risk::Quantity filled = 0;    // after this record
    risk::Quantity last_quantity = 0;
    risk::Price last_price = 0;
    std::string detail;  // in the language asked for
};

class Teller {
  public:
    explicit Teller(Language language) : language_(language) {}

    // Records in journal order, each once. answered: null where the record holds no decision; raw: the bytes
    // as received, empty where there are none. The result is good until the next call.
    const Told& tell(const risk::Record& record, const risk::Answered* answered, Bytes raw);

  private:
    // Whose an order is. One entry an order of the day.
    struct Owner {
        risk::InvestorId investor;
        risk::AccountKey account;
        risk::Symbol symbol;
        risk::Side side = risk::Side::none;
        risk::OrderNumber order_number;
    };

    void tell_person(const risk::Person& person);
    void tell_subject(const risk::Subject& subject);
    void tell_command(const risk::Record& record);
    void tell_venue(const risk::Record& record);
    void tell_limit(const risk::LimitSetFacts& limit);
    void tell_proposal(const risk::ProposalFacts& facts);
    void tell_control(const risk::Record& record, Bytes raw);
    void tell_session(const risk::Record& record);
    void tell_operation(const risk::Record& record, Bytes raw);
    void take_answer(const risk::Answered& answered);
    void take_owner();
    void add(const std::string& text);
    void tell_incident(risk::IncidentCause cause);
    [[nodiscard]] std::string word(std::string_view english, std::string_view chinese) const;

    Language language_;
    Told told_;
    std::unordered_map<risk::Sequence, Owner> owners_;
    std::unordered_map<std::uint32_t, risk::UserName> logged_on_;  // by client session
    std::map<risk::AccountKey, risk::InvestorId> investors_;       // as commands have said
};

// Stable English name of a kind of record, for counts.
[[nodiscard]] std::string_view name_of(risk::RecordKind kind, Language language = Language::english);
[[nodiscard]] std::string_view name_of(risk::Outcome outcome, Language language = Language::english);
[[nodiscard]] std::string_view name_of(risk::LogonVerdict verdict, Language language = Language::english);
[[nodiscard]] std::string_view name_of(risk::LogoutCause cause, Language language = Language::english);
[[nodiscard]] std::string_view name_of(risk::ApprovalVerdict verdict, Language language = Language::english);
[[nodiscard]] std::string_view name_of(risk::LadderStep step, Language language = Language::english);
[[nodiscard]] std::string_view name_of(risk::VisitAct act, Language language = Language::english);
[[nodiscard]] std::string_view name_of(risk::ControlVerb verb, Language language = Language::english);

}  // namespace fairlead::audit
