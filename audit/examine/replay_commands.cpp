#include "audit/examine/replay_commands.hpp"

#include <charconv>
#include <cstdio>

#include "audit/examine/explain.hpp"
#include "audit/examine/what_if.hpp"

namespace fairlead::audit {

namespace {

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}
int fail(const std::string& text, int code) {
    std::fprintf(stderr, "%s\n", text.c_str());
    return code;
}
TableFormat format_of(const std::string& word) {
    return word == "json" ? TableFormat::json : word == "csv" ? TableFormat::csv : TableFormat::text;
}
Masking masking_of(const ReplayArguments& given) {
    return given.reveal ? Masking::revealed : Masking::masked;
}

int run_what_if(const JournalPlace& place, const ReplayArguments& given) {
    const WhatIfResult result =
        write_what_if({place, given.what_if, format_of(given.format), masking_of(given)}, print);
    if (!result.error.empty()) {
        return fail(result.error, 1);
    }
    return result.disagreements == 0
               ? 0
               : fail(std::to_string(result.disagreements) +
                          " accepted commands are above the limits in force: run verify and explain",
                      1);
}

}  // namespace

void add_explain_options(CLI::App& explain, ReplayArguments& given) {
    explain.add_option("sequence", given.sequence, "The record: a New, Replace or Cancel, or any other")
        ->required();
    explain.add_option("--format", given.format, "text or json")->check(CLI::IsMember({"text", "json"}));
    explain.add_option("--lang", given.language, "en or zh")->check(CLI::IsMember({"en", "zh"}));
    explain.add_flag("--reveal", given.reveal, "Account numbers whole, not only their last two digits");
}

void add_replay_options(CLI::App& replay, ReplayArguments& given) {
    auto* until = replay.add_option(
        "--until", given.until,
        "Exposures behind this record, or at this time: 2026-11-23T10:30:00 is Taipei's; a fraction, +08:00 "
        "or Z may follow");
    replay
        .add_option(
            "--what-if", given.what_if,
            "A proposed limits file, in place of the opening limits (what control has set stays set). "
            "Lists the accepted orders and replaces that it would have refused. The flow stays as it "
            "was: each is judged with the exposures that really stood before it, so replaces, cancels "
            "and fills of a listed order still count. Message rates are not judged")
        ->check(CLI::ExistingFile)
        ->excludes(until);
    replay.add_option("--investor", given.investor, "Only this investor, with its accounts")->needs(until);
    replay.add_option("--account", given.account, "Only this account, BRANCH-NUMBER")->needs(until);
    replay.add_flag("--all", given.all, "Also who has no business and no halt")->needs(until);
    replay.add_option("--format", given.format, "text, json or csv")
        ->check(CLI::IsMember({"text", "json", "csv"}));
    replay.add_flag("--reveal", given.reveal, "Account numbers whole, not only their last two digits");
}

int run_explain(const JournalPlace& place, const ReplayArguments& given) {
    const Explanation explanation = explain(place, given.sequence, masking_of(given));
    if (!explanation.error.empty()) {
        return fail(explanation.error, 1);
    }
    const Language language = given.language == "zh" ? Language::chinese : Language::english;
    print(given.format == "json" ? json_of(explanation, language) : text_of(explanation, language));
    return explanation.has_decision && !explanation.equal ? 1 : 0;
}

int run_replay(const JournalPlace& place, const ReplayArguments& given) {
    if (!given.what_if.empty()) {
        return run_what_if(place, given);
    }
    ExposureOptions options;
    options.place = place;
    options.investor = given.investor;
    options.all = given.all;
    options.format = format_of(given.format);
    options.masking = masking_of(given);
    if (given.until.empty()) {
        return fail("give --until SEQ, --until TIME or --what-if FILE", 2);
    }
    const char* end = given.until.data() + given.until.size();
    const auto number = std::from_chars(given.until.data(), end, options.until_sequence);
    const bool is_sequence = number.ec == std::errc{} && number.ptr == end && options.until_sequence > 0;
    if (!is_sequence) {
        options.until_sequence = 0;
        if (!parse_taipei(given.until, options.until_utc_ns)) {
            return fail("--until " + given.until +
                            ": must be a record's sequence, from 1, or a time as 2026-11-23T10:30:00",
                        2);
        }
    }
    if (!given.account.empty() && !parse_account(given.account, options.account)) {
        return fail("--account: must be BRANCH-NUMBER, as 8610-0000017", 2);
    }
    const std::string error = write_exposures(options, print);
    return error.empty() ? 0 : fail(error, 1);
}

}  // namespace fairlead::audit
