#include "tar/tar_writer.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace tapster {
namespace {

constexpr std::size_t kTarPiece = 64 << 10;

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text.data(), text.size())); }

}  // namespace

TarWriter::TarWriter(ByteSink& next) : next_(next) { buffer_.reserve(2 * kTarPiece); }

void TarWriter::begin(const TarMember& member) {
  if (open_) throw std::logic_error("a member begins inside another");
  const bool has_content = member.type == TarMember::Type::file;
  if (!has_content && member.size != 0) throw std::logic_error("only files have content");
  append_tar_header(buffer_, member);
  if (buffer_.size() >= kTarPiece) {
    write_out(bytes_of(buffer_));
    buffer_.clear();
  }
  open_ = true;
  ++members_;
  missing_ = member.size;
  padding_ = tar_padded(member.size) - member.size;
}

void TarWriter::write(Bytes content) {
  if (!open_ || content.size() > missing_) throw std::logic_error("content that no member has announced");
  missing_ -= content.size();
  put(content);
}

std::span<std::byte> TarWriter::room() {
  if (missing_ == 0 || next_.room().empty()) return {};
  write_out(bytes_of(buffer_));
  buffer_.clear();
  const std::span<std::byte> room = next_.room();
  return room.first(static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), missing_)));
}

void TarWriter::filled(std::size_t count) {
  if (count > missing_) throw std::logic_error("content that no member has announced");
  missing_ -= count;
  written_ += count;
  next_.filled(count);
}

void TarWriter::end() {
  if (!open_ || missing_ != 0) throw std::logic_error("a member ends before its content");
  put_zeros(padding_);
  open_ = false;
}

void TarWriter::finish() {
  if (open_) throw std::logic_error("an archive ends inside a member");
  const std::uint64_t size = written_ + buffer_.size() + 2 * kTarBlock;
  put_zeros(2 * kTarBlock + (kTarRecord - size % kTarRecord) % kTarRecord);
  write_out(bytes_of(buffer_));
  buffer_.clear();
  next_.finish();
}

void TarWriter::put(Bytes data) {
  if (!buffer_.empty()) {
    const std::size_t head = std::min(data.size(), kTarPiece - buffer_.size());
    buffer_.append(reinterpret_cast<const char*>(data.data()), head);
    data = data.subspan(head);
    if (buffer_.size() < kTarPiece) return;
    write_out(bytes_of(buffer_));
    buffer_.clear();
  }
  if (data.size() >= kTarPiece) {
    write_out(data);
  } else {
    buffer_.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
}

void TarWriter::put_zeros(std::uint64_t count) {
  static constexpr std::array<std::byte, kTarRecord + 2 * kTarBlock> kZeros{};
  put(Bytes(kZeros).first(count));
}

void TarWriter::write_out(Bytes data) {
  if (data.empty()) return;
  next_.write(data);
  written_ += data.size();
}

}  // namespace tapster
