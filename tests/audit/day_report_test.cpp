// The report of a day: its numbers, its page, its signature.
#include "audit/day_report/day_report.hpp"

#include <filesystem>
#include <fstream>

#include "audit/day_report/page.hpp"
#include "small_day.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

std::string day_text() {
    return taipei_text(origin_ns + 300 * second_ns).substr(0, 10);
}

DayReportOptions of(const Day& day) {
    DayReportOptions options;
    options.place = day.place();
    options.day = day_text();
    return options;
}

// Names that would be markup, a raised Limit, a failed login, a crash.
void more(Day& day) {
    risk::LimitSet limit;
    limit.facts.scope = risk::Scope::investor;
    limit.facts.dimension = risk::Dimension::buy;
    limit.facts.value = 700'000 * ntd;
    limit.subject.investor = risk::InvestorId{"A1"};
    limit.subject.user = risk::UserName{"<script>x"};
    limit.subject.approver = risk::UserName{"o'lee\""};
    limit.subject.reason = risk::Text<64>{"</td><script>alert(1)</script>&"};
    day.add(limit, risk::RecordKind::limit_set, 0, true);
    risk::LogonResult failed;
    failed.facts.verdict = risk::LogonVerdict::bad_credentials;
    day.add(failed, risk::RecordKind::logon_result, 0);
    day.add(risk::Start(), risk::RecordKind::start, 0);
    day.add(risk::Start(), risk::RecordKind::start, 0);
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// Each element closed in its turn. Void elements of HTML are left out.
bool well_formed(const std::string& html) {
    std::vector<std::string> open;
    for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
        const std::size_t end = html.find('>', at);
        std::string tag = html.substr(at + 1, end - at - 1);
        const bool closes = tag[0] == '/';
        const bool alone = tag[0] == '!' || tag.back() == '/';
        tag = tag.substr(closes ? 1 : 0, tag.find_first_of(" /", 1) - (closes ? 1 : 0));
        if (alone || tag == "meta") {
            continue;
        }
        if (!closes) {
            open.push_back(tag);
        } else if (open.empty() || open.back() != html.substr(at + 2, end - at - 2)) {
            return false;
        } else {
            open.pop_back();
        }
    }
    return open.empty();
}

}  // namespace

TEST_CASE("day_report_counts_what_the_journal_holds_of_the_day") {
    const Day day(false, more);
    const DayReport report = make_day_report(of(day));
    REQUIRE(report.error == "");
    // Two News accepted, one refused, one replace, one cancel, at 8:05 of the sample's day.
    CHECK(
        has(report.html,
            "<td class=\"n\">2</td><td class=\"n\">1</td><td class=\"n\">1</td><td class=\"n\">1</td></tr>"));
    CHECK(has(report.html, "<td>credit_buy</td><td class=\"n\">1</td><td class=\"n\">1</td>"));
    CHECK(has(report.html, "<td class=\"n\">500000</td><td class=\"n\">700000</td><td>raised</td>"));
    CHECK(has(report.html, "<td>Failed: unknown user or wrong password</td><td class=\"n\">1</td>"));
    CHECK(has(report.html, "the gateway had ended without a stop in order"));
    CHECK(has(report.html, "14 of them."));
}

TEST_CASE("day_report_of_a_day_without_records_is_an_answer") {
    const Day day;
    DayReportOptions options = of(day);
    options.day = "2001-01-01";
    CHECK(has(make_day_report(options).error, "holds no record of 2001-01-01"));
    for (const char* wrong : {"", "2026-13-01", "today", "2026-11-24T10:00:00"}) {
        options.day = wrong;
        CHECK(has(make_day_report(options).error, "is not a day"));
    }
}

TEST_CASE("day_report_opens_without_network_and_no_name_becomes_markup") {
    const Day day(false, more);
    const std::string html = make_day_report(of(day)).html;
    CHECK(well_formed(html));
    CHECK_FALSE(well_formed(html + "<p>"));
    for (const char* reach :
         {"http://", "https://", "src=", "href=", "url(", "@import", "<script", "<link"}) {
        INFO(reach);
        CHECK_FALSE(has(html, reach));
    }
    CHECK(has(html, "default-src 'none'"));
    CHECK(has(html, "<td>&lt;script&gt;x</td><td>o&#39;lee&quot;</td>"));
    CHECK(escaped("a<b>&\"'\x01") == "a&lt;b&gt;&amp;&quot;&#39; ");
}

TEST_CASE("day_report_of_the_same_journal_is_the_same_bytes") {
    const Day day(false, more);
    CHECK((make_day_report(of(day)).html == make_day_report(of(day)).html));
}

TEST_CASE("day_report_masks_account_numbers_and_says_so") {
    const Day day(false, [](Day& more_of) {
        risk::LimitSet limit;
        limit.facts.scope = risk::Scope::account;
        limit.facts.dimension = risk::Dimension::buy;
        limit.facts.value = 1;
        limit.subject.account = {risk::BranchId{"8610"}, 17};
        limit.subject.user = risk::UserName{"kuo"};
        more_of.add(limit, risk::RecordKind::limit_set, 0, true);
    });
    DayReportOptions options = of(day);
    std::string html = make_day_report(options).html;
    CHECK(has(html, "8610-*****17"));
    CHECK_FALSE(has(html, "8610-0000017"));
    CHECK(has(html, "masked."));
    options.masking = Masking::revealed;
    html = make_day_report(options).html;
    CHECK(has(html, "8610-0000017"));
    CHECK(has(html, "revealed."));
}

TEST_CASE("day_report_of_a_journal_that_does_not_replay_is_not_in_order_and_names_why") {
    const Day good(false, {});
    CHECK(make_day_report(of(good)).in_order);
    const Day spoiled(true);
    const DayReport report = make_day_report(of(spoiled));
    CHECK_FALSE(report.in_order);
    CHECK(has(report.html, "replay decides otherwise"));
}

TEST_CASE("day_report_tells_up_to_where_a_damaged_journal_could_be_counted") {
    const Day day;
    std::string path;
    for (const auto& entry : std::filesystem::directory_iterator(day.path())) {
        path = entry.path().extension() == ".flj" ? entry.path().string() : path;
    }
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(1'000);
    file.put('\x55');
    file.close();
    const DayReport report = make_day_report(of(day));
    CHECK_FALSE(report.in_order);
    CHECK((has(report.error, "segment-") || has(report.html, "end where reading ended")));
}

TEST_CASE("day_report_signed_is_told_from_any_other_bytes_and_any_other_signer") {
    SigningKey key;
    SigningKey other;
    REQUIRE(SigningKey::make("office.example", key) == "");
    REQUIRE(SigningKey::make("office.example", other) == "");
    const std::vector<VerifierKey> known{key.verifier()};
    const std::string html = "<p>a report</p>";
    const std::string note = key.sign_text(report_note_text("office.example", "2026-11-24", html));
    CHECK(check_report(html, note, known) == "");
    for (std::size_t i = 0; i < html.size(); ++i) {
        std::string changed = html;
        changed[i] ^= 1;
        CHECK_FALSE(check_report(changed, note, known).empty());
    }
    for (std::size_t i = 0; i < note.size(); ++i) {
        std::string changed = note;
        changed[i] ^= 1;
        INFO(i);
        CHECK_FALSE(check_report(html, changed, known).empty());
    }
    CHECK_FALSE(check_report(html, note, std::vector{other.verifier()}).empty());
    CHECK_FALSE(check_report(html, key.sign({"office.example", 5, {}}), known).empty());
}
