// Runs a fuzz target on kept inputs, without a fuzzer: each file of the folders given whole, cut short at
// about forty places, and with a bit flipped at about eighty. For every build.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz_target.hpp"

namespace {

using Input = std::vector<std::uint8_t>;

std::size_t run(const Input& input) {
    std::size_t runs = 1;
    LLVMFuzzerTestOneInput(input.data(), input.size());
    for (std::size_t size = 1; size < input.size(); size += std::max<std::size_t>(1, input.size() / 40)) {
        LLVMFuzzerTestOneInput(input.data(), size);
        ++runs;
    }
    Input changed = input;
    for (std::size_t at = 0; at < input.size(); at += std::max<std::size_t>(1, input.size() / 80)) {
        for (const unsigned bit : {0x01U, 0x40U, 0x80U}) {
            changed[at] = static_cast<std::uint8_t>(input[at] ^ bit);
            LLVMFuzzerTestOneInput(changed.data(), changed.size());
            ++runs;
        }
        changed[at] = input[at];
    }
    return runs;
}

}  // namespace

int main(int count, char** folders) {
    std::size_t files = 0;
    std::size_t runs = 0;
    for (int i = 1; i < count; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator(folders[i])) {
            std::ifstream file(entry.path(), std::ios::binary);
            const Input input{std::istreambuf_iterator<char>(file), {}};
            try {
                runs += run(input);
            } catch (const std::exception& problem) {
                std::printf("%s: %s\n", entry.path().c_str(), problem.what());
                return 1;
            }
            ++files;
        }
    }
    std::printf("%zu inputs, %zu runs\n", files, runs);
    return files == 0 ? 1 : 0;
}
