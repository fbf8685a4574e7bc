# What every target of the project shares: warnings as errors, hardening, sanitizers, and the include
# picture (each layer may name only the layers below it; tests/structure_test holds the include lines).
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(spdlog REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(benchmark REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(NATS REQUIRED IMPORTED_TARGET libnats)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)

# Sources of a target are compiled sixteen at a time: reading the same headers again was more than half of a build.
# Unnamed namespaces then share one scope: a file whose names clash there stands alone (fairlead_alone;
# tests/unity_test.py finds those that the compiler does not).
option(CMAKE_UNITY_BUILD "Compile the sources of a target together" ON)
set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
function(fairlead_alone)
  set_property(SOURCE ${ARGN} PROPERTY SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
# A library whose files are compiled one by one: on the order path, where what is inlined is what tests/budget has
# counted, and where the simulator puts objects of its own in the place of some.
function(fairlead_apart)
  set_property(TARGET ${ARGN} PROPERTY UNITY_BUILD OFF)
endfunction()

add_library(fairlead_options INTERFACE)
target_include_directories(fairlead_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(fairlead_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fno-omit-frame-pointer
  -march=${FAIRLEAD_MARCH} -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 warns about overlapping copies inside std::string that cannot happen (its bug 105651).
  target_compile_options(fairlead_options INTERFACE -Wno-restrict)
  if(FAIRLEAD_SANITIZE STREQUAL "thread")
    # And about fences in Boost.Asio and the queues, which its ThreadSanitizer does not follow.
    target_compile_options(fairlead_options INTERFACE -Wno-tsan)
  endif()
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(fairlead_options INTERFACE _FORTIFY_SOURCE=2)
endif()
if(FAIRLEAD_SANITIZE)
  target_compile_options(fairlead_options INTERFACE -fsanitize=${FAIRLEAD_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(fairlead_options INTERFACE -fsanitize=${FAIRLEAD_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With sanitizers GCC 12 warns about members of std::regex; without them the warning is an error.
    target_compile_options(fairlead_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Which warnings count is GCC's to say.
  target_compile_options(fairlead_options INTERFACE -w)
endif()
if(FAIRLEAD_FUZZ)
  target_compile_options(fairlead_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_link_libraries(fairlead_options INTERFACE Threads::Threads)

add_custom_target(programs)
add_custom_target(unit_tests)
add_custom_target(sanitized_tests)  # of the unit tests, those that the short form runs with sanitizers
# What the short form of test.sh builds without sanitizers. Tests of more than two minutes have a COST, in seconds:
# ctest begins with them, so that none is left to run alone at the end.
add_custom_target(short_suite)
add_dependencies(short_suite programs)

# fairlead_library(NAME SOURCES... ): a static library of one layer.
function(fairlead_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC fairlead_options)
endfunction()

# What runs once, or only in a test, is compiled quickly: command lines (CLI11) and the tests were a third of the
# compiler's time. A later -O wins.
set(FAIRLEAD_QUICK $<$<CONFIG:Release>:-O1>)
function(fairlead_quick)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS ${FAIRLEAD_QUICK})
endfunction()

# fairlead_program(NAME SOURCES...): a program in build/bin.
function(fairlead_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE fairlead_options)
  add_dependencies(programs ${name})
endfunction()

# fairlead_bench(NAME SOURCES...): a program that only benchmarks need, in build/bin.
function(fairlead_bench name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE fairlead_options)
endfunction()

# fairlead_test(NAME [PLAIN] SOURCES...): a Catch2 test program, run by ctest as one test. A plain one is run without a
# sanitizer in the short form, with one in the long form: it walks through very many cases, or belongs to what stands
# beside the product (load program, simulated exchange, exports).
function(fairlead_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "PLAIN" "" "")
  add_executable(${name} ${test_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE fairlead_options catch_main)
  target_compile_options(${name} PRIVATE ${FAIRLEAD_QUICK})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  # Unit tests run under the sanitizers as well; what starts whole programs is not one.
  add_dependencies(unit_tests ${name})
  if(test_PLAIN)
    set_tests_properties(${name} PROPERTIES LABELS "unit;plain")
    add_dependencies(short_suite ${name})
  else()
    set_tests_properties(${name} PROPERTIES LABELS unit)
    add_dependencies(sanitized_tests ${name})
  endif()
endfunction()

# fairlead_helper(NAMES...): programs that only tests on the real programs start.
function(fairlead_helper)
  set_target_properties(${ARGN} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_dependencies(short_suite ${ARGN})
endfunction()

# QuickFIX's headers compile as C++14 only: sources that include it live in libraries of their own.
# fairlead_quickfix_library(NAME SOURCES...): such a library; its own headers must read as C++14.
function(fairlead_quickfix_library name)
  add_library(${name} STATIC ${ARGN})
  set_target_properties(${name} PROPERTIES CXX_STANDARD 14)
  fairlead_apart(${name})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wno-deprecated -Wno-deprecated-declarations)
  if(FAIRLEAD_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${FAIRLEAD_SANITIZE} -fno-sanitize-recover=all)
  endif()
  target_link_libraries(${name} PUBLIC quickfix Threads::Threads)
endfunction()
