// Page: the pieces of an HTML page that opens without network: escaped text, tables, charts as inline SVG.
// Knows nothing of journals.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fairlead::audit {

// Safe as text and inside quoted attributes.
[[nodiscard]] std::string escaped(std::string_view text);

struct PageColumn {
    std::string_view name;
    bool number = false;  // to the right
};

class Page {
  public:
    // title and language of the head; both are escaped.
    explicit Page(std::string_view title);

    void heading(std::string_view english, std::string_view chinese);
    void paragraph(std::string_view text);
    // A sentence in a box: in order, or not.
    void verdict(bool good, std::string_view text);
    void list(const std::vector<std::string>& items);
    void preformatted(std::string_view text);
    // Rows of as many cells as there are columns. A table without rows says `none`.
    void table(const std::vector<PageColumn>& columns, const std::vector<std::vector<std::string>>& rows,
               std::string_view none);
    // Stacked columns, a label each; `parts` names what each part is, with at most five of them.
    void columns(std::string_view title, const std::vector<std::string>& labels,
                 const std::vector<std::string>& parts,
                 const std::vector<std::vector<std::uint64_t>>& values);
    // Bars to the right, each with its label and its value as text.
    struct Bar {
        std::string label;
        double length = 0;
        std::string value;
    };
    void bars(std::string_view title, const std::vector<Bar>& bars);

    // The whole of it.
    [[nodiscard]] std::string finish() &&;

  private:
    std::string html_;
};

}  // namespace fairlead::audit
