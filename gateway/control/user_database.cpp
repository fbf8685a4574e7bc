// Users in SQLite; see user_database.hpp.
#include "gateway/control/user_database.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "config/files.hpp"

namespace fairlead::gateway {
namespace {

constexpr int visits_remembered = 1'000;

constexpr const char* tables = R"(
PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;
CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, role TEXT NOT NULL, of_file INTEGER NOT NULL,
  role_set INTEGER NOT NULL, file_hash TEXT NOT NULL, password_hash TEXT NOT NULL, changed_ns INTEGER NOT NULL,
  used_ns INTEGER NOT NULL, must_change INTEGER NOT NULL, disabled INTEGER NOT NULL, expires_ns INTEGER NOT NULL,
  created_ns INTEGER NOT NULL, totp BLOB NOT NULL, totp_confirmed INTEGER NOT NULL, totp_step INTEGER NOT NULL,
  reviewed_half_year INTEGER NOT NULL, review INTEGER NOT NULL, reviewed_by TEXT NOT NULL,
  reviewed_ns INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS history (name TEXT NOT NULL, place INTEGER NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (name, place)) STRICT;
CREATE TABLE IF NOT EXISTS visits (number INTEGER PRIMARY KEY, vendor TEXT NOT NULL, ticket TEXT NOT NULL,
  purpose TEXT NOT NULL, opened_by TEXT NOT NULL, approved_by TEXT NOT NULL, opened_ns INTEGER NOT NULL,
  until_ns INTEGER NOT NULL, closed_by TEXT NOT NULL, closed_ns INTEGER NOT NULL, signed_by TEXT NOT NULL,
  signed_ns INTEGER NOT NULL, finding TEXT NOT NULL) STRICT;
)";

std::string system_error(const std::string& path, int error) {
    return path + ": " + std::system_category().message(error);
}

// One prepared statement; values are bound and read in their order.
class Statement {
  public:
    Statement(sqlite3* base, const char* text) {
        good_ = sqlite3_prepare_v2(base, text, -1, &statement_, nullptr) == SQLITE_OK;
    }
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    Statement& put(std::int64_t value) {
        good_ = good_ && sqlite3_bind_int64(statement_, ++bound_, value) == SQLITE_OK;
        return *this;
    }
    Statement& put(std::string_view text) {
        good_ = good_ && sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()),
                                           SQLITE_TRANSIENT) == SQLITE_OK;
        return *this;
    }
    Statement& put_blob(std::string_view bytes) {
        good_ = good_ && sqlite3_bind_blob(statement_, ++bound_, bytes.data(), static_cast<int>(bytes.size()),
                                           SQLITE_TRANSIENT) == SQLITE_OK;
        return *this;
    }
    // True: there is a row to read.
    bool row() {
        read_ = 0;
        const int result = good_ ? sqlite3_step(statement_) : SQLITE_ERROR;
        good_ = good_ && (result == SQLITE_ROW || result == SQLITE_DONE);
        return result == SQLITE_ROW;
    }
    bool done() { return !row() && good_; }
    [[nodiscard]] bool good() const { return good_; }
    std::int64_t number() { return sqlite3_column_int64(statement_, read_++); }
    std::string text() {
        const void* bytes = sqlite3_column_blob(statement_, read_);
        const auto length = static_cast<std::size_t>(sqlite3_column_bytes(statement_, read_++));
        return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), length);
    }

  private:
    sqlite3_stmt* statement_ = nullptr;
    int bound_ = 0;
    int read_ = 0;
    bool good_ = false;
};

}  // namespace

std::string random_password() {
    static constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    std::string password;
    while (password.size() < 20) {
        password += letters[randombytes_uniform(static_cast<std::uint32_t>(letters.size()))];
    }
    return password;
}

UserDatabase::~UserDatabase() {
    sqlite3_close(base_);
    sodium_memzero(key_.data(), key_.size());
}

std::string UserDatabase::problem() const {
    return path_ + ": " + (base_ == nullptr ? "no memory" : sqlite3_errmsg(base_));
}

std::string UserDatabase::run(const char* text) {
    return sqlite3_exec(base_, text, nullptr, nullptr, nullptr) == SQLITE_OK ? "" : problem();
}

// Ends the transaction: what could not all be done is not done at all.
std::string UserDatabase::finish(std::string error) {
    if (error.empty()) {
        error = run("COMMIT");
    }
    if (!error.empty()) {
        sqlite3_exec(base_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
    return error;
}

std::string UserDatabase::open(const std::string& path) {
    path_ = path;
    if (std::string error = open_key(path + ".key"); !error.empty()) {
        return error;
    }
    // Made here, for its owner alone; SQLite gives its journal the same mode.
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
        return system_error(path, errno);
    }
    ::close(file);
    if (sqlite3_open_v2(path.c_str(), &base_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr) !=
        SQLITE_OK) {
        return problem();
    }
    sqlite3_busy_timeout(base_, 2'000);
    return run(tables);
}

std::string UserDatabase::open_key(const std::string& path) {
    std::string error;
    if (config::read_file(path, key_, error)) {
        return key_.size() == crypto_secretbox_KEYBYTES
                   ? ""
                   : path + ": must hold " + std::to_string(crypto_secretbox_KEYBYTES) + " bytes";
    }
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        return system_error(path, errno);
    }
    key_.resize(crypto_secretbox_KEYBYTES);
    randombytes_buf(key_.data(), key_.size());
    const bool written =
        ::write(file, key_.data(), key_.size()) == static_cast<ssize_t>(key_.size()) && ::fsync(file) == 0;
    const int problem = errno;
    ::close(file);
    return written ? "" : system_error(path, problem);
}

std::string UserDatabase::seal(const std::string& secret) const {
    if (secret.empty()) {
        return {};
    }
    std::string sealed(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + secret.size(), '\0');
    auto* nonce = reinterpret_cast<unsigned char*>(sealed.data());
    randombytes_buf(nonce, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(nonce + crypto_secretbox_NONCEBYTES,
                          reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), nonce,
                          reinterpret_cast<const unsigned char*>(key_.data()));
    return sealed;
}

bool UserDatabase::unseal(const std::string& sealed, std::string& secret) const {
    constexpr std::size_t around = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    secret.clear();
    if (sealed.empty()) {
        return true;
    }
    if (sealed.size() <= around) {
        return false;
    }
    secret.resize(sealed.size() - around);
    const auto* nonce = reinterpret_cast<const unsigned char*>(sealed.data());
    return crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(secret.data()),
                                      nonce + crypto_secretbox_NONCEBYTES,
                                      sealed.size() - crypto_secretbox_NONCEBYTES, nonce,
                                      reinterpret_cast<const unsigned char*>(key_.data())) == 0;
}

std::string UserDatabase::load(std::vector<StoredUser>& users, std::vector<VisitView>& visits) {
    Statement read(base_,
                   "SELECT name, role, of_file, role_set, file_hash, password_hash, changed_ns, used_ns, "
                   "must_change, disabled, expires_ns, created_ns, totp, totp_confirmed, totp_step, "
                   "reviewed_half_year, review, reviewed_by, reviewed_ns FROM users ORDER BY name");
    while (read.row()) {
        StoredUser one;
        one.user.name = one.state.name = risk::UserName(read.text());
        one.user.role = config::parse_role(read.text());
        one.of_file = read.number() != 0;
        one.role_set = read.number() != 0;
        one.state.file_hash = read.text();
        one.state.password_hash = read.text();
        one.state.changed_ns = read.number();
        one.state.used_ns = read.number();
        one.state.must_change = read.number() != 0;
        one.state.disabled = read.number() != 0;
        one.user.expires_ns = read.number();
        one.created_ns = read.number();
        if (!unseal(read.text(), one.totp_secret)) {
            return path_ + ": the second factor of " + std::string(one.user.name.view()) +
                   " does not open with the key beside the file";
        }
        one.totp_confirmed = read.number() != 0;
        one.totp_step = read.number();
        one.reviewed_half_year = static_cast<std::uint32_t>(read.number());
        one.review = static_cast<risk::ReviewDecision>(read.number());
        one.reviewed_by = risk::UserName(read.text());
        one.reviewed_ns = read.number();
        users.push_back(std::move(one));
    }
    if (!read.good()) {
        return problem();
    }
    std::map<risk::UserName, StoredUser*> by_name;
    for (StoredUser& user : users) {
        by_name[user.user.name] = &user;
    }
    std::string error = load_history(by_name);
    return error.empty() ? load_visits(visits) : error;
}

std::string UserDatabase::load_history(std::map<risk::UserName, StoredUser*>& users) {
    Statement read(base_, "SELECT name, hash FROM history ORDER BY name, place");
    while (read.row()) {
        const auto found = users.find(risk::UserName(read.text()));
        if (found != users.end()) {
            found->second->state.history.push_back(read.text());
        }
    }
    return read.good() ? "" : problem();
}

std::string UserDatabase::load_visits(std::vector<VisitView>& visits) {
    Statement read(base_,
                   "SELECT number, vendor, ticket, purpose, opened_by, approved_by, opened_ns, until_ns, "
                   "closed_by, closed_ns, signed_by, signed_ns, finding FROM visits ORDER BY number DESC "
                   "LIMIT ?");
    read.put(visits_remembered);
    while (read.row()) {
        VisitView one;
        one.number = read.number();
        one.vendor = risk::UserName(read.text());
        one.ticket = risk::Text<32>(read.text());
        one.purpose = risk::Text<64>(read.text());
        one.opened_by = risk::UserName(read.text());
        one.approved_by = risk::UserName(read.text());
        one.opened_ns = read.number();
        one.until_ns = read.number();
        one.closed_by = risk::UserName(read.text());
        one.closed_ns = read.number();
        one.signed_by = risk::UserName(read.text());
        one.signed_ns = read.number();
        one.finding = risk::Text<64>(read.text());
        visits.push_back(one);
    }
    std::reverse(visits.begin(), visits.end());
    return read.good() ? "" : problem();
}

std::string UserDatabase::store_one(const StoredUser& one) {
    const std::string_view name = one.user.name.view();
    Statement user(base_,
                   "INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                   "?, ?)");
    user.put(name).put(config::role_name(one.user.role)).put(one.of_file ? 1 : 0).put(one.role_set ? 1 : 0);
    user.put(one.state.file_hash).put(one.state.password_hash).put(one.state.changed_ns);
    user.put(one.state.used_ns).put(one.state.must_change ? 1 : 0).put(one.state.disabled ? 1 : 0);
    user.put(one.user.expires_ns).put(one.created_ns).put_blob(seal(one.totp_secret));
    user.put(one.totp_confirmed ? 1 : 0).put(one.totp_step).put(std::int64_t{one.reviewed_half_year});
    user.put(static_cast<std::int64_t>(one.review)).put(one.reviewed_by.view()).put(one.reviewed_ns);
    if (!user.done()) {
        return problem();
    }
    Statement forget(base_, "DELETE FROM history WHERE name = ?");
    if (!forget.put(name).done()) {
        return problem();
    }
    for (std::size_t place = 0; place < one.state.history.size(); ++place) {
        Statement past(base_, "INSERT INTO history VALUES (?, ?, ?)");
        if (!past.put(name).put(static_cast<std::int64_t>(place)).put(one.state.history[place]).done()) {
            return problem();
        }
    }
    return {};
}

std::string UserDatabase::store(const std::vector<const StoredUser*>& users) {
    std::string error = run("BEGIN IMMEDIATE");
    if (!error.empty()) {
        return error;
    }
    for (const StoredUser* user : users) {
        if (error.empty()) {
            error = store_one(*user);
        }
    }
    return finish(error);
}

std::string UserDatabase::store_uses(const std::vector<std::pair<risk::UserName, risk::UtcNs>>& uses) {
    std::string error = run("BEGIN IMMEDIATE");
    if (!error.empty()) {
        return error;
    }
    for (const auto& [name, used_ns] : uses) {
        Statement use(base_, "UPDATE users SET used_ns = ? WHERE name = ?");
        if (error.empty() && !use.put(used_ns).put(name.view()).done()) {
            error = problem();
        }
    }
    return finish(error);
}

std::string UserDatabase::store(VisitView& visit) {
    std::string error = run("BEGIN IMMEDIATE");
    if (!error.empty()) {
        return error;
    }
    std::int64_t number = visit.number;
    if (number == 0) {
        Statement last(base_, "SELECT coalesce(max(number), 0) + 1 FROM visits");
        if (last.row()) {
            number = last.number();
        }
    }
    Statement one(base_, "INSERT OR REPLACE INTO visits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    one.put(number).put(visit.vendor.view()).put(visit.ticket.view()).put(visit.purpose.view());
    one.put(visit.opened_by.view()).put(visit.approved_by.view()).put(visit.opened_ns).put(visit.until_ns);
    one.put(visit.closed_by.view()).put(visit.closed_ns).put(visit.signed_by.view()).put(visit.signed_ns);
    one.put(visit.finding.view());
    error = finish(number != 0 && one.done() ? "" : problem());
    visit.number = error.empty() ? number : visit.number;
    return error;
}

}  // namespace fairlead::gateway
