#include "store/page_view.hpp"

#include "store/rocks_database.hpp"
#include "store/slice_view.hpp"

#include <algorithm>

namespace millrace {
namespace {

std::unique_ptr<rocksdb::Iterator> iterate(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family,
                                           const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  return std::unique_ptr<rocksdb::Iterator>(db.NewIterator(options, family));
}

std::unexpected<Error> corrupt_index() {
  return fail(ErrorCode::corrupt, "store: an entry of the index of pages is not what was written");
}

}  // namespace

PageView::PageView(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* index)
    : db_(db), index_(index), snapshot_(db.GetSnapshot()) {}

PageView::~PageView() { db_.ReleaseSnapshot(snapshot_); }

Result<void> PageView::load_spans() {
  const auto at = iterate(db_, index_, snapshot_);
  at->SeekToFirst();
  while (at->Valid()) {
    const auto key = decode_page_key(view_of(at->key()));
    if (!key) return corrupt_index();
    const SpanKey& span = key->group.span;
    spans_[static_cast<std::size_t>(span.level)].push_back(span.span);
    at->Seek(encode_span(span.level, span.span + 1));
  }
  if (!at->status().ok()) return fail(error_of(at->status(), "read the index of pages"));
  return {};
}

Result<bool> PageView::has_pages(Level level, std::int32_t span) {
  const auto at = iterate(db_, index_, snapshot_);
  const std::string prefix = encode_span(level, span);
  at->Seek(prefix);
  if (!at->status().ok()) return fail(error_of(at->status(), "read the index of pages"));
  return at->Valid() && at->key().starts_with(prefix);
}

Result<std::shared_ptr<PageView>> PageView::next(std::span<const SpanKey> changed) {
  auto view = std::make_shared<PageView>(db_, index_);
  {
    const std::lock_guard lock(mutex_);
    if (cached_ < most_cached) {
      view->directories_ = directories_;
      view->cached_ = cached_;
    }
  }
  view->spans_ = spans_;
  for (const SpanKey& key : changed) {
    const auto found = view->directories_.find(key);
    if (found != view->directories_.end()) {
      view->cached_ -= found->second->size();
      view->directories_.erase(found);
    }
    auto& spans = view->spans_[static_cast<std::size_t>(key.level)];
    const auto at = std::lower_bound(spans.begin(), spans.end(), key.span);
    if (at != spans.end() && *at == key.span) continue;
    const auto pages = view->has_pages(key.level, key.span);
    if (!pages) return fail(pages.error());
    if (*pages) spans.insert(at, key.span);
  }
  return view;
}

Result<std::shared_ptr<const Directory>> PageView::directory(const SpanKey& key) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = directories_.find(key);
    if (found != directories_.end()) return found->second;
  }
  auto pages = std::make_shared<Directory>();
  const auto at = iterate(db_, index_, snapshot_);
  const std::string prefix = encode(key);
  for (at->Seek(prefix); at->Valid() && at->key().starts_with(prefix); at->Next()) {
    const auto info = decode_info(view_of(at->key()), view_of(at->value()));
    if (!info) return corrupt_index();
    pages->push_back(*info);
  }
  if (!at->status().ok()) return fail(error_of(at->status(), "read the index of pages"));
  const std::lock_guard lock(mutex_);
  if (cached_ < most_cached && directories_.emplace(key, pages).second) cached_ += pages->size();
  return std::shared_ptr<const Directory>(pages);
}

}  // namespace millrace
