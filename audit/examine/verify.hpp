// Verify: reads a journal from its first record to its last, makes every check, those of
// checkpoints if a key is given, and replays it through a Ledger of its own. Says what it found; prints
// nothing. Called by fairlead-examine and by tests.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "audit/examine/checkpoint_check.hpp"
#include "audit/format.hpp"
#include "risk/credit.hpp"
#include "risk/reason.hpp"

namespace fairlead::audit {

struct VerifyOptions {
    std::string journal_directory;
    std::string spare_directory;  // where the journal goes on, if its device failed; empty: nowhere
    // SHA-256 of the gateway program at hand; zeros: none. Only to say whether another build wrote the
    // journal.
    risk::Sha256 program{};
    // Of those who may have signed checkpoints; none: they are not checked.
    std::vector<VerifierKey> keys;
    const SignedCheckpoint* since = nullptr;  // taken away earlier
    // Of those who may prune, two by two; none: signatures under pruned segments are counted, not verified.
    std::vector<VerifierKey> pruners;
    std::shared_ptr<ReadWatch> watch;  // may be null
};

// What one account has executed and has open at the end of the replay.
struct AccountExposure {
    risk::AccountKey account;
    risk::InvestorId investor;
    risk::Exposure exposure;
};

struct VerifyReport {
    // What is wrong, in journal order; empty = nothing. Each names the place and the rule.
    std::vector<std::string> findings;
    std::uint64_t findings_left_out = 0;  // beyond the first hundred
    // With damage: what is whole and provable nevertheless, before it and behind it.
    std::vector<std::string> provable;
    // What an examiner should know, but breaks no rule.
    std::vector<std::string> remarks;

    std::uint64_t segments = 0;
    std::uint64_t frames = 0;
    std::uint64_t records = 0;
    risk::Sequence pruned = 0;  // records 1 to this one are gone, their hashes are kept; 0: none
    std::uint32_t epoch = 0;
    risk::UtcNs first_utc_ns = 0;
    risk::UtcNs last_utc_ns = 0;
    bool sealed = false;
    std::uint64_t torn_bytes = 0;
    std::map<std::uint16_t, std::uint64_t> by_kind;

    std::uint64_t orders_in = 0;
    std::uint64_t accepted = 0;
    std::uint64_t restated = 0;  // PossResend of a known order: answered, not a new order
    std::uint64_t refused = 0;
    std::map<risk::Reason, std::uint64_t> refused_by_reason;
    std::uint64_t replaces = 0;
    std::uint64_t cancels = 0;
    std::uint64_t commands_refused = 0;  // replaces and cancels
    std::uint64_t fills = 0;
    std::uint64_t orders_cancelled = 0;
    std::uint64_t orphans = 0;
    std::uint64_t order_numbers = 0;
    std::uint64_t message_numbers = 0;  // of client sessions and venue lines, both ways, without a hole

    bool checkpoints_checked = false;  // a key was given
    CheckpointReport checkpoints;

    std::uint64_t decisions_compared = 0;
    std::uint64_t digests_compared = 0;
    bool replayed = false;  // to the last record
    risk::StateDigest digest{};
    std::vector<AccountExposure> exposures;  // accounts that have traded or have orders open

    [[nodiscard]] bool ok() const noexcept { return findings.empty(); }
};

[[nodiscard]] VerifyReport verify(const VerifyOptions& options);

[[nodiscard]] std::string digest_text(const risk::StateDigest& digest);

}  // namespace fairlead::audit
