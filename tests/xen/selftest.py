#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The checker checked, without Xen: what differs must be seen to differ, and Xen's own messages must be told from the guest's."""
import pathlib
import tempfile
import unittest

import boot
import differences

LISTED = [("first-domain", "mine: -EPERM", "mine: 0")]


class Comparison(unittest.TestCase):
    def test_equal_lines_are_no_difference(self):
        self.assertEqual(differences.unexpected(["a", "b"], ["a", "b"], []), [])

    def test_a_line_that_is_not_listed_must_not_differ(self):
        self.assertIn("+c", differences.unexpected(["a", "b"], ["a", "c"], LISTED[:0]))

    def test_a_listed_line_differs_as_listed(self):
        self.assertEqual(differences.unexpected(["a", "mine: -EPERM"], ["a", "mine: 0"], LISTED), [])

    def test_a_listed_line_may_not_differ_in_another_way(self):
        self.assertTrue(differences.unexpected(["a", "mine: -EPERM"], ["a", "mine: 1"], LISTED))

    def test_a_listed_line_must_differ(self):
        self.assertTrue(differences.unexpected(["mine: 0"], ["mine: 0"], LISTED))

    def test_a_listed_line_is_good_for_one_line_only(self):
        self.assertTrue(differences.unexpected(["mine: -EPERM"] * 2, ["mine: 0"] * 2, LISTED))

    def test_a_missing_line_is_a_difference(self):
        self.assertTrue(differences.unexpected(["a"], ["a", "b"], []))


class ListOfDifferences(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "list"
            path.write_text(text)
            return differences.read(path)

    def test_pairs_belong_to_the_reason_above_them(self):
        self.assertEqual(self.read("# why\n[one]\n-a\n+b\n\n[two]\n-c\n+d\n"), [("one", "a", "b"), ("two", "c", "d")])

    def test_what_is_no_pair_is_refused(self):
        for text in ("-a\n+b\n", "[one]\n-a\n", "[one]\n+b\n", "[one]\n-a\n-b\n", "[one]\nwords\n"):
            with self.subTest(text), self.assertRaises(SystemExit):
                self.read(text)


class GuestOutput(unittest.TestCase):
    def test_messages_of_xen_are_cut_out_wherever_they_begin(self):
        serial = b"(XEN) Xen version 4.17\r\nfirst\r\nsec(XEN) Freed\r\nond\r\n(XEN) Hardware Dom0 halted: halting machine\r\n"
        self.assertEqual(boot.Boot("poweroff", serial, "").guest_output(), "first\nsecond\n")


if __name__ == "__main__":
    unittest.main()
