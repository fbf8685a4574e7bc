#include "audit/day_report/page.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "risk/assert.hpp"

namespace fairlead::audit {

namespace {

constexpr const char* style = R"(
:root{--ink:#1d2530;--quiet:#5d6875;--line:#d9dee5;--paper:#fff;--band:#f4f6f9;--good:#1b6e4b;--goodband:#e6f4ed;
--bad:#a3262a;--badband:#fbe9e9;--c0:#2c5d8f;--c1:#c4423f;--c2:#d99a2b;--c3:#7b8794;--c4:#5b8e7d}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ee;--quiet:#9aa6b4;--line:#333d49;--paper:#161b22;--band:#1e252e;
--good:#7fd6ab;--goodband:#16332a;--bad:#f19a9b;--badband:#3b1d20;--c0:#6fa3d8;--c1:#e07a78;--c2:#e6b95c;--c3:#8b98a7;--c4:#86bfab}}
@media print{:root{--ink:#1d2530;--quiet:#5d6875;--line:#d9dee5;--paper:#fff;--band:#f4f6f9;--good:#1b6e4b;
--goodband:#e6f4ed;--bad:#a3262a;--badband:#fbe9e9}body{font-size:9pt;max-width:none;padding:0}section{break-inside:avoid-page}table{break-inside:auto}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,"Noto Sans TC","Microsoft JhengHei",sans-serif;color:var(--ink);background:var(--paper);
max-width:62rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.6rem;margin:0 0 .25rem;font-weight:650}
h2{font-size:1.1rem;margin:2.5rem 0 .75rem;padding-bottom:.3rem;border-bottom:1px solid var(--line);font-weight:650}
h2 span{color:var(--quiet);font-weight:400;margin-left:.6rem}
p{margin:.5rem 0;max-width:48rem}
.verdict{padding:.8rem 1rem;border-left:4px solid;margin:1rem 0;max-width:none}
.good{color:var(--good);background:var(--goodband)}.bad{color:var(--bad);background:var(--badband)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem;width:100%;margin:.75rem 0}
th,td{text-align:left;padding:.28rem .6rem .28rem 0;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--quiet);font-weight:500;white-space:nowrap}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.none{color:var(--quiet)}
pre{background:var(--band);padding:.75rem 1rem;overflow-x:auto;font-size:.82rem}
svg{display:block;width:100%;height:auto;margin:.5rem 0}
svg text{fill:var(--ink);font-size:11px}svg .q{fill:var(--quiet)}
.c0{fill:var(--c0)}.c1{fill:var(--c1)}.c2{fill:var(--c2)}.c3{fill:var(--c3)}.c4{fill:var(--c4)}.axis{stroke:var(--line)}
)";

constexpr int chart_width = 900;
constexpr std::size_t parts_max = 5;

std::string pixels(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", value);
    return text.data();
}

std::string text_at(double x, double y, std::string_view text, const char* more = "") {
    return "<text x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\"" + more + ">" + escaped(text) + "</text>";
}

std::string box(double x, double y, double width, double height, std::size_t color,
                const std::string& title) {
    return "<rect x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\" width=\"" + pixels(width) + "\" height=\"" +
           pixels(height) + "\" class=\"c" + std::to_string(color) + "\"><title>" + escaped(title) +
           "</title></rect>";
}

std::string open_svg(double height, std::string_view title) {
    return "<svg viewBox=\"0 0 " + std::to_string(chart_width) + " " + pixels(height) +
           "\" role=\"img\"><title>" + escaped(title) + "</title>";
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char character : text) {
        switch (character) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            case '\'':
                safe += "&#39;";
                break;
            default:
                // Control characters have no place in a page.
                safe += static_cast<unsigned char>(character) < 0x20 && character != '\n' ? ' ' : character;
        }
    }
    return safe;
}

Page::Page(std::string_view title) {
    html_ =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
        escaped(title) + "</title>\n<style>" + style + "</style></head>\n<body>\n<h1>" + escaped(title) +
        "</h1>\n";
}

void Page::heading(std::string_view english, std::string_view chinese) {
    html_ += "<h2>" + escaped(english) + "<span lang=\"zh-Hant\">" + escaped(chinese) + "</span></h2>\n";
}
void Page::paragraph(std::string_view text) {
    html_ += "<p>" + escaped(text) + "</p>\n";
}
void Page::verdict(bool good, std::string_view text) {
    html_ += std::string("<p class=\"verdict ") + (good ? "good" : "bad") + "\">" + escaped(text) + "</p>\n";
}
void Page::list(const std::vector<std::string>& items) {
    html_ += "<ul>\n";
    for (const std::string& item : items) {
        html_ += "<li>" + escaped(item) + "</li>\n";
    }
    html_ += "</ul>\n";
}
void Page::preformatted(std::string_view text) {
    html_ += "<pre>" + escaped(text) + "</pre>\n";
}

void Page::table(const std::vector<PageColumn>& columns, const std::vector<std::vector<std::string>>& rows,
                 std::string_view none) {
    if (rows.empty()) {
        html_ += "<p class=\"none\">" + escaped(none) + "</p>\n";
        return;
    }
    html_ += "<div class=\"scroll\"><table><thead><tr>";
    for (const PageColumn& column : columns) {
        html_ += std::string("<th scope=\"col\"") + (column.number ? " class=\"n\">" : ">") +
                 escaped(column.name) + "</th>";
    }
    html_ += "</tr></thead><tbody>\n";
    for (const auto& row : rows) {
        risk::require(row.size() == columns.size(), "a cell for each column");
        html_ += "<tr>";
        for (std::size_t i = 0; i < row.size(); ++i) {
            html_ += std::string(columns[i].number ? "<td class=\"n\">" : "<td>") + escaped(row[i]) + "</td>";
        }
        html_ += "</tr>\n";
    }
    html_ += "</tbody></table></div>\n";
}

void Page::columns(std::string_view title, const std::vector<std::string>& labels,
                   const std::vector<std::string>& parts,
                   const std::vector<std::vector<std::uint64_t>>& values) {
    risk::require(parts.size() <= parts_max && values.size() == labels.size(), "a chart's parts and columns");
    std::uint64_t highest = 1;
    for (const auto& column : values) {
        std::uint64_t sum = 0;
        for (const std::uint64_t value : column) {
            sum += value;
        }
        highest = std::max(highest, sum);
    }
    constexpr double height = 260;
    constexpr double top = 34;
    constexpr double floor = height - 24;
    constexpr double left = 4;
    html_ += open_svg(height, title);
    double legend = left;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        html_ += box(legend, 4, 10, 10, i, parts[i]) + text_at(legend + 15, 13, parts[i]);
        legend += 30 + 6.5 * static_cast<double>(parts[i].size());
    }
    const double step = (chart_width - left) / static_cast<double>(std::max<std::size_t>(labels.size(), 1));
    const double width = std::min(step * 0.62, 90.0);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const double x = left + step * static_cast<double>(i) + (step - width) / 2;
        double y = floor;
        std::uint64_t sum = 0;
        for (std::size_t part = 0; part < values[i].size(); ++part) {
            const double tall =
                (floor - top - 14) * static_cast<double>(values[i][part]) / static_cast<double>(highest);
            y -= tall;
            sum += values[i][part];
            if (values[i][part] != 0) {
                html_ += box(x, y, width, tall, part,
                             labels[i] + ": " + std::to_string(values[i][part]) + " " + parts[part]);
            }
        }
        if (sum != 0) {
            html_ += text_at(x + width / 2, y - 5, std::to_string(sum), " text-anchor=\"middle\"");
        }
        html_ += text_at(x + width / 2, height - 7, labels[i], " text-anchor=\"middle\" class=\"q\"");
    }
    html_ += "<line x1=\"0\" x2=\"" + std::to_string(chart_width) + "\" y1=\"" + pixels(floor) + "\" y2=\"" +
             pixels(floor) + "\" class=\"axis\"/></svg>\n";
}

void Page::bars(std::string_view title, const std::vector<Bar>& bars) {
    if (bars.empty()) {
        return;
    }
    double longest = 0;
    for (const Bar& bar : bars) {
        longest = std::max(longest, bar.length);
    }
    constexpr double row = 24;
    constexpr double label_width = 250;
    constexpr double value_width = 110;
    html_ += open_svg(row * static_cast<double>(bars.size()) + 4, title);
    double y = 2;
    for (const Bar& bar : bars) {
        const double width =
            longest <= 0 ? 0
                         : (chart_width - label_width - value_width) * std::max(bar.length, 0.0) / longest;
        html_ += text_at(label_width - 10, y + 15, bar.label, " text-anchor=\"end\"");
        html_ += box(label_width, y + 3, std::max(width, 1.0), row - 8, 0, bar.label + ": " + bar.value);
        html_ += text_at(label_width + width + 8, y + 15, bar.value, " class=\"q\"");
        y += row;
    }
    html_ += "</svg>\n";
}

std::string Page::finish() && {
    html_ += "</body></html>\n";
    return std::move(html_);
}

}  // namespace fairlead::audit
