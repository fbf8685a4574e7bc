// The FIX reader on any bytes: what it takes for a message is one by the letter of the framing rules, seen by
// a second look that shares no code with it, and is read from its own bytes and from no fewer.
#include "fuzz_target.hpp"
#include "gateway/fix/dictionary.hpp"
#include "gateway/fix/reader.hpp"
#include "tests/fix/framing.hpp"

using namespace fairlead;

namespace {

// FIX 4.4 volume 2, "Standard Message Header" and "Trailer": 8=..|9=n|35=..., n bytes, 10=sum|.
bool is_message(std::string_view bytes) {
    const std::size_t begin_end = bytes.find('\x01');
    if (bytes.substr(0, 2) != "8=" || begin_end == std::string_view::npos) {
        return false;
    }
    const std::size_t length_end = bytes.find('\x01', begin_end + 1);
    if (length_end == std::string_view::npos || bytes.substr(begin_end + 1, 2) != "9=" || bytes.size() < 7) {
        return false;
    }
    std::uint64_t length = 0;
    const std::string_view digits = bytes.substr(begin_end + 3, length_end - begin_end - 3);
    for (const char digit : digits) {
        if (digit < '0' || digit > '9' || length > 1'000'000) {
            return false;
        }
        length = length * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    unsigned sum = 0;
    for (const char byte : bytes.substr(0, bytes.size() - 7)) {
        sum += static_cast<unsigned char>(byte);
    }
    const std::string whole = std::to_string(1000 + sum % 256).substr(1);
    return !digits.empty() && bytes.substr(length_end + 1, 3) == "35=" &&
           length_end + 1 + length + 7 == bytes.size() && bytes[bytes.size() - 8] == '\x01' &&
           bytes.substr(bytes.size() - 7) == "10=" + whole + "\x01";
}

void look(std::span<const char> bytes) {
    const fix::Reader reader(1024);
    fix::Message message;
    fix::Message again;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto rest = bytes.subspan(at);
        const fix::ReadResult result = reader.read(rest, message);
        if (result.status == fix::ReadStatus::incomplete) {
            test::demand(rest.size() < reader.message_max(),
                         "no message is waited for longer than the longest");
            break;
        }
        if (result.status == fix::ReadStatus::oversize) {
            break;
        }
        test::demand(result.consumed >= 1 && result.consumed <= rest.size(),
                     "bytes are consumed, and only those");
        if (result.status == fix::ReadStatus::complete) {
            const std::string_view whole(rest.data(), result.consumed);
            test::demand(is_message(whole), "what is taken for a message is one");
            test::demand(
                reader.read(rest.first(result.consumed), again).status == fix::ReadStatus::complete &&
                    reader.read(rest.first(result.consumed - 1), again).status != fix::ReadStatus::complete,
                "a message is read from its own bytes, and from no fewer");
            (void)fix::check(message, fix::Counterpart::client);
            (void)fix::check(message, fix::Counterpart::venue);
        }
        at += result.consumed;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = test::text_of(data, size);
    look(input);
    // With the right length and sum, which chance would not find.
    look(test::framed(input));
    return 0;
}
