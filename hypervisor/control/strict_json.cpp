// SPDX-License-Identifier: MIT
#include "control/strict_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "base/escape.hpp"
#include "base/host_error.hpp"

namespace pvisor {

namespace {

using nlohmann::json;

/// Walks the text and counts lines for whoever holds `line`.
class LineCounter {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  LineCounter(const char* at, std::size_t* line) : at_(at), line_(line) {}
  reference operator*() const { return *at_; }
  LineCounter& operator++() {
    if (*at_++ == '\n') ++*line_;
    return *this;
  }
  LineCounter operator++(int) {
    const LineCounter before = *this;
    ++*this;
    return before;
  }
  bool operator==(const LineCounter& other) const { return at_ == other.at_; }
  bool operator!=(const LineCounter& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  std::size_t* line_;
};

/// Builds the document. A callback that returns false ends the parse, with `refusal` set.
class Builder final : public nlohmann::json_sax<json> {
 public:
  Builder(const std::size_t& line, std::size_t size) : line_(line), size_(size) {}

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(json::number_integer_t value) override { return add(value); }
  bool number_unsigned(json::number_unsigned_t value) override { return add(value); }
  bool number_float(json::number_float_t value, const std::string&) override { return add(value); }
  bool string(std::string& value) override {
    if (value.find('\0') != std::string::npos) return refuse("a string holds a NUL; remove it");
    return add(std::move(value));
  }
  bool binary(json::binary_t&) override { return refuse("binary data is no JSON"); }
  bool start_object(std::size_t) override { return open(json::object()); }
  bool start_array(std::size_t) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    if (open_.back()->contains(name)) return refuse(fmt::format("the key \"{}\" stands here twice; remove one", escaped(name, 64)));
    key_ = name;
    return true;
  }
  bool parse_error(std::size_t position, const std::string& last_token, const nlohmann::detail::exception&) override {
    // Positions count from 1, and the end counts as one more; the token may then still be what stood before it.
    if (position > size_ || last_token.empty()) return refuse("the JSON ends too early");
    return refuse(fmt::format("no JSON at '{}'", escaped(last_token, 32)));
  }

  json document;
  std::string refusal;
  std::size_t refusal_line = 0;

 private:
  bool refuse(std::string why) {
    refusal = std::move(why);
    refusal_line = line_;
    return false;
  }
  json* place(json value) {
    if (open_.empty()) {
      document = std::move(value);
      return &document;
    }
    if (open_.back()->is_array()) return &open_.back()->emplace_back(std::move(value));
    return &((*open_.back())[key_] = std::move(value));
  }
  bool add(json value) {
    place(std::move(value));
    return true;
  }
  bool open(json value) {
    if (open_.size() == kMaxJsonDepth) return refuse(fmt::format("nested deeper than {}", kMaxJsonDepth));
    open_.push_back(place(std::move(value)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  const std::size_t& line_;
  std::size_t size_;
  std::vector<json*> open_;  ///< containers being filled: each the last element of the one before, so none moves
  std::string key_;
};

}  // namespace

json parse_strict_json(const std::string& file, std::string_view text) {
  const std::string shown = escaped(file);
  if (text.size() > kMaxJsonBytes) {
    throw HostError::usage(fmt::format("{}: larger than {} bytes; split it", shown, kMaxJsonBytes));
  }
  if (text.starts_with("\xef\xbb\xbf")) {
    throw HostError::usage(fmt::format("{}:1: begins with a byte order mark; save it as plain UTF-8", shown));
  }
  std::size_t line = 1;
  Builder builder(line, text.size());
  const LineCounter begin(text.data(), &line);
  const LineCounter end(text.data() + text.size(), &line);
  if (!json::sax_parse(begin, end, &builder)) {
    throw HostError::usage(fmt::format("{}:{}: {}", shown, builder.refusal_line, builder.refusal));
  }
  return std::move(builder.document);
}

}  // namespace pvisor
