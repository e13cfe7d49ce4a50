#include "tar/tar_reader.h"

#include "tar/tar_parsing.h"

#include <tapster/error.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace tapster {
namespace {

constexpr char kPaxHeader = 'x', kGlobalPaxHeader = 'g', kGnuName = 'L', kGnuLink = 'K', kGnuSparse = 'S';
// Extended headers hold names, which are far shorter. A larger one is refused before memory is used for it.
constexpr std::uint64_t kLargestExtension = 1 << 20;

bool is_zero(Bytes block) {
  return std::all_of(block.begin(), block.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace

struct TarReader::State {
  explicit State(TarVisitor& visitor) : visitor_(visitor) {}

  void write(Bytes data);
  void finish() const;

 private:
  enum class Expecting { header, extension, content, nothing };

  // Each consumes a part of the data and returns its size.
  std::size_t consume_header(Bytes data);
  std::size_t consume_extension(Bytes data);
  std::size_t consume_content(Bytes data);
  void begin_block(Bytes block);
  void begin_member(TarMember member);
  void end_extension();
  void expect(Expecting what, std::uint64_t size);

  TarVisitor& visitor_;
  Expecting expecting_ = Expecting::header;
  std::array<std::byte, kTarBlock> block_{};
  std::size_t in_block_ = 0;   // bytes of block_, a header that has not wholly arrived
  std::uint64_t missing_ = 0;  // bytes of content or extension still to come
  std::size_t padding_ = 0;    // bytes that follow them, up to the next block
  bool skipping_ = false;      // the member is no file: the visitor does not get its content
  bool empty_ = true;
  char extension_type_ = '\0';
  std::string extension_;
  PaxRecords globals_, records_;  // for all following members, and for the next one
  std::optional<std::string> gnu_name_, gnu_link_;
};

void TarReader::State::write(Bytes data) {
  while (!data.empty() && expecting_ != Expecting::nothing) {
    empty_ = false;
    std::size_t consumed = 0;
    if (missing_ == 0 && padding_ != 0) {
      consumed = std::min(padding_, data.size());
      padding_ -= consumed;
    } else if (expecting_ == Expecting::header) {
      consumed = consume_header(data);
    } else {
      consumed = expecting_ == Expecting::extension ? consume_extension(data) : consume_content(data);
    }
    data = data.subspan(consumed);
  }
}

void TarReader::State::finish() const {
  if (empty_) throw_damaged_tar("it is empty");
  if (expecting_ == Expecting::nothing) return;
  if (in_block_ != 0 || missing_ != 0 || padding_ != 0 || !records_.empty() || gnu_name_ || gnu_link_)
    throw_damaged_tar("it is cut off: its end is missing");
}

std::size_t TarReader::State::consume_header(Bytes data) {
  if (in_block_ == 0 && data.size() >= kTarBlock) {
    begin_block(data.first(kTarBlock));
    return kTarBlock;
  }
  const std::size_t count = std::min(data.size(), kTarBlock - in_block_);
  std::memcpy(block_.data() + in_block_, data.data(), count);
  in_block_ += count;
  if (in_block_ == kTarBlock) {
    in_block_ = 0;
    begin_block(block_);
  }
  return count;
}

void TarReader::State::expect(Expecting what, std::uint64_t size) {
  expecting_ = what;
  missing_ = size;
  padding_ = static_cast<std::size_t>((kTarBlock - size % kTarBlock) % kTarBlock);
}

void TarReader::State::begin_block(Bytes block) {
  if (is_zero(block)) {
    expecting_ = Expecting::nothing;
    return;
  }
  TarMember member = parse_tar_header(block);
  extension_type_ = static_cast<char>(member.type);
  switch (extension_type_) {
    case kPaxHeader:
    case kGlobalPaxHeader:
    case kGnuName:
    case kGnuLink:
      if (member.size > kLargestExtension) throw_damaged_tar("an extended header is impossibly large");
      extension_.clear();
      expect(Expecting::extension, member.size);
      if (member.size == 0) end_extension();
      break;
    case kGnuSparse:
      throw error(ErrorKind::general, "{} is a sparse file in GNU's format, which is not supported", member.name);
    default:
      begin_member(std::move(member));
  }
}

std::size_t TarReader::State::consume_extension(Bytes data) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(missing_, data.size()));
  extension_.append(reinterpret_cast<const char*>(data.data()), count);
  missing_ -= count;
  if (missing_ == 0) end_extension();
  return count;
}

void TarReader::State::end_extension() {
  expecting_ = Expecting::header;  // after the padding
  const std::string_view text = extension_;
  switch (extension_type_) {
    case kPaxHeader:
      parse_pax_records(text, records_);
      break;
    case kGlobalPaxHeader:
      parse_pax_records(text, globals_);
      break;
    case kGnuName:
      gnu_name_ = text.substr(0, text.find('\0'));
      break;
    default:
      gnu_link_ = text.substr(0, text.find('\0'));
  }
}

void TarReader::State::begin_member(TarMember member) {
  if (gnu_name_) member.name = *std::exchange(gnu_name_, std::nullopt);
  if (gnu_link_) member.link = *std::exchange(gnu_link_, std::nullopt);
  apply_pax_records(globals_, member);
  apply_pax_records(std::exchange(records_, {}), member);
  if (member.name.empty()) throw_damaged_tar("a member has no name");
  if (member.type == TarMember::Type::file && member.name.ends_with('/')) member.type = TarMember::Type::directory;
  while (member.name.size() > 1 && member.name.ends_with('/')) member.name.pop_back();
  const auto type = static_cast<char>(member.type);
  // Links, devices, directories and FIFOs have no content, even if their header has a size.
  if (type >= '1' && type <= '6') member.size = 0;
  skipping_ = member.type != TarMember::Type::file;
  const std::uint64_t size = member.size;
  visitor_.begin(member);
  if (size == 0) visitor_.end();
  expect(size == 0 ? Expecting::header : Expecting::content, size);
}

std::size_t TarReader::State::consume_content(Bytes data) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(missing_, data.size()));
  if (!skipping_) visitor_.content(data.first(count));
  missing_ -= count;
  if (missing_ == 0) {
    visitor_.end();
    expecting_ = Expecting::header;
  }
  return count;
}

TarReader::TarReader(TarVisitor& visitor) : state_(std::make_unique<State>(visitor)) {}
TarReader::~TarReader() = default;
void TarReader::write(Bytes data) { state_->write(data); }
void TarReader::finish() { state_->finish(); }

}  // namespace tapster
