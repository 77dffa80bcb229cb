// SPDX-License-Identifier: MIT
// How the guest's command line is put together.
#include "control/kernel_args.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/host_error.hpp"

using namespace pvisor;

TEST_CASE("the append text and the words after the dashes are joined with one blank") {
  const std::vector<std::string> words{"root=/dev/xvda", "a  b", ""};
  CHECK(join_kernel_args("--", "quiet", words) == "quiet root=/dev/xvda a  b ");
  CHECK(join_kernel_args("--", "", std::vector<std::string>{"x", "y"}) == "x y");
  CHECK(join_kernel_args("--", "", {}).empty());
}

TEST_CASE("a command line of 1023 bytes fits and one of 1024 is refused with both numbers") {
  CHECK(join_kernel_args("--append", std::string(1023, 'a'), {}).size() == 1023);
  CHECK_THROWS_WITH_AS((void)join_kernel_args("--append", std::string(1024, 'a'), {}),
                       "--append: the guest's command line has 1024 bytes; at most 1023 fit", HostError);
}

TEST_CASE("a NUL byte in a command line is refused") {
  CHECK_THROWS_WITH_AS(check_cmdline("domains[0].cmdline", std::string_view("a\0b", 3)),
                       "domains[0].cmdline: the guest's command line holds a NUL byte; remove it", HostError);
}
