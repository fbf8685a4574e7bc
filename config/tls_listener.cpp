// TLS listeners as the configuration has them; see tls_listener.hpp.
#include "config/tls_listener.hpp"

#include <algorithm>

namespace fairlead::config {
namespace {

bool is_listen(std::string_view text) {
    ListenAddress address;
    return parse_listen(text, address);
}
bool is_file(std::string_view text) {
    return !text.empty() && text.find('\0') == std::string_view::npos;
}
bool is_tls_name_or_empty(std::string_view text) {
    return text.empty() || is_tls_name(text);
}

}  // namespace

bool is_tls_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void read_tls_listener(TomlReader reader, const std::string& file, TlsListener& into) {
    const auto named = [&](std::string_view key, NamedFile& given) {
        reader.text(key, given.path, is_file, "a path; a relative one counts from this file's directory",
                    Need::required);
        given.line = reader.line_of(key);
        given.path = path_beside(file, given.path);
    };
    std::string address;
    reader.text("address", address, is_listen, "an \"address:port\" with a numeric address, port 0..65535",
                Need::required);
    static_cast<void>(parse_listen(address, into.listen));
    named("certificate", into.certificate);
    named("key", into.key);
    named("client_ca", into.client_ca);
    named("revocation_list", into.revocation_list);
    reader.integer("handshake_timeout_ms", into.handshake_timeout_ms, 100, 60'000, "milliseconds");
    reader.finish();
}

void read_tls_name(TomlReader& reader, std::string& into) {
    reader.text("tls_name", into, is_tls_name_or_empty,
                "1 to 64 printable ASCII characters, or empty for a session without TLS");
}

}  // namespace fairlead::config
